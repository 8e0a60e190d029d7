// Menus are <details>: they open without script. Script adds Esc, a click outside, and the arrow keys.
function close(menu, { focus = false } = {}) {
  menu.open = false;
  if (focus) menu.querySelector("summary").focus();
}

function move(menu, step) {
  const items = [...menu.querySelectorAll(".list a, .list button")];
  const at = items.indexOf(document.activeElement);
  items[(at + step + items.length) % items.length]?.focus();
}

export function install() {
  document.addEventListener("click", event => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      const inside = menu.contains(event.target);
      if (!inside || event.target.closest(".list a, .list button")) close(menu);
    }
  });
  document.addEventListener("keydown", event => {
    const menu = event.target.closest?.("details.menu[open]");
    if (!menu) return;
    if (event.key === "Escape") { event.stopPropagation(); close(menu, { focus: true }); }
    else if (event.key === "ArrowDown") { event.preventDefault(); move(menu, 1); }
    else if (event.key === "ArrowUp") { event.preventDefault(); move(menu, -1); }
  });
}
