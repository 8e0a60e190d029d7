'use strict';
// Function mode: import the entry and call one function of it.

const held = globalThis[Symbol.for('sandloft.job')];
delete globalThis[Symbol.for('sandloft.job')];
const { job, run } = held;
const LINGER_MS = 1000;

function find(module, name) {
  const fallback = module.default;
  const candidates = [
    module[name],
    fallback && fallback[name],
    typeof fallback === 'function' && (name === 'main' || fallback.name === name) ? fallback : undefined,
    fallback && typeof fallback.default === 'function' && name === 'main' ? fallback.default : undefined,
    globalThis[Symbol.for('sandloft.entry')]?.(),
  ];
  const found = candidates.find((one) => typeof one === 'function');
  if (!found) throw new TypeError(`${job.entry} exports no function ${name}`);
  return found;
}

// The names of a function's parameters; null for one that is taken apart, such as {a, b}.
function parameters(fn) {
  const source = Function.prototype.toString.call(fn).replace(/\/\*[^]*?\*\/|\/\/[^\n]*/g, '');
  const arrow = /^(?:async\s+)?([A-Za-z_$][\w$]*)\s*=>/.exec(source);
  if (arrow) return [arrow[1]];
  return split(source.slice(source.indexOf('(') + 1)).map((part) => {
    const found = /^([A-Za-z_$][\w$]*)/.exec(part);
    return found ? found[1] : null;
  });
}

function split(source) {
  const parts = [];
  let depth = 0;
  let start = 0;
  let quote = '';
  for (let index = 0; index < source.length; index++) {
    const letter = source[index];
    if (quote) {
      if (letter === '\\') index++;
      else if (letter === quote) quote = '';
    } else if ('"\'`'.includes(letter)) quote = letter;
    else if ('([{'.includes(letter)) depth++;
    else if (depth === 0 && (letter === ',' || letter === ')')) {
      parts.push(source.slice(start, index).trim());
      start = index + 1;
      if (letter === ')') break;
    } else if (')]}'.includes(letter)) depth--;
  }
  return parts.filter((part) => part);
}

function isObject(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

// Whole to one parameter, by name to several.
function argumentsFor(fn, name, value) {
  const names = parameters(fn);
  if (names.length <= 1) {
    const only = names[0];
    const byName = only && only !== 'input' && isObject(value) && Object.hasOwn(value, only);
    return [byName ? value[only] : value];
  }
  const given = value === null ? {} : value;
  const shown = names.map((one) => one ?? '…').join(', ');
  if (!isObject(given)) throw new TypeError(`${name}() takes ${shown} by name, so its input must be an object`);
  const unknown = Object.keys(given).filter((key) => !names.includes(key));
  if (unknown.length && !names.includes(null)) {
    throw new TypeError(`${name}() has no parameter for ${unknown.join(', ')} of the input`);
  }
  return names.map((one) => (one === null ? given : given[one]));
}

async function call() {
  const module = await import(job.module);
  const fn = find(module, job.entry_point);
  return fn(...argumentsFor(fn, job.entry_point, job.input));
}

function fail(error) {
  const described = run.describe(error);
  run.send(job.result_bytes, { error: described });
  process.stderr.write(`${error instanceof Error ? error.stack || error : described.message}\n`);
  process.exit(1);
}

function succeed(result) {
  const invalid = run.send(job.result_bytes, { hasResult: true, result });
  if (invalid !== null) {
    process.stderr.write(`The result cannot be kept: ${invalid}\n`);
    process.exit(1);
  }
  // What still waits, such as a forgotten timer, must not keep the run alive.
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

let error = null;
process.on('uncaughtExceptionMonitor', (fault) => { error = run.describe(fault); });
process.on('exit', () => { if (error !== null) run.send(job.result_bytes, { error }); });
call().then(succeed, fail);
