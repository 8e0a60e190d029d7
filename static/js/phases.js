// The phase bar: where a run's time went, drawn from milliseconds.
// <svg class="phases" data-queue-ms data-setup-ms data-run-ms data-collect-ms>; a phase that took any time stays visible.
import { duration } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";
const PHASES = [["queue_ms", "q", "Queued"], ["setup_ms", "st", "Sandbox start"], ["run_ms", "r", "Your code"], ["collect_ms", "e", "Collect"]];
const GAP = 3, LEAST = 6;

function rectangle(css, x, width) {
  const rect = document.createElementNS(SVG, "rect");
  rect.setAttribute("class", css);
  rect.setAttribute("x", x.toFixed(1));
  rect.setAttribute("width", width.toFixed(1));
  rect.setAttribute("height", "8");
  return rect;
}

/** Draw `timings` (queue_ms, setup_ms, run_ms, collect_ms) into `svg`. */
export function draw(svg, timings) {
  const parts = PHASES.map(([key, css, word]) => ({ css, word, ms: Number(timings[key] ?? 0) })).filter(part => part.ms > 0);
  const total = parts.reduce((sum, part) => sum + part.ms, 0);
  const room = 1000 - GAP * Math.max(0, parts.length - 1) - LEAST * parts.length;
  svg.setAttribute("viewBox", "0 0 1000 8");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", parts.map(part => `${part.word} ${duration(part.ms)}`).join(", ") || "No time measured yet");
  let x = 0;
  svg.replaceChildren(...parts.map(part => {
    const width = LEAST + room * part.ms / total;
    const rect = rectangle(part.css, x, width);
    x += width + GAP;
    return rect;
  }));
}

export function refresh(root = document) {
  for (const svg of root.querySelectorAll("svg.phases")) {
    const { queueMs, setupMs, runMs, collectMs } = svg.dataset;
    draw(svg, { queue_ms: queueMs, setup_ms: setupMs, run_ms: runMs, collect_ms: collectMs });
  }
}

export function install() {
  refresh();
  document.addEventListener("htmx:afterSettle", event => refresh(event.target));
}
