// Saving a version: what changed since the last one, a line about it, and the number it got.
import { post } from "../api.js";
import { el, icon } from "../element.js";
import { toast } from "../toast.js";

const MARKS = { added: ["A", "a-grn", "new"], changed: ["M", "d", "changed"], removed: ["D", "a-red", "deleted"] };

function changes(draft, base) {
  const paths = [...new Set([...draft.paths, ...Object.keys(base?.files ?? {})])].toSorted();
  return paths.map(path => ({ path, kind: !(path in (base?.files ?? {})) ? "added" : !(path in draft.files) ? "removed" : draft.files[path] !== base.files[path] ? "changed" : "" }))
    .filter(change => change.kind);
}

export class SaveVersion {
  /** `base()` is the last saved version {number, files} or null; `onSaved(version)` follows a save. */
  constructor(dialog, draft, { url, base, onSaved }) {
    Object.assign(this, { dialog, draft, url, base, onSaved });
    this.form = dialog.querySelector("[data-save-form]");
    this.error = dialog.querySelector("[data-save-error]");
    this.form.addEventListener("submit", event => { event.preventDefault(); this.#save(); });
    this.form.addEventListener("keydown", event => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); this.form.requestSubmit(); } });
  }

  open() {
    if (this.dialog.open || !this.draft.writable) return;
    const base = this.base(), list = changes(this.draft, base);
    this.dialog.querySelector("#save-title").textContent = `Save version ${(base?.number ?? 0) + 1}`;
    this.dialog.querySelector("[data-save-summary]").textContent = base ? `What differs from version ${base.number}:` : "The first version of this agent.";
    this.dialog.querySelector("[data-save-changes]").replaceChildren(...(list.length ? list : [{ path: "settings only", kind: "changed" }]).map(({ path, kind }) => {
      const [letter, look, word] = MARKS[kind];
      return el("li.row", {}, icon("file-code", "sm"), el("span.grow.cut", {}, path), el(`span.${look}`, { title: word }, letter));
    }));
    this.#fail("");
    this.dialog.showModal();
  }

  #fail(text) {
    this.error.textContent = text;
    this.error.hidden = !text;
  }

  async #save() {
    const button = this.form.querySelector('[type="submit"]'), field = this.form.elements.changelog;
    if (button.disabled) return;
    button.disabled = true;
    try {
      await this.draft.flush();
      const version = await post(this.url, { revision: this.draft.revision, changelog: field.value.trim() });
      this.dialog.close();
      field.value = "";
      toast(`Version ${version.number} saved`, { status: "ok" });
      this.onSaved(version);
    } catch (problem) {
      this.#fail(problem.lines?.join(" ") ?? problem.message);
    } finally {
      button.disabled = false;
    }
  }
}
