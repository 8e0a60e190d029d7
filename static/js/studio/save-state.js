// What happened to the draft, in the status bar; a conflict opens a dialog at once, because it needs a decision.
import { ask } from "../dialog.js";
import { el, icon } from "../element.js";
import { clock } from "../format.js";

const LOOKS = { saved: "check", unsaved: "circle-dashed", saving: "loader-circle", failed: "triangle-alert", conflict: "triangle-alert" };

function words(draft, problem) {
  if (draft.state === "saved") return `Draft saved ${clock(draft.savedAt)}`;
  if (draft.state === "unsaved") return "Not saved yet";
  if (draft.state === "saving") return "Saving";
  if (draft.state === "conflict") return "Changed elsewhere";
  return problem?.status === 0 ? "Not saved: no connection, trying again" : `Not saved: ${problem?.lines?.at(-1) ?? "the server refused it"}`;
}

function changedPaths(mine, theirs) {
  const paths = new Set([...Object.keys(mine.files), ...Object.keys(theirs.files)]);
  return [...paths].filter(path => mine.files[path] !== theirs.files[path]).toSorted();
}

async function decide(draft, theirs) {
  const changed = changedPaths(draft, theirs);
  const body = el("ul.well", {}, (changed.length ? changed : ["only settings or input"]).map(path => el("li.row", {}, icon("file-code", "sm"), el("span.mono.cut", {}, path))));
  return ask({
    title: "The draft changed while you were editing",
    text: `${theirs.saved_by || "Somebody"} saved it at ${clock(new Date(theirs.saved_at))}, perhaps you in another tab. Nothing is lost yet: choose which one stays. These files differ.`,
    body, choices: [{ value: "theirs", label: "Take theirs" }, { value: "mine", label: "Keep mine", kind: "primary" }],
  });
}

export function install(draft, place) {
  let theirs = null, asking = false;
  const open = async () => {
    if (asking || !theirs) return;
    asking = true;
    const choice = await decide(draft, theirs);
    asking = false;
    if (choice) draft.resolve(choice, theirs).catch(() => {});
  };
  const show = ({ detail: { state, problem } }) => {
    const look = el(`span.badge.plain`, { "data-status": state === "failed" || state === "conflict" ? "warn" : state === "saving" ? "running" : "quiet" }, icon(LOOKS[state]), words(draft, problem));
    place.replaceChildren(look, state === "conflict" ? el("button.btn.sm", { type: "button", onclick: open }, "Decide") : "");
  };
  draft.addEventListener("state", show);
  draft.addEventListener("conflict", event => { theirs = event.detail; open(); });
  show({ detail: { state: draft.state, problem: null } });
  addEventListener("beforeunload", event => { if (draft.dirty) event.preventDefault(); });
  addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden" && draft.dirty) draft.flush().catch(() => {}); });
}
