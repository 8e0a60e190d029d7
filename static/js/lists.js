// Lists: j and k move between the rows' links, Enter opens (it is a link). Filters sent by htmx leave out empty fields,
// so that the address stays short and can be shared.
function titles() {
  return [...document.querySelectorAll(".table .title")];
}

function move(step) {
  const all = titles();
  if (!all.length) return;
  const at = all.indexOf(document.activeElement);
  all[Math.min(Math.max(at + step, 0), all.length - 1)].focus();
}

export function install() {
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, dialog, .studio")) return;
    if (event.key === "j") move(1);
    if (event.key === "k") move(-1);
  });
  document.addEventListener("htmx:configRequest", event => {
    const { verb, parameters } = event.detail;
    if (verb !== "get") return;
    for (const [name, value] of Object.entries(parameters)) if (value === "") delete parameters[name];
  });
}
