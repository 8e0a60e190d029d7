// The height of the console: dragged, or moved with the arrow keys; remembered. Folding leaves its tabs.
import { recall, remember } from "../memory.js";

const LEAST = 120, STEP = 24;

export function install(main) {
  const handle = main.querySelector("[data-split]"), fold = main.querySelector('[data-act="fold"]');
  const most = () => Math.max(LEAST, main.clientHeight - 160);
  const set = height => {
    const value = Math.round(Math.min(Math.max(height, LEAST), most()));
    main.style.setProperty("--dock", `${value}px`);
    handle.setAttribute("aria-valuenow", String(value));
    handle.setAttribute("aria-valuemax", String(most()));
    remember("studio.dock", value);
  };
  const now = () => Number(handle.getAttribute("aria-valuenow"));
  const folded = on => {
    main.classList.toggle("folded", on);
    fold.setAttribute("aria-expanded", String(!on));
  };
  const saved = Number(recall("studio.dock"));
  if (saved) set(saved);
  handle.addEventListener("pointerdown", event => {
    handle.setPointerCapture(event.pointerId);
    const move = moved => set(main.getBoundingClientRect().bottom - moved.clientY);
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", () => handle.removeEventListener("pointermove", move), { once: true });
  });
  handle.addEventListener("keydown", event => {
    const by = { ArrowUp: STEP, ArrowDown: -STEP }[event.key];
    if (by) { event.preventDefault(); set(now() + by); }
  });
  fold.addEventListener("click", () => folded(!main.classList.contains("folded")));
  main.querySelector(".dock").addEventListener("tabchange", () => folded(false));
}
