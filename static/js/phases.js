// The phase bar: where a run's time went. <svg class="phases" data-phases='{"queued":…,"start":…,"run":…,"collect":…}'> in milliseconds.
// A phase that took any time at all stays visible: at least 6 of 1000 units.
import { duration } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";
export const PHASES = [
  ["queued", "q", "Queued"], ["start", "st", "Sandbox start"], ["run", "r", "Your code"], ["collect", "e", "Collect"],
];
const GAP = 3, LEAST = 6;

export function draw(svg, times) {
  const parts = PHASES.map(([key, css, word]) => ({ css, word, ms: Number(times[key] ?? 0) })).filter(part => part.ms > 0);
  const total = parts.reduce((sum, part) => sum + part.ms, 0);
  svg.setAttribute("viewBox", "0 0 1000 8");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", parts.map(part => `${part.word} ${duration(part.ms)}`).join(", ") || "No time measured");
  const room = 1000 - GAP * Math.max(0, parts.length - 1) - LEAST * parts.length;
  let x = 0;
  svg.replaceChildren(...parts.map(part => {
    const width = LEAST + room * part.ms / total;
    const rect = document.createElementNS(SVG, "rect");
    for (const [name, value] of Object.entries({ class: part.css, x: x.toFixed(1), width: width.toFixed(1), height: 8 })) rect.setAttribute(name, value);
    x += width + GAP;
    return rect;
  }));
}

export function refresh(root = document) {
  for (const svg of root.querySelectorAll("svg.phases[data-phases]")) {
    try { draw(svg, JSON.parse(svg.dataset.phases)); } catch { svg.remove(); }
  }
}

export function install() {
  refresh();
  document.addEventListener("htmx:afterSettle", event => refresh(event.target));
}
