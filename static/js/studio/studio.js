// The sandbox studio: puts the draft, the editor, the settings and the runs together, and owns the keys.
import { get } from "../api.js";
import { refresh as drawPhases } from "../phases.js";
import { refresh as drawTimes } from "../time.js";
import { toast } from "../toast.js";
import { Draft } from "./draft.js";
import { install as installDock } from "./dock.js";
import { EditorTabs } from "./editor-tabs.js";
import { Editor } from "./editor.js";
import { InputPanel } from "./input.js";
import { Runs } from "./runs.js";
import { install as installSaveState } from "./save-state.js";
import { SaveVersion } from "./save-version.js";
import { Settings } from "./settings.js";
import { Tree } from "./tree.js";
import { el, icon } from "../element.js";
import { ago } from "../format.js";

const root = document.getElementById("main");
const json = id => JSON.parse(document.getElementById(id).textContent);
const act = name => document.querySelector(`[data-act="${name}"]`);
const { agent, slug, draftUrl, versionsUrl, runsUrl } = root.dataset;

const draft = new Draft(draftUrl, json("draft"), { writable: root.dataset.writable === "yes" });
const tabs = new EditorTabs(root.querySelector("[data-editor-tabs]"), { onShow: path => open(path) });
const tree = new Tree(root.querySelector("[data-tree]"), draft, {
  open: path => { open(path); pane("code"); },
  create: path => { draft.setFile(path, ""); open(path); pane("code"); },
  rename: pairs => renameFiles(pairs),
  remove: paths => removeFiles(paths),
});
const input = new InputPanel(root, draft);
const settings = new Settings(root, draft, { most: json("limits-max"), onChange: () => { input.check(); redraw(); } });
const runs = new Runs(root, { agent, slug, runsUrl });
const saver = new SaveVersion(document.getElementById("save"), draft, { url: versionsUrl, base: () => base, onSaved: version => versionSaved(version) });
let editor = null;
let base = null;

// -- Files ----------------------------------------------------------------------------------------------------------------

function open(path) {
  if (!(path in draft.files)) return;
  editor?.put(path, draft.files[path]);
  tabs.show(path);
  editor?.show(path);
  redraw();
}

function renameFiles(pairs) {
  for (const [from, to] of pairs) {
    draft.files[to] = draft.files[from];
    delete draft.files[from];
    if (draft.entry === from) draft.entry = to;
    editor?.remove(from);
    tabs.rename(from, to);
  }
  if (!pairs.length) return;
  draft.touch();
  settings.draw();
  if (tabs.current) open(tabs.current);
}

/** Deletes files and returns the way back. */
function removeFiles(paths) {
  const gone = Object.fromEntries(paths.map(path => [path, draft.files[path]]));
  const entry = draft.entry;
  for (const path of paths) {
    delete draft.files[path];
    if (draft.entry === path) draft.entry = draft.paths.toSorted()[0];
    tabs.close(path);
    editor?.remove(path);
  }
  draft.touch();
  settings.draw();
  if (!tabs.current) open(draft.entry);
  redraw();
  return () => {
    Object.assign(draft.files, gone);
    draft.entry = entry;
    draft.touch();
    settings.draw();
    open(paths[0]);
  };
}

function changedPaths() {
  if (!base) return new Set();
  return new Set(draft.paths.filter(path => draft.files[path] !== base.files[path]));
}

function redraw() {
  const changed = changedPaths(), badges = new Map();
  for (const path of changed) {
    const added = !(path in base.files);
    badges.set(path, added ? { text: "A", kind: "a-grn", title: "new since the last version" } : { text: "M", kind: "d", title: "changed since the last version" });
  }
  for (const path of draft.paths) {
    const { errors } = editor?.models.has(path) ? editor.problems(path) : { errors: 0 };
    if (errors) badges.set(path, { text: String(errors), kind: "a-red", title: errors === 1 ? "1 error" : `${errors} errors` });
  }
  tree.mark(tabs.current, badges);
  tabs.dots(changed);
  const removed = base ? Object.keys(base.files).some(path => !(path in draft.files)) : false;
  document.querySelector("[data-changed]").hidden = !changed.size && !removed;
}

