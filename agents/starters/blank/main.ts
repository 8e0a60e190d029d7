// Say here what this agent does.

interface Input {
  name: string;
}

interface Result {
  greeting: string;
}

/** The input arrives as it is; what is returned is the result. */
export function main(input: Input): Result {
  console.log(`Hello, ${input.name}!`);
  return { greeting: `Hello, ${input.name}!` };
}
