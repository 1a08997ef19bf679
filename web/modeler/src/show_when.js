// <div data-show-when="decision=accept|return"> is there only while the field `decision` of the same form has one of
// these values; what is hidden is not sent either. Without script everything shows, and the server decides.

function valueOf(form, name) {
  const field = form.elements.namedItem(name);
  if (!field) return "";
  return field.type === "checkbox" ? (field.checked ? field.value : "") : field.value;
}

function update(form) {
  for (const part of form.querySelectorAll("[data-show-when]")) {
    const [name, values] = part.dataset.showWhen.split("=");
    const shown = values.split("|").includes(valueOf(form, name)) && !part.parentElement.closest("[data-show-when][hidden]");
    part.hidden = !shown;
    for (const field of part.querySelectorAll("input, select, textarea")) {
      if (field.closest("[data-show-when]") === part) field.disabled = !shown;
    }
  }
}

const updateAll = () => document.querySelectorAll("form:has([data-show-when])").forEach(update);

document.addEventListener("input", (event) => event.target.form && update(event.target.form));
document.addEventListener("change", (event) => event.target.form && update(event.target.form));
document.addEventListener("DOMContentLoaded", updateAll);
document.addEventListener("htmx:after:swap", updateAll);