// -- Status bar -----------------------------------------------------------------------------------------------------------

const LANGUAGE_NAMES = { python: "Python", javascript: "JavaScript", typescript: "TypeScript", bash: "Bash" };

function drawStatus() {
  const at = editor?.position, { errors, warnings } = editor?.problems() ?? { errors: 0, warnings: 0 };
  root.querySelector("[data-cursor]").textContent = at ? `Ln ${at.lineNumber}, Col ${at.column}` : "";
  root.querySelector("[data-language-name]").textContent = LANGUAGE_NAMES[draft.language] ?? draft.language;
  root.querySelector("[data-markers]").replaceChildren(
    ...(errors ? [el("span.badge.plain", { "data-status": "failed", title: "Errors" }, icon("circle-x"), String(errors))] : []),
    ...(warnings ? [el("span.badge.plain", { "data-status": "warn", title: "Warnings" }, icon("triangle-alert"), String(warnings))] : []));
}

/** In a narrow window one pane is shown at a time. */
function pane(name) {
  root.querySelector(`[name="pane"][value="${name}"]`).checked = true;
}

// -- Runs -----------------------------------------------------------------------------------------------------------------

async function run() {
  if (runs.live || !act("run")) return;
  const request = input.request();
  if (!request) { pane("input"); toast("The input is not valid JSON", { status: "warn", text: "Mend it on the right, then run again." }); return; }
  pane("run");
  editor?.clearMarks();
  try { await draft.flush(); }
  catch (problem) {
    toast("The draft could not be saved, so nothing was run", { status: "failed", text: problem.lines?.join(" ") ?? problem.message });
    return;
  }
  await runs.start({ ...request, env: settings.env() });
}

function drawRunning() {
  if (!act("run")) return;
  const { live, execution } = runs, cancelling = execution?.status === "cancelling";
  act("run").hidden = live;
  act("stop").hidden = !live;
  act("stop").disabled = cancelling || runs.starting;
  act("stop").querySelector("span").textContent = cancelling ? "Stopping" : "Stop";
  if (execution?.runtime) root.querySelector("[data-runtime]").textContent = execution.runtime;
}

