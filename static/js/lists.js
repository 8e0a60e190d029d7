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

const LIVE_MS = 3000;

/** While a list shows runs that go on, it is fetched again now and then; a reader's focus and scroll place stay (morph). */
function refreshLive() {
  const rows = document.querySelector("#rows[data-refresh-live]");
  const live = rows?.querySelector('[data-status="running"], [data-status="queued"], [data-status="cancelling"]');
  if (!live || document.visibilityState === "hidden") return;
  window.htmx.ajax("GET", location.href, { target: rows, swap: "morph:outerHTML" });
}

export function install() {
  setInterval(refreshLive, LIVE_MS);
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
