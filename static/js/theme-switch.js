// Light, dark or as the system: remembered in this browser, announced to the editor by an event.
import { remember, recall } from "./memory.js";

export function choose(choice) {
  const root = document.documentElement;
  if (choice === "system") delete root.dataset.theme;
  else root.dataset.theme = choice;
  remember("theme", choice);
  mark(choice);
  root.dispatchEvent(new Event("themechange"));
}

/** Call `listener` after every change of theme, chosen here or made by the system. */
export function onThemeChange(listener) {
  document.documentElement.addEventListener("themechange", listener);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", listener);
}

export function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function mark(choice) {
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-checked", String(button.dataset.themeChoice === choice));
  }
}

export function install() {
  mark(recall("theme") ?? "system");
  document.addEventListener("click", event => {
    const button = event.target.closest("[data-theme-choice]");
    if (button) choose(button.dataset.themeChoice);
  });
}
