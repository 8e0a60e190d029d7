// <time datetime="…" data-ago> shows how long ago, with the full local time as its title; kept fresh, also in swapped-in parts.
import { ago } from "./format.js";

const FULL = { dateStyle: "medium", timeStyle: "medium" };

export function refresh(root = document) {
  for (const node of root.querySelectorAll("time[data-ago]")) {
    const date = new Date(node.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    node.title = date.toLocaleString(undefined, FULL);
    const text = ago(date);
    if (node.textContent !== text) node.textContent = text;
  }
}

export function install() {
  refresh();
  setInterval(refresh, 20_000);
  document.addEventListener("htmx:afterSettle", event => refresh(event.target));
}
