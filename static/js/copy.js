// data-copy="#id" copies that element's text; data-copy-text="…" copies the attribute itself.
import { toast } from "./toast.js";

/** Copy text, also where the clipboard interface is missing (plain http on another host). */
export async function copyText(text, what = "Copied") {
  try {
    await navigator.clipboard.writeText(text);
    toast(what, { status: "ok" });
  } catch {
    if (copyBySelection(text)) toast(what, { status: "ok" });
    else toast("The browser did not allow copying", { status: "warn", text: "Select the text and press Ctrl+C." });
  }
}

function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "sr";
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

export function install() {
  document.addEventListener("click", event => {
    const button = event.target.closest("[data-copy], [data-copy-text]");
    if (!button) return;
    const source = button.dataset.copy ? document.querySelector(button.dataset.copy) : null;
    const text = source ? (source.value ?? source.textContent) : button.dataset.copyText;
    copyText(text, button.dataset.copied || "Copied");
  });
}
