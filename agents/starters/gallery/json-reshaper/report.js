// A short table for the console.

const bold = (text) => `\x1b[1m${text}\x1b[0m`;
const dim = (text) => `\x1b[2m${text}\x1b[0m`;

export function describe(records, { read }) {
  console.log(bold(`${records.length} of ${read} records kept`));
  for (const record of records) {
    const cells = Object.entries(record).map(([field, value]) => `${dim(`${field}=`)}${JSON.stringify(value)}`);
    console.log(`  ${cells.join("  ")}`);
  }
}
