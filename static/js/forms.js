// Forms: data-submit-on-change sends the form when a choice changes; a form that was sent cannot be sent twice;
// data-confirm asks before something that cannot be undone.
import { ask } from "./dialog.js";

async function confirmed(form, button) {
  const choice = await ask({
    title: form.dataset.confirm, text: form.dataset.confirmText ?? "",
    choices: [{ value: "yes", label: form.dataset.confirmLabel ?? button?.textContent.trim() ?? "Continue", kind: "stop" }],
  });
  if (choice !== "yes") return;
  form.dataset.confirmed = "yes";
  form.requestSubmit(button);
}

export function install() {
  document.addEventListener("change", event => {
    if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
  });
  document.addEventListener("submit", event => {
    const form = event.target;
    if (form.dataset.confirm && form.dataset.confirmed !== "yes") {
      event.preventDefault();
      confirmed(form, event.submitter);
    } else if (form.method === "post" && !event.defaultPrevented) {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
      setTimeout(() => { delete form.dataset.sent; delete form.dataset.confirmed; }, 3000);
    }
  });
}
