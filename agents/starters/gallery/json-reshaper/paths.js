// Paths into nested data: `customer.address.city`, `items[0].price`, `items[].price`.

const STEP = /([^.[\]]+)|\[(\d*)\]/g;

/** What lies at `path`, null where there is nothing. A [] gives the list of what lies in every element. */
export function pick(value, path) {
  return follow(value, steps(path));
}

function steps(path) {
  const found = [...path.matchAll(STEP)].map(([, name, index]) => name ?? (index === "" ? EACH : Number(index)));
  if (found.length === 0) throw new SyntaxError(`"${path}" is not a path`);
  return found;
}

const EACH = Symbol("every element");

function follow(value, [step, ...rest]) {
  if (step === undefined) return value ?? null;
  if (step === EACH) return Array.isArray(value) ? value.map((item) => follow(item, rest)) : [];
  // Own properties only: "constructor" is not data.
  if (value === null || typeof value !== "object" || !Object.hasOwn(value, step)) return null;
  return follow(value[step], rest);
}
