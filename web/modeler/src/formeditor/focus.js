// After the rows were drawn anew the keyboard stays where the person is: with the row that moved, in the new one.
export function keepFocus(body) {
  const here = document.activeElement;
  if (!body.contains(here)) return undefined;
  return { name: here.name, value: here.name === "op" ? here.value : undefined, start: here.selectionStart, row: here.closest("[data-row]") && here.name };
}

export function focusAfter(body, op, focused) {
  const [act, place = ""] = op.split(":");
  const number = Number(place);
  const rows = [...body.querySelectorAll("[data-row]")];
  let to;
  if (act === "add" || act === "copy") to = first(rows[number]);
  else if (act === "drop") to = first(rows[Math.min(number, rows.length) - 1]);
  else if (act === "up" || act === "down") {
    const at = Math.min(Math.max(number + (act === "up" ? -1 : 1), 1), rows.length);
    to = focused?.value === undefined && focused?.name ? same(rows[at - 1], focused.name) : body.querySelector(`button[value="${act}:${at}"]`);
  } else if (act === "option_add") to = last(body, `[name^="row-${number - 1}-option-"][name$="-label"]`);
  else if (act === "when_add") to = last(body, `[name^="row-${number - 1}-when-"][name$="-field"]`);
  else if (act === "input" || act === "output") to = body.querySelector(`[name="label-${number}"]`);
  else if (focused) to = [...body.querySelectorAll("[name]")].find((one) => one.name === focused.name && (focused.value === undefined || one.value === focused.value));
  (to ?? (focused && first(rows[0])))?.focus();
}

const first = (row) => row?.querySelector("textarea, input:not([type=hidden])");
const last = (body, selector) => [...body.querySelectorAll(selector)].at(-1);

/** The input of the same kind in another row: cell-3-1 → cell-2-1, row-3-help → row-2-help. */
function same(row, name) {
  const kind = name.replace(/^(cell|row)-\d+/, "");
  return row && [...row.querySelectorAll("[name]")].find((one) => one.name.replace(/^(cell|row)-\d+/, "") === kind && one.type !== "hidden");
}
