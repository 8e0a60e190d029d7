// Native dialogs: data-open="#id" opens, data-close closes, a click on the backdrop closes those that hold no work.
import { el } from "./element.js";

export function install() {
  document.addEventListener("click", event => {
    const opener = event.target.closest("[data-open]");
    if (opener) document.querySelector(opener.dataset.open)?.showModal();
    else if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close("");
    else if (event.target.matches("dialog[data-light]")) event.target.close("");
  });
}

/**
 * Ask a question; resolves to the chosen value, or null when dismissed.
 * `choices` are {value, label, kind}; the last one is the main button. `field` adds one text input, whose text is returned
 * as {value, text}; `check(text)` returns an error sentence or "".
 */
export function ask({ title, text = "", body = null, choices, field = null }) {
  return new Promise(resolve => {
    const input = field ? el("input.input", { id: "ask-field", value: field.value ?? "", autocomplete: "off", spellcheck: "false", autofocus: true }) : null;
    const error = el("p.error", { id: "ask-error", role: "alert", hidden: true });
    const buttons = choices.map((choice, index) => el(`button.btn${choice.kind ? `.${choice.kind}` : ""}`,
      { value: choice.value, type: index === choices.length - 1 ? "submit" : "button", onclick: index === choices.length - 1 ? null : () => finish(choice.value) },
      choice.label));
    const form = el("form", { onsubmit: event => { event.preventDefault(); finish(choices.at(-1).value); } },
      el("div.body", {}, body, input ? el("div.field", {}, el("label", { for: "ask-field" }, field.label), input,
        field.hint ? el("p.hint", {}, field.hint) : null, error) : null),
      el("footer", {}, el("button.btn.ghost", { type: "button", onclick: () => dialog.close() }, "Cancel"), ...buttons));
    const dialog = el("dialog.dialog", { "aria-labelledby": "ask-title" },
      el("header", {}, el("h2", { id: "ask-title" }, title), text ? el("p.muted", {}, text) : null), form);
    let answer = null;

    function finish(value) {
      const problem = input ? field.check?.(input.value.trim()) ?? "" : "";
      if (problem) {
        error.textContent = problem;
        error.hidden = false;
        input.setAttribute("aria-invalid", "true");
        input.setAttribute("aria-describedby", "ask-error");
        input.focus();
        return;
      }
      answer = input ? { value, text: input.value.trim() } : value;
      dialog.close();
    }

    dialog.addEventListener("close", () => { dialog.remove(); resolve(answer); });
    document.body.append(dialog);
    dialog.showModal();
    input?.select();
  });
}
