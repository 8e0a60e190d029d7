// Settings of the draft: language, entry, function, limits, names of environment variables.
import { ask } from "../dialog.js";
import { el, iconButton } from "../element.js";

const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export class Settings {
  /** `most` is {timeout, memory_mb}; `onChange()` follows every change. */
  constructor(root, draft, { most, onChange }) {
    Object.assign(this, { root, draft, most: most ?? {}, onChange, values: new Map() });
    this.field = name => root.querySelector(`[data-setting="${name}"]`);
    this.field("language").addEventListener("change", event => this.#set(() => { draft.language = event.target.value; }));
    this.field("entry").addEventListener("change", event => this.#set(() => { draft.entry = event.target.value; }));
    this.field("entry_point").addEventListener("input", event => this.#set(() => { draft.entry_point = event.target.value.trim() || null; }));
    for (const name of ["timeout", "memory_mb"]) {
      const field = this.field(name);
      if (this.most[name]) field.max = this.most[name];
      field.addEventListener("input", () => this.#limit(name, field));
    }
    root.querySelector('[data-act="add-env"]').addEventListener("click", () => this.#addEnv());
    for (const control of root.querySelectorAll("[data-setting], [data-act='add-env']")) control.disabled = !draft.writable;
    this.draw();
  }

  draw() {
    const { draft } = this;
    this.field("language").value = draft.language;
    this.field("entry").replaceChildren(...draft.paths.toSorted().map(path => el("option", { value: path }, path)));
    this.field("entry").value = draft.entry;
    this.#fill("entry_point", draft.entry_point ?? "");
    this.#fill("timeout", draft.config.limits?.timeout ?? "");
    this.#fill("memory_mb", draft.config.limits?.memory_mb ?? "");
    this.#drawEnv();
  }

  /** Values of the named variables, as far as they were given. */
  env() {
    return Object.fromEntries((this.draft.config.env ?? []).filter(name => this.values.get(name)).map(name => [name, this.values.get(name)]));
  }

  #fill(name, value) {
    const field = this.field(name);
    if (document.activeElement !== field) field.value = value;
  }

  #set(change) {
    change();
    this.draft.touch();
    this.onChange();
  }

  #limit(name, field) {
    const value = Number(field.value), most = this.most[name];
    const wrong = !Number.isInteger(value) || value < Number(field.min) ? `${name === "timeout" ? "Time" : "Memory"}: a whole number from ${field.min}.`
      : most && value > most ? `${name === "timeout" ? "Time" : "Memory"}: at most ${most} on this host.` : "";
    const error = this.root.querySelector("[data-limits-error]");
    error.textContent = wrong;
    error.hidden = !wrong;
    field.setAttribute("aria-invalid", String(Boolean(wrong)));
    if (!wrong) this.#set(() => { this.draft.config.limits = { ...this.draft.config.limits, [name]: value }; });
  }

  #drawEnv() {
    const names = this.draft.config.env ?? [];
    this.root.querySelector("[data-env]").replaceChildren(...names.map(name => el("li.row", {},
      el("label.mono.cut", { for: `env-${name}` }, name),
      el("input.input.sm.mono.grow", { id: `env-${name}`, value: this.values.get(name) ?? "", placeholder: "value", autocomplete: "off", spellcheck: "false",
        oninput: event => this.values.set(name, event.target.value) }),
      this.draft.writable ? iconButton("x", `Remove ${name}`, () => this.#removeEnv(name)) : null)));
  }

  async #addEnv() {
    const names = this.draft.config.env ?? [];
    const answer = await ask({ title: "New environment variable", choices: [{ value: "add", label: "Add", kind: "primary" }],
      field: { label: "Name", hint: "Letters, digits and underscores", check: name => (!ENV_NAME.test(name) ? "Letters, digits and underscores; no digit first." : names.includes(name) ? "It is there already." : "") } });
    if (!answer) return;
    this.#set(() => { this.draft.config.env = [...names, answer.text]; });
    this.#drawEnv();
    this.root.querySelector(`#env-${CSS.escape(answer.text)}`)?.focus();
  }

  #removeEnv(name) {
    this.values.delete(name);
    this.#set(() => { this.draft.config.env = this.draft.config.env.filter(other => other !== name); });
    this.#drawEnv();
  }
}
