// Blocking and classic on purpose: the chosen theme must be set before the first paint.
(() => {
  let choice = null;
  try { choice = localStorage.getItem("sandloft.theme"); } catch { /* storage may be forbidden; the system decides then */ }
  if (choice === "light" || choice === "dark") document.documentElement.dataset.theme = choice;
})();