async function drawHistory() {
  const address = new URL(runsUrl, location.href);
  address.searchParams.set("agent", agent);
  const answer = await fetch(address, { credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("#rows .table-wrap"), place = root.querySelector("[data-history]");
  if (!fresh) return;
  place.replaceChildren(document.adoptNode(fresh));
  drawPhases(place);
  drawTimes(place);
}

runs.addEventListener("state", drawRunning);
runs.addEventListener("started", drawHistory);
runs.addEventListener("ended", drawHistory);
runs.console.box.addEventListener("goto", ({ detail: { file, line } }) => {
  if (!(file in draft.files)) return;
  open(file);
  pane("code");
  if (line) editor?.reveal(line);
  editor?.focus();
});
runs.addEventListener("fault", ({ detail: { file, line, message } }) => {
  if (!file || !(file in draft.files) || !editor) return;
  editor.put(file, draft.files[file]);
  editor.mark(file, line, message);
});

// -- Versions -------------------------------------------------------------------------------------------------------------

/** Files of the version that the draft began from, to show what changed since. */
async function loadBase(number) {
  if (!number) return;
  try {
    const answer = await get(`/api/v1/code-agents/${agent}?version=${number}`);
    const files = answer.files ?? answer.version?.files;
    if (files) base = { number, files };
  } catch { /* then nothing is marked as changed */ }
  drawBase();
  redraw();
}

function drawBase() {
  root.querySelector("[data-based-on]").textContent = base ? `from v${base.number}` : "";
}

function versionSaved(version) {
  base = { number: version.number, files: { ...draft.files } };
  draft.based_on = version.number;
  document.querySelector("[data-newest]").textContent = `v${version.number}`;
  root.querySelector("[data-versions] li").after(el("li", {}, el("a", { href: `${versionsUrl}${version.number}/` }, icon("circle", "sm"), `v${version.number}`,
    el("span.end.faint.small", {}, el("time", { datetime: version.created_at, "data-ago": true }, ago(new Date(version.created_at)))))));
  drawBase();
  redraw();
}

draft.addEventListener("replaced", () => {
  for (const path of [...(editor?.models.keys() ?? [])]) if (!(path in draft.files)) { tabs.close(path); editor.remove(path); }
  for (const path of draft.paths) editor?.put(path, draft.files[path]);
  input.set(draft.sample_input);
  settings.draw();
  open(tabs.current && tabs.current in draft.files ? tabs.current : draft.entry);
  toast("Their draft is in the editor now", { status: "ok" });
});

// -- Keys and buttons -----------------------------------------------------------------------------------------------------

function otherPart() {
  const log = root.querySelector(".console");
  if (root.querySelector("[data-editor]").contains(document.activeElement)) { pane("run"); (log.offsetParent ? log : document.getElementById("tab-output")).focus(); }
  else { pane("code"); editor?.focus(); }
}

const CTRL = { Enter: () => run(), s: () => saver.open(), ".": () => (runs.live ? runs.stop() : false) };

addEventListener("keydown", event => {
  const ctrl = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
  const action = event.key === "F6" ? otherPart : ctrl ? CTRL[event.key] : null;
  if (!action || document.querySelector("dialog[open]") && event.key !== "s") return;
  if (action() === false) return;
  event.preventDefault();
  event.stopPropagation();
}, { capture: true });

act("run")?.addEventListener("click", run);
act("stop")?.addEventListener("click", () => runs.stop());
act("save")?.addEventListener("click", () => saver.open());
act("new-file")?.addEventListener("click", () => tree.newFile());
act("new-folder")?.addEventListener("click", () => tree.newFolder());

// -- Start ----------------------------------------------------------------------------------------------------------------

/** A link from a run's page brings that run's input along; a run that is going on is shown again after a reload. */
async function pickUp() {
  const from = new URLSearchParams(location.search).get("input");
  if (from) {
    try { input.set(JSON.stringify((await get(`/api/v1/executions/${encodeURIComponent(from)}`)).input, null, 2)); }
    catch (problem) { toast("The run's input could not be read", { status: "warn", text: problem.message }); }
  }
  const live = root.querySelector('[data-history] tr:has([data-status="running"], [data-status="queued"], [data-status="cancelling"]) .title');
  if (live) runs.open(new URL(live.href).pathname.split("/").filter(Boolean).at(-1)).catch(() => {});
}

async function startEditor() {
  const box = root.querySelector("[data-editor]");
  try {
    editor = await Editor.load(box, { readOnly: !draft.writable });
  } catch (error) {
    root.querySelector("[data-editor-wait]").replaceChildren(el("div.notice", { role: "alert", "data-status": "failed" }, icon("circle-alert"),
      el("p", {}, el("b", {}, "The editor could not be loaded. "), "Reload the page; the draft is safe on the server.")));
    throw error;
  }
  root.querySelector("[data-editor-wait]").remove();
  for (const path of draft.paths) editor.put(path, draft.files[path]);
  editor.addEventListener("edit", ({ detail: { path, text } }) => { if (draft.files[path] !== text) { draft.setFile(path, text); redraw(); } });
  editor.addEventListener("cursor", drawStatus);
  editor.addEventListener("markers", () => { drawStatus(); redraw(); });
  open(draft.entry);
  root.dataset.ready = "yes";
}

installSaveState(draft, root.querySelector("[data-save-state]"));
installDock(root.querySelector(".main"));
open(draft.entry);
drawRunning();
drawStatus();
pickUp();
loadBase(draft.based_on);
startEditor();
