// JSON as a tree of <details>. Large arrays and objects are drawn when opened, 200 entries at a time.
import { el } from "./element.js";
import { plural } from "./format.js";

const PAGE = 200, OPEN_BELOW = 40;

function leaf(value) {
  if (typeof value === "string") return el("span.s", {}, JSON.stringify(value));
  if (typeof value === "number") return el("span.n", {}, String(value));
  return el("span.k", {}, String(value));
}

function key(name) {
  return name === null ? null : [el("span.key", {}, JSON.stringify(name)), ": "];
}

function branch(value, name, depth) {
  const entries = Array.isArray(value) ? value.map(item => [null, item]) : Object.entries(value);
  const [left, right, words] = Array.isArray(value) ? ["[", "]", plural(entries.length, "item")] : ["{", "}", plural(entries.length, "key")];
  if (!entries.length) return el("div.leaf", {}, key(name), left, right);
  const node = el("details", {}, el("summary", {}, key(name), left, " ", el("span.faint", {}, words), " ", right));
  let drawn = 0;
  const more = () => {
    node.querySelector(":scope > .more")?.remove();
    for (const [childName, child] of entries.slice(drawn, drawn + PAGE)) node.append(draw(child, childName, depth + 1));
    drawn = Math.min(drawn + PAGE, entries.length);
    if (drawn < entries.length) node.append(el("button.btn.sm.more", { type: "button", onclick: more }, `${plural(entries.length - drawn, "more entry", "more entries")}`));
  };
  node.addEventListener("toggle", () => { if (node.open && !drawn) more(); });
  if (depth < 2 && entries.length <= OPEN_BELOW) { more(); node.open = true; }
  return node;
}

function draw(value, name, depth) {
  if (value !== null && typeof value === "object") return branch(value, name, depth);
  return el("div.leaf", {}, key(name), leaf(value));
}

/** Show `value` (parsed JSON) inside `box`. */
export function show(box, value) {
  box.replaceChildren(draw(value, null, 0));
}

/** Elements with data-json="#id" show the JSON text of that element; text that is no JSON is shown as it is. */
export function refresh(root = document) {
  for (const box of root.querySelectorAll("[data-json]")) {
    const text = root.querySelector(box.dataset.json)?.textContent ?? "";
    try { show(box, JSON.parse(text)); } catch { box.textContent = text; }
  }
}
