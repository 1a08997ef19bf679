// What is wrong stands at the input that says it, and in the list beside the table; a click there leads to the input.
export function marks(form, found) {
  for (const old of form.querySelectorAll(".sheet-wrong")) old.remove();
  for (const input of form.querySelectorAll("[data-marked]")) {
    for (const name of ["aria-invalid", "aria-describedby", "data-marked"]) input.removeAttribute(name);
  }
  const list = document.getElementById("sheet-marks");
  list.replaceChildren(...(found.length ? [] : [text("p", "没有问题。")]));
  for (const mark of found) {
    const input = inputOf(form, mark.place);
    if (input) point(form, input, mark);
    list.append(line(input, mark));
  }
}

/** In words, what the codes of a cell mean. */
export function words(form, said) {
  for (const place of form.querySelectorAll("[data-words]")) place.textContent = said[place.dataset.words] ?? "";
}

function inputOf(form, name) {
  return [...form.elements].find((element) => element.name === name && element.type !== "hidden");
}

function point(form, input, mark) {
  const id = `wrong-${mark.place}`;
  const note = text("small", (mark.severity === "error" ? "" : "注意：") + mark.sentence);
  note.id = id;
  note.className = `sheet-wrong sheet-${mark.severity}`;
  const old = form.querySelector(`#${CSS.escape(id)}`);
  if (old) return;
  (input.closest("label.cell") ?? input).after(note);
  input.setAttribute("aria-describedby", id);
  input.dataset.marked = mark.severity;
  if (mark.severity === "error") input.setAttribute("aria-invalid", "true");
}

function line(input, mark) {
  const item = text("p", "");
  item.className = `sheet-${mark.severity}`;
  const button = text("button", mark.where ? `${mark.where}：${mark.sentence}` : mark.sentence);
  button.type = "button";
  button.className = "sheet-to";
  button.addEventListener("click", () => {
    if (!input) return;
    input.focus();
    const lines = input.value?.split("\n") ?? [];
    if (mark.column && input.setSelectionRange) {
      const place = lines.slice(0, mark.line - 1).join("\n").length + (mark.line > 1 ? 1 : 0) + mark.column - 1;
      input.setSelectionRange(place, Math.min(place + 1, input.value.length));
    }
  });
  item.append(button);
  return item;
}

function text(tag, content) {
  const element = document.createElement(tag);
  element.textContent = content;
  return element;
}
