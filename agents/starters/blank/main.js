// Say here what this agent does.

/** The input arrives as it is; what is returned is the result. */
export function main(input) {
  console.log(`Hello, ${input.name}!`);
  return { greeting: `Hello, ${input.name}!` };
}
