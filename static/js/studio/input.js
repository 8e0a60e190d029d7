// The run's input: JSON as text, checked while it is typed, with the place of an error.
import { faultAt } from "../json-fault.js";

export function parseInput(text) {
  if (!text.trim()) return { value: null, error: "" };
  try { return { value: JSON.parse(text), error: "" }; }
  catch { return { value: null, error: fault(text) }; }
}

function fault(text) {
  const at = faultAt(text), lines = text.slice(0, at).split("\n");
  const found = at < text.length ? `“${String.fromCodePoint(text.codePointAt(at))}” is not expected here` : "the text ends too early";
  return `Line ${lines.length}, column ${lines.at(-1).length + 1}: ${found}`;
}

/** Words like a shell reads them: quotes group, a backslash takes the next character as it is. */
export function splitArguments(text) {
  const words = [];
  for (const match of text.matchAll(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/gs)) {
    words.push(match[0].replace(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/gs, (_, single, double, escaped) => single ?? double?.replace(/\\(["\\$`])/g, "$1") ?? escaped));
  }
  return words;
}

export class InputPanel {
  constructor(root, draft) {
    this.draft = draft;
    this.field = root.querySelector("[data-input]");
    this.error = root.querySelector("#input-error");
    this.hint = root.querySelector("[data-input-hint]");
    this.args = root.querySelector("[data-args]");
    this.stdin = root.querySelector("[data-stdin]");
    this.field.value = draft.sample_input;
    this.field.readOnly = false;
    this.field.addEventListener("input", () => { this.check(); draft.sample_input = this.field.value; draft.touch(); });
    root.querySelector('[data-act="format-input"]').addEventListener("click", () => this.format());
    this.check();
  }

  set(text) {
    this.field.value = text;
    this.check();
  }

  check() {
    const script = !this.draft.entry_point;
    const { value, error } = parseInput(this.field.value);
    const wrong = error || (script && value !== null && (typeof value !== "object" || Array.isArray(value)) ? "A script gets an object, whose keys become global variables." : "");
    this.error.textContent = wrong;
    this.error.hidden = !wrong;
    this.field.setAttribute("aria-invalid", String(Boolean(wrong)));
    this.hint.textContent = script ? "Keys become global variables of the script." : "Fields of an object go to parameters of the same name.";
    return { value, error: wrong };
  }

  format() {
    const { value, error } = this.check();
    if (error || !this.field.value.trim()) return;
    this.field.value = JSON.stringify(value, null, 2);
    this.field.dispatchEvent(new Event("input"));
  }

  focus() {
    this.field.focus();
  }

  /** What a run request gets from here; null when the input is not valid (the field then has the focus). */
  request() {
    const { value, error } = this.check();
    if (error) { this.focus(); return null; }
    const body = this.draft.entry_point ? { input: value } : { context: value ?? {} };
    const args = splitArguments(this.args.value);
    if (args.length) body.args = args;
    if (this.stdin.value) body.stdin = this.stdin.value;
    return body;
  }
}
