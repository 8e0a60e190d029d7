'use strict';
// Inside the sandbox: what connects a JavaScript program to the run it belongs to.

const fs = require('fs');

const GO = 197;
const JOB = 198;
const RESULT = 199;
const ROOT = '/agent/';
const MAX_DEPTH = 200;
const MAX_TEXT = 10000;
const LEXICAL = Symbol.for('sandloft.result');

class Invalid extends Error {}

// The job, or null when this is not the program's first thread and process.
function readJob() {
  try {
    const text = fs.readFileSync(JOB, 'latin1');
    fs.closeSync(JOB);
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// As readJob, in a process that was started before there was a job: say so, and wait.
function awaitJob() {
  fs.writeSync(RESULT, 'R');
  const go = Buffer.alloc(1);
  if (fs.readSync(GO, go, 0, 1) !== 1) process.exit(0);
  fs.closeSync(GO);
  return readJob();
}

// -- results

function typeName(value) {
  return (value.constructor && value.constructor.name) || 'object';
}

function isOpaque(value) {
  return value instanceof Map || value instanceof Set || value instanceof WeakMap || value instanceof WeakSet ||
    value instanceof Promise || value instanceof Error || value instanceof RegExp ||
    value instanceof ArrayBuffer || ArrayBuffer.isView(value);
}

function check(value, key, place, above) {
  if (value !== null && (typeof value === 'object' || typeof value === 'bigint') && typeof value.toJSON === 'function') {
    value = value.toJSON(key);
  }
  switch (typeof value) {
    case 'bigint': throw new Invalid(`${place} is a BigInt, which is not JSON`);
    case 'function': throw new Invalid(`${place} is a function, which is not JSON`);
    case 'symbol': throw new Invalid(`${place} is a symbol, which is not JSON`);
    case 'number':
      if (!Number.isFinite(value)) throw new Invalid(`${place} is ${value}, which JSON cannot represent`);
      return;
    case 'object': break;
    default: return;
  }
  if (value === null) return;
  if (isOpaque(value)) throw new Invalid(`${place} is a ${typeName(value)}, which is not JSON`);
  if (above.includes(value)) throw new Invalid(`${place} refers back to a value that contains it`);
  if (above.length >= MAX_DEPTH) throw new Invalid(`${place.slice(0, 60)}… is nested deeper than ${MAX_DEPTH} levels`);
  checkWithin(value, place, [...above, value]);
}

function checkWithin(value, place, above) {
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) check(value[index], String(index), `${place}[${index}]`, above);
  } else {
    for (const key of Object.keys(value)) check(value[key], key, `${place}.${key}`, above);
  }
}

function encode(value) {
  const given = value === undefined ? null : value;
  check(given, '', 'result', []);
  return JSON.stringify(given) ?? 'null';
}

// -- errors

function strip(path) {
  const plain = path.startsWith('file://') ? path.slice(7) : path;
  return plain.startsWith(ROOT) ? plain.slice(ROOT.length) : null;
}

function userFrames(stack) {
  const frames = [];
  for (const line of stack.split('\n')) {
    const found = /((?:file:\/\/)?\/[^():\n]+):(\d+)(?::\d+)?\)?$/.exec(line.trim());
    const file = found && strip(found[1]);
    if (file) frames.push({ file, line: Number(found[2]), text: line.trim().replace(/(file:\/\/)?\/agent\//g, '') });
  }
  return frames;
}

function describe(error) {
  if (!(error instanceof Error)) {
    return { type: 'Error', message: text(error), traceback: '', file: null, line: null };
  }
  const frames = userFrames(String(error.stack || ''));
  const type = error.name || typeName(error);
  const message = text(error.message);
  const lines = frames.slice(0, 40).map((frame) => `    ${frame.text}`);
  return {
    type,
    message,
    traceback: [`${type}: ${message}`, ...lines].join('\n'),
    file: frames.length ? frames[0].file : null,
    line: frames.length ? frames[0].line : null,
  };
}

function text(value) {
  try {
    return String(value).slice(0, MAX_TEXT);
  } catch {
    return '(it could not be made into text)';
  }
}

// -- the frame

let sent = false;

// Write the one frame that counts; returns why the result cannot be kept, or null.
function send(limit, { hasResult = false, result, error = null, lenient = false }) {
  if (sent) return null;
  sent = true;
  const parts = [];
  let invalid = null;
  if (error !== null) parts.push(`"error": ${JSON.stringify(error)}`);
  if (hasResult) {
    try {
      const encoded = encode(result);
      const size = Buffer.byteLength(encoded);
      if (size > limit) throw new Invalid(`result is ${size} bytes of JSON; at most ${limit} are kept (result_bytes)`);
      parts.push(`"result": ${encoded}`);
    } catch (fault) {
      invalid = fault instanceof Invalid ? fault.message : `result is not JSON: ${text(fault && fault.message)}`;
      if (!lenient) parts.push(`"invalid": ${JSON.stringify(invalid)}`);
    }
  }
  write(Buffer.from(`{${parts.join(', ')}}\n`));
  return lenient ? null : invalid;
}

function write(frame) {
  try {
    for (let done = 0; done < frame.length;) done += fs.writeSync(RESULT, frame, done);
    fs.closeSync(RESULT);
  } catch {
    // the pipe is gone: there is nobody to tell
  }
}

// The global named `result`, or a variable of that name at the top of the entry.
function scriptResult() {
  if (Object.prototype.hasOwnProperty.call(globalThis, 'result')) {
    const value = globalThis.result;
    return { hasResult: value !== undefined && typeof value !== 'function', result: value };
  }
  try {
    const value = globalThis[LEXICAL]();
    return { hasResult: value !== undefined && typeof value !== 'function', result: value, lenient: true };
  } catch {
    return { hasResult: false };
  }
}

module.exports = { readJob, awaitJob, send, describe, scriptResult };
