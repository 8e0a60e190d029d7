// Ctrl K: agents by name, pages and commands in one list. The list is an ARIA combobox: the focus stays in the field.
import { get } from "./api.js";
import { el, icon } from "./element.js";

const QUIET_MS = 120, MOST = 8;

/** Pages from the navigation and the page's own buttons, so that nothing is listed that is not there. */
function commands() {
  const pages = [...document.querySelectorAll(".nav > a[title]")].map(link => ({ group: "Pages", icon: iconOf(link), label: link.title, run: () => link.click() }));
  const actions = [...document.querySelectorAll(".topbar [data-act]:not([hidden], :disabled), [data-key]")].map(button => ({
    group: "Commands", icon: iconOf(button), label: button.title.replace(/ \(.*/, "") || button.firstChild.nextSibling?.textContent.trim() || button.textContent.trim(), run: () => button.click(),
  }));
  const themes = [...document.querySelectorAll("[data-theme-choice]")].map(button => ({
    group: "Commands", icon: iconOf(button), label: `Theme: ${button.textContent.trim().toLowerCase()}`, run: () => button.click(),
  }));
  const keys = { group: "Commands", icon: "keyboard", label: "Show the keys", run: () => document.getElementById("keys").showModal() };
  return [...actions, ...pages, ...themes, keys].filter(command => command.label);
}

function iconOf(node) {
  return node.querySelector("use")?.getAttribute("href").split("#i-")[1] ?? "circle";
}

function marked(label, words) {
  const at = words ? label.toLowerCase().indexOf(words) : -1;
  if (at < 0) return [label];
  return [label.slice(0, at), el("mark", {}, label.slice(at, at + words.length)), label.slice(at + words.length)];
}

class Palette {
  constructor(dialog) {
    this.dialog = dialog;
    this.field = dialog.querySelector("input");
    this.list = dialog.querySelector('[role="listbox"]');
    this.field.addEventListener("input", () => this.#search());
    this.field.addEventListener("keydown", event => this.#keydown(event));
    this.list.addEventListener("click", event => this.#run(event.target.closest('[role="option"]')));
  }

  open() {
    if (this.dialog.open) return;
    this.commands = commands();
    this.agents = [];
    this.field.value = "";
    this.dialog.showModal();
    this.#draw();
    this.#search();
  }

  #search() {
    this.#draw();
    clearTimeout(this.timer);
    this.turn = (this.turn ?? 0) + 1;
    this.timer = setTimeout(() => this.#fetch(this.turn), QUIET_MS);
  }

  async #fetch(turn) {
    const words = encodeURIComponent(this.field.value.trim());
    const page = await get(`/api/v1/code-agents?page_size=${MOST}&search=${words}`).catch(() => null);
    if (!page || turn !== this.turn) return;
    const url = this.dialog.dataset.agentUrl;
    this.agents = page.results.map(agent => ({ group: "Agents", icon: "file-code", label: agent.name, end: "Open in the studio", run: () => location.assign(`${url}${agent.id}/edit/`) }));
    this.#draw({ keep: this.at > 0 });
  }

  /** `keep` leaves the reader's choice where it is, when results arrive late. */
  #draw({ keep = false } = {}) {
    const words = this.field.value.trim().toLowerCase(), chosen = this.items?.[this.at]?.label;
    const found = [...this.agents, ...this.commands.filter(command => command.label.toLowerCase().includes(words))];
    const groups = Map.groupBy ? Map.groupBy(found, item => item.group) : new Map([["Results", found]]);
    this.items = [...groups.values()].flat();
    let index = 0;
    this.list.replaceChildren(...[...groups].map(([name, items]) => el("div", { role: "group", "aria-label": name },
      el("div.head", { "aria-hidden": "true" }, name), items.map(item => this.#option(item, index++, words)))));
    this.dialog.querySelector("[data-none]").hidden = this.items.length > 0;
    this.#select(keep ? Math.max(0, this.items.findIndex(item => item.label === chosen)) : 0);
  }

  #option(item, index, words) {
    return el("div", { role: "option", id: `palette-${index}`, "aria-selected": "false", dataset: { index } },
      icon(item.icon), el("span.cut", {}, marked(item.label, words)), item.end ? el("span.end", {}, item.end) : null);
  }

  #select(index) {
    this.at = this.items.length ? (index + this.items.length) % this.items.length : -1;
    for (const option of this.list.querySelectorAll('[role="option"]')) option.setAttribute("aria-selected", String(Number(option.dataset.index) === this.at));
    const now = this.list.querySelector('[aria-selected="true"]');
    if (now) this.field.setAttribute("aria-activedescendant", now.id);
    else this.field.removeAttribute("aria-activedescendant");
    now?.scrollIntoView({ block: "nearest" });
  }

  #keydown(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { event.preventDefault(); this.#select(this.at + step); }
    else if (event.key === "Enter") { event.preventDefault(); this.#run(this.list.querySelector('[aria-selected="true"]')); }
  }

  #run(option) {
    if (!option) return;
    this.dialog.close();
    this.items[Number(option.dataset.index)].run();
  }
}

export function install() {
  const dialog = document.getElementById("palette");
  if (!dialog) return;
  const palette = new Palette(dialog);
  addEventListener("keydown", event => {
    if (event.key !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    event.preventDefault();
    event.stopPropagation();
    palette.open();
  }, { capture: true });
  document.addEventListener("click", event => { if (event.target.closest("[data-palette]")) palette.open(); });
}
