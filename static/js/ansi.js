// ANSI escape sequences as spans with classes (never styles: the content security policy forbids them).
// Understands SGR colours (16, 256 and true colour by the nearest of 16), bold, dim, italic, underline, inverse; drops the rest.
const NAMES = ["blk", "red", "grn", "yel", "blu", "mag", "cyn", "wht"];
const SEQUENCE = /\x1b(?:\[([0-9;:?<=>]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])/g;
/** What is left of a sequence at the end of a chunk, to be completed by the next one. */
const UNFINISHED = /\x1b(?:\[[0-9;:?<=>]*[ -/]*|\][^\x07\x1b]{0,4096})?$/;
const INVISIBLE = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g;

export function plainState() {
  return { fg: "", bg: "", bold: false, dim: false, italic: false, underline: false, inverse: false };
}

function nearest(r, g, b) {
  const level = Math.max(r, g, b);
  if (level - Math.min(r, g, b) < 40) return level > 170 ? "wht" : level > 60 ? "dim" : "blk";
  const cut = level * 0.6;
  return NAMES[(r >= cut ? 1 : 0) | (g >= cut ? 2 : 0) | (b >= cut ? 4 : 0)];
}

function indexed(n) {
  if (n < 8) return NAMES[n];
  if (n < 16) return n === 8 ? "dim" : NAMES[n - 8];
  if (n >= 232) { const grey = 8 + (n - 232) * 10; return nearest(grey, grey, grey); }
  const cube = [0, 95, 135, 175, 215, 255], at = n - 16;
  return nearest(cube[Math.floor(at / 36)], cube[Math.floor(at / 6) % 6], cube[at % 6]);
}

/** Reads 38/48's arguments; returns [colour, how many codes were used]. */
function extended(codes, at) {
  if (codes[at + 1] === 5) return [indexed(Math.min(codes[at + 2] ?? 0, 255)), 2];
  if (codes[at + 1] === 2) return [nearest(codes[at + 2] ?? 0, codes[at + 3] ?? 0, codes[at + 4] ?? 0), 4];
  return ["", 0];
}

function applyOne(state, codes, at) {
  const code = codes[at];
  if (code === 0) Object.assign(state, plainState());
  else if (code === 1) state.bold = true;
  else if (code === 2) state.dim = true;
  else if (code === 3) state.italic = true;
  else if (code === 4) state.underline = true;
  else if (code === 7) state.inverse = true;
  else if (code === 22) state.bold = state.dim = false;
  else if (code === 23) state.italic = false;
  else if (code === 24) state.underline = false;
  else if (code === 27) state.inverse = false;
  else if (code >= 30 && code <= 37) state.fg = NAMES[code - 30];
  else if (code === 39) state.fg = "";
  else if (code >= 40 && code <= 47) state.bg = NAMES[code - 40];
  else if (code === 49) state.bg = "";
  else if (code >= 90 && code <= 97) state.fg = code === 90 ? "dim" : NAMES[code - 90];
  else if (code >= 100 && code <= 107) state.bg = code === 100 ? "dim" : NAMES[code - 100];
  else if (code === 38 || code === 48) {
    const [colour, used] = extended(codes, at);
    state[code === 38 ? "fg" : "bg"] = colour;
    return used;
  }
  return 0;
}

function apply(state, parameters) {
  const codes = parameters.split(/[;:]/).map(part => Number.parseInt(part, 10) || 0);
  for (let at = 0; at < codes.length; at += 1) at += applyOne(state, codes, at);
}

function classesOf(state) {
  const names = [];
  if (state.fg) names.push(`a-${state.fg}`);
  if (state.bg) names.push(`a-bg-${state.bg}`);
  for (const flag of ["bold", "dim", "italic", "underline", "inverse"]) if (state[flag]) names.push(`a-${flag}`);
  return names.join(" ");
}

/** Splits off a sequence that is cut at the end: returns [complete, rest]. */
export function splitUnfinished(text) {
  const match = UNFINISHED.exec(text);
  return match && match[0].length < 4100 ? [text.slice(0, match.index), match[0]] : [text, ""];
}

/** Parses one line; `state` is changed in place, so it carries over to the next line. Returns [{text, classes}]. */
export function parse(line, state) {
  const runs = [];
  const add = text => {
    const visible = text.replace(INVISIBLE, "");
    if (visible) runs.push({ text: visible, classes: classesOf(state) });
  };
  let last = 0;
  for (const match of line.matchAll(SEQUENCE)) {
    add(line.slice(last, match.index));
    if (match[2] === "m") apply(state, match[1]);
    last = match.index + match[0].length;
  }
  add(line.slice(last));
  return runs;
}

/** Parses one line into DOM nodes: text, and spans with classes. */
export function render(line, state) {
  return parse(line, state).map(run => {
    if (!run.classes) return document.createTextNode(run.text);
    const span = document.createElement("span");
    span.className = run.classes;
    span.textContent = run.text;
    return span;
  });
}
