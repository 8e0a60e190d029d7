// Short messages that need no answer. Errors that need a decision are dialogs or notices in place, not toasts.
import { el, icon, iconButton } from "./element.js";

const ICONS = { ok: "circle-check", info: "info", warn: "triangle-alert", failed: "circle-x" };
const LINGER_MS = 6000;

/** Show a toast; `action` is {label, run}. Returns a function that takes it away. */
export function toast(title, { text = "", status = "info", action = null, stay = false } = {}) {
  const close = () => node.remove();
  const button = action
    ? el("button.btn.sm", { type: "button", onclick: () => { close(); action.run(); } }, action.label)
    : iconButton("x", "Dismiss", close);
  const node = el("div.toast", { role: status === "failed" ? "alert" : "status", "data-status": status },
    icon(ICONS[status]), el("b", {}, title), button, text ? el("p", {}, text) : null);
  document.getElementById("toasts").append(node);
  if (!stay) leaveLater(node);
  return close;
}

/** A reader who points at a toast or has the focus in it is not rushed. */
function leaveLater(node) {
  setTimeout(() => {
    if (node.matches(":hover, :focus-within")) leaveLater(node);
    else node.remove();
  }, LINGER_MS);
}

export function install() {
  const region = document.getElementById("toasts");
  for (const node of region?.querySelectorAll('.toast[role="status"]') ?? []) leaveLater(node);
  region?.addEventListener("click", event => event.target.closest("[data-dismiss]")?.closest(".toast").remove());
}
