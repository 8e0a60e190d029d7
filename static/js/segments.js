// Segmented buttons (.seg): exactly one is pressed. With data-show="#id" each shows its own part and hides the others'.
export function press(button) {
  for (const other of button.closest(".seg").querySelectorAll("button")) {
    const on = other === button;
    other.setAttribute("aria-pressed", String(on));
    const part = other.dataset.show && document.querySelector(other.dataset.show);
    if (part) part.hidden = !on;
  }
}

export function install() {
  document.addEventListener("click", event => {
    const button = event.target.closest(".seg button");
    if (button) press(button);
  });
}
