// Turn nested records into the shape you describe.
//
// Input   records   a list of objects
//         shape     { newField: "path.into.the[].record" }; [] goes into every element of a list
//         where     { path: value }: keep only records that have these values
//         sort_by   a new field
//         group_by  a new field: the result becomes { value: [records] }
import { pick } from "./paths.js";
import { describe } from "./report.js";

export function main({ records, shape, where = {}, sort_by, group_by }) {
  if (!Array.isArray(records)) throw new TypeError("records must be a list of objects");
  if (!shape || Object.keys(shape).length === 0) throw new TypeError("shape must name at least one field");

  const kept = records.filter((record) =>
    Object.entries(where).every(([path, value]) => pick(record, path) === value),
  );
  const shaped = kept.map((record) => reshape(record, shape));
  if (sort_by) shaped.sort((a, b) => compare(a[sort_by], b[sort_by]));

  describe(shaped, { read: records.length });
  return {
    read: records.length,
    kept: shaped.length,
    records: group_by ? groupBy(shaped, group_by) : shaped,
  };
}

function reshape(record, shape) {
  return Object.fromEntries(Object.entries(shape).map(([field, path]) => [field, pick(record, path)]));
}

/** Numbers by size, everything else by its text, and what is missing last. */
function compare(a, b) {
  if (a === null || b === null) return (a === null) - (b === null);
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
}

function groupBy(records, field) {
  const groups = new Map();
  for (const { [field]: value, ...rest } of records) {
    const name = String(value ?? "unknown");
    groups.set(name, [...(groups.get(name) ?? []), rest]);
  }
  return Object.fromEntries(groups);
}
