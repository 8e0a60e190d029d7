// The ARIA tabs pattern: one tab stop, arrows move, the chosen panel shows. Emits "tabchange" on the list.
export function select(tab, { focus = false } = {}) {
  const list = tab.closest('[role="tablist"]');
  for (const other of list.querySelectorAll('[role="tab"]')) {
    const on = other === tab;
    other.setAttribute("aria-selected", String(on));
    other.tabIndex = on ? 0 : -1;
    const panel = document.getElementById(other.getAttribute("aria-controls"));
    if (panel) panel.hidden = !on;
  }
  if (focus) tab.focus();
  list.dispatchEvent(new CustomEvent("tabchange", { bubbles: true, detail: { tab } }));
}

export function install() {
  document.addEventListener("click", event => {
    const tab = event.target.closest('button[role="tab"]');
    if (tab) select(tab);
  });
  document.addEventListener("keydown", event => {
    const tab = event.target.closest?.('button[role="tab"]');
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!tab || !step) return;
    const all = [...tab.closest('[role="tablist"]').querySelectorAll('[role="tab"]')];
    event.preventDefault();
    select(all[(all.indexOf(tab) + step + all.length) % all.length], { focus: true });
  });
}
