// Tabs of the open files. The first opened file is a plain tab; closing one goes to its neighbour.
import { el, icon } from "../element.js";
import { iconOf, nameOf } from "./files.js";

export class EditorTabs {
  /** `onShow(path)` is called when a tab is chosen or a closed one gives way to its neighbour. */
  constructor(list, { onShow }) {
    Object.assign(this, { list, onShow, open: [], current: null, changed: new Set() });
    list.addEventListener("keydown", event => this.#keydown(event));
  }

  show(path) {
    if (!this.open.includes(path)) this.open.push(path);
    this.current = path;
    this.draw();
  }

  rename(from, to) {
    this.open = this.open.map(path => (path === from ? to : path));
    if (this.current === from) this.current = to;
    this.draw();
  }

  close(path) {
    const index = this.open.indexOf(path);
    if (index < 0) return;
    this.open.splice(index, 1);
    if (this.current === path) {
      this.current = this.open[Math.min(index, this.open.length - 1)] ?? null;
      if (this.current) this.onShow(this.current);
    }
    this.draw();
  }

  /** Paths that differ from the last saved version carry a dot. */
  dots(changed) {
    this.changed = changed;
    this.draw();
  }

  draw() {
    const had = this.list.contains(document.activeElement);
    this.list.replaceChildren(...this.open.map(path => this.#tab(path)));
    if (had) this.list.querySelector('[aria-selected="true"]')?.focus();
    this.list.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #tab(path) {
    const on = path === this.current, dirty = this.changed.has(path);
    return el("div.tab", { role: "tab", tabindex: on ? "0" : "-1", "aria-selected": String(on), "aria-controls": "editor", title: path, dataset: { path },
      "aria-label": `${path}${dirty ? ", changed since the last version" : ""}`,
      onclick: event => { if (!event.target.closest("button")) this.onShow(path); },
      onauxclick: event => { if (event.button === 1 && this.open.length > 1) this.close(path); } },
      icon(iconOf(path), "sm"), el("span", {}, nameOf(path)), dirty ? el("span.dirty", { title: "Changed since the last version" }) : null,
      this.open.length > 1 ? el("button.close", { type: "button", tabindex: "-1", "aria-label": `Close ${path}`, onclick: () => this.close(path) }, icon("x", "sm")) : null);
  }

  #keydown(event) {
    const at = this.open.indexOf(this.current), step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step && this.open.length) { event.preventDefault(); this.onShow(this.open[(at + step + this.open.length) % this.open.length]); }
    else if (event.key === "Delete" && this.open.length > 1) this.close(this.current);
    else if (event.key === "Enter" || event.key === " ") { event.preventDefault(); this.onShow(this.current); }
  }
}
