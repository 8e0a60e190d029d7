// Keys of the whole site: `?` shows them, `/` goes to the search field, two-letter jumps start with g. Never while typing.
const JUMP_MS = 1200;
let pending = 0;

function typing(target) {
  return target.closest?.('input, textarea, select, [contenteditable="true"], .monaco-editor, dialog');
}

function jump(key) {
  document.querySelector(`[data-go="${CSS.escape(key)}"]`)?.click();
}

export function install() {
  document.addEventListener("keydown", event => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (Date.now() - pending < JUMP_MS) { pending = 0; jump(event.key); }
    else if (event.key === "g") pending = Date.now();
    else if (event.key === "?") document.getElementById("keys")?.showModal();
    else if (event.key === "/") focusSearch(event);
    else document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
  });
}

function focusSearch(event) {
  const field = document.querySelector('input[type="search"]');
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
}
