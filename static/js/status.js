import { el, icon } from "./element.js";

// One table for every state: its icon and its word. The page template components/_badge.html holds the same; a test compares them.
export const STATES = {
  queued: ["clock", "Queued"],
  running: ["loader-circle", "Running"],
  cancelling: ["loader-circle", "Cancelling"],
  succeeded: ["circle-check", "Succeeded"],
  failed: ["circle-x", "Failed"],
  timed_out: ["timer", "Timed out"],
  memory_exceeded: ["memory-stick", "Out of memory"],
  output_exceeded: ["scroll-text", "Too much output"],
  cancelled: ["circle-slash", "Cancelled"],
  rejected: ["shield-ban", "Rejected"],
  lost: ["unplug", "Lost"],
  draft: ["circle-dashed", "Draft"],
  active: ["circle-check", "Active"],
  archived: ["archive", "Archived"],
  trashed: ["trash-2", "In trash"],
  ok: ["check", "Ready"],
  warn: ["triangle-alert", "Warning"],
  bad: ["circle-x", "Not available"],
};

const LIVE = new Set(["queued", "running", "cancelling"]);

export function isLive(status) {
  return LIVE.has(status);
}

export function badge(status, label = null) {
  const [name, word] = STATES[status] ?? ["circle", status];
  return el("span.badge.plain", { "data-status": status }, icon(name), label ?? word);
}
