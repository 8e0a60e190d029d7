// The file tree: the ARIA tree pattern (arrows move, Enter opens, F2 renames, Delete deletes), buttons for the pointer.
import { ask } from "../dialog.js";
import { el, icon, iconButton } from "../element.js";
import { toast } from "../toast.js";
import { folderOf, iconOf, nameOf, pathProblem, treeOf } from "./files.js";

export class Tree {
  /** `files` is the object that opens, creates, renames and deletes: open(path), create(path), rename(from, to), remove(paths) → undo(). */
  constructor(list, draft, files) {
    Object.assign(this, { list, draft, files, folders: new Set(), closed: new Set(), current: null, badges: new Map(), at: null });
    list.addEventListener("keydown", event => this.#keydown(event));
    list.addEventListener("click", event => this.#click(event));
  }

  draw() {
    const had = this.list.contains(document.activeElement);
    const nodes = treeOf(this.draft.paths, [...this.folders]);
    this.list.replaceChildren(...nodes.map(node => this.#node(node, 1)));
    const all = this.#items();
    const focus = all.find(item => item.dataset.path === this.at) ?? all.find(item => item.getAttribute("aria-selected") === "true") ?? all[0];
    if (focus) focus.tabIndex = 0;
    if (had) focus?.focus();
  }

  /** The open file, and per path a badge {text, kind, title}. */
  mark(current, badges) {
    this.current = current;
    this.badges = badges;
    this.draw();
  }

  #node(node, level) {
    const open = !this.closed.has(node.path), badge = this.badges.get(node.path);
    const entry = node.path === this.draft.entry;
    const row = el("div.node", { role: "treeitem", tabindex: "-1", "aria-level": level, "aria-expanded": node.folder ? String(open) : null,
      "aria-selected": String(node.path === this.current),
      dataset: { path: node.path, folder: node.folder ? "yes" : "" } },
      icon(node.folder ? (open ? "folder-open" : "folder") : iconOf(node.path), "sm"), el("span.cut", {}, node.name),
      entry ? el("span.tag", { title: "The run starts with this file" }, "start") : null,
      badge ? el(`span.end.${badge.kind}`, { title: badge.title }, badge.text, el("span.sr", {}, ` ${badge.title}`)) : null,
      this.draft.writable ? el("span.acts", {},
        iconButton("pencil", `Rename ${node.name}`, () => this.rename(node.path), { tabindex: "-1" }),
        iconButton("trash-2", `Delete ${node.name}`, () => this.remove(node.path), { tabindex: "-1" })) : null);
    const children = node.folder && open ? el("ul", { role: "group" }, node.children.map(child => this.#node(child, level + 1))) : null;
    return el("li", { role: "none" }, row, children);
  }

  #items() {
    return [...this.list.querySelectorAll('[role="treeitem"]')];
  }

  #click(event) {
    if (event.target.closest(".acts")) return;
    const item = event.target.closest('[role="treeitem"]');
    if (item) this.#activate(item);
  }

  #activate(item) {
    const { path, folder } = item.dataset;
    this.at = path;
    if (!folder) { this.files.open(path); return; }
    if (!this.closed.delete(path)) this.closed.add(path);
    this.draw();
  }

  #keydown(event) {
    const item = event.target.closest('[role="treeitem"]');
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    const all = this.#items(), index = all.indexOf(item), { path, folder } = item.dataset, open = item.getAttribute("aria-expanded");
    const go = target => { if (target) { item.tabIndex = -1; target.tabIndex = 0; this.at = target.dataset.path; target.focus(); } };
    const actions = {
      ArrowDown: () => go(all[index + 1]), ArrowUp: () => go(all[index - 1]), Home: () => go(all[0]), End: () => go(all.at(-1)),
      ArrowRight: () => (open === "false" ? this.#activate(item) : open === "true" ? go(all[index + 1]) : null),
      ArrowLeft: () => (open === "true" ? this.#activate(item) : go(all.find(other => other.dataset.path === folderOf(path)))),
      Enter: () => this.#activate(item), " ": () => this.#activate(item),
      F2: () => this.draft.writable && this.rename(path, folder), Delete: () => this.draft.writable && this.remove(path),
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  }

  #here() {
    const at = this.at ?? this.current ?? "";
    const folder = this.draft.paths.includes(at) ? folderOf(at) : at;
    return folder ? `${folder}/` : "";
  }

  async newFile() {
    const answer = await ask({ title: "New file", choices: [{ value: "make", label: "Create", kind: "primary" }],
      field: { label: "Path", value: this.#here(), hint: "A slash makes folders: data/rates.csv", check: path => pathProblem(path, this.draft.paths) } });
    if (!answer) return;
    this.folders.delete(folderOf(answer.text));
    this.at = answer.text;
    this.files.create(answer.text);
  }

  async newFolder() {
    const answer = await ask({ title: "New folder", choices: [{ value: "make", label: "Create", kind: "primary" }],
      field: { label: "Path", value: this.#here(), hint: "A folder is kept as soon as it holds a file.", check: path => pathProblem(path.replace(/\/$/, ""), this.draft.paths) } });
    if (!answer) return;
    const path = answer.text.replace(/\/$/, "");
    this.folders.add(path);
    this.at = path;
    this.draw();
  }

  /** Renames a file, or a folder with all that is in it. */
  async rename(from) {
    const inside = this.draft.paths.filter(path => path.startsWith(`${from}/`));
    const others = this.draft.paths.filter(path => path !== from && !inside.includes(path));
    const answer = await ask({ title: `Rename ${nameOf(from)}`, choices: [{ value: "rename", label: "Rename", kind: "primary" }],
      field: { label: "Path", value: from, check: path => (path === from ? "" : pathProblem(path, others)) } });
    if (!answer || answer.text === from) return;
    const to = answer.text;
    if (this.folders.delete(from)) this.folders.add(to);
    this.at = to;
    this.files.rename(inside.length ? inside.map(path => [path, to + path.slice(from.length)]) : this.draft.paths.includes(from) ? [[from, to]] : []);
    this.draw();
  }

  /** Deletes at once; the way back is in the toast. */
  remove(path) {
    const doomed = this.draft.paths.filter(other => other === path || other.startsWith(`${path}/`));
    if (doomed.length === this.draft.paths.length) {
      toast("An agent needs at least one file", { status: "warn" });
      return;
    }
    this.folders.delete(path);
    if (!doomed.length) { this.draw(); return; }
    const undo = this.files.remove(doomed);
    toast(`Deleted ${nameOf(path)}`, { action: { label: "Undo", run: undo } });
  }
}
