// The permalink of a run: replays its log from the start, follows it to the end, then fetches the parts that the end changes.
import { show as showArtifacts } from "./artifacts.js";
import { RunConsole } from "./console.js";
import { refresh as drawJson } from "./json-tree.js";
import { refresh as drawPhases } from "./phases.js";
import { RunStream } from "./run-stream.js";
import { isLive } from "./status.js";
import { refresh as drawTimes } from "./time.js";

const page = document.getElementById("execution");
const id = page.dataset.execution;
const wasLive = isLive(page.dataset.state);
const status = page.querySelector("[data-run-status]");
const bar = page.querySelector("[data-progress]");
const runConsole = new RunConsole(page.querySelector("[data-console]"), { name: () => `${page.dataset.name}-${id.slice(0, 8)}` });
const artifacts = [];

function draw() {
  drawJson(page);
  drawPhases(page);
  drawTimes(page);
}

/** Parts that the end of a run changes, by id; the console stays as it is. */
async function refreshParts() {
  const answer = await fetch(location.href, { credentials: "same-origin" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of ["part-summary", "part-error", "part-result", "part-timeline"]) {
    const now = fresh.getElementById(part), old = document.getElementById(part);
    if (now && old) old.replaceWith(document.adoptNode(now));
  }
  draw();
}

function onEvents(events) {
  runConsole.add(events);
  for (const { kind, data } of events) {
    if (kind === "artifact") artifacts.push(data);
    if (kind === "progress") progress(data);
    if (kind === "status" && wasLive) refreshParts();
    if (kind === "end") end();
  }
}

function progress({ percent, message }) {
  bar.hidden = false;
  bar.value = percent;
  status.textContent = `${Math.round(percent)} %${message ? `, ${message}` : ""}`;
}

function end() {
  bar.hidden = true;
  status.textContent = "";
  page.querySelector("[data-no-artifacts]")?.toggleAttribute("hidden", artifacts.length > 0);
  showArtifacts(page.querySelector("[data-artifacts]"), artifacts);
  if (wasLive) refreshParts();
}

draw();
const api = `/api/v1/executions/${id}`;
const stream = new RunStream({
  urls: { websocket: `/ws/v1/executions/${id}/`, stream: `${api}/stream`, events: `${api}/events` },
  onEvents,
  onState: (state, detail) => runConsole.connection(state, { ...detail, last: stream?.last ?? 0 }),
});
runConsole.box.addEventListener("goto", ({ detail: { file } }) => {
  const source = [...document.querySelectorAll("#part-files details")].find(item => item.querySelector("summary").textContent === file);
  if (!source) return;
  source.open = true;
  source.scrollIntoView({ block: "center" });
});
runConsole.box.addEventListener("retry", () => stream.retry());
