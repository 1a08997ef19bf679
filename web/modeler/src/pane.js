// The pane beside a list: its close button or Escape empties it and gives the focus back to the row it came from.
// A <dialog data-opens> opens when htmx has put something into it. Texts with data-limit say how much room is left.
let opener;

function closePane() {
  const pane = document.getElementById("pane");
  if (!pane?.firstChild) return false;
  pane.replaceChildren();
  mark(null);
  opener?.focus();
  return true;
}

function mark(row) {
  for (const old of document.querySelectorAll("tr.chosen")) old.classList.remove("chosen");
  row?.classList.add("chosen");
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.('[data-pane], [hx-target="#pane"] [type="submit"]');
  if (link && !link.closest("#pane")) {
    opener = link;
    mark(link.closest("tr"));
  }
  if (event.target.closest?.("[data-pane-close]")) closePane();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]") && !event.target.closest?.("details[data-menu]")) closePane();
});

document.addEventListener("htmx:after:swap", () => {
  for (const dialog of document.querySelectorAll("dialog[data-opens]")) {
    if (dialog.firstElementChild && !dialog.open) dialog.showModal();
  }
  document.querySelectorAll("textarea[data-limit]").forEach(count);
});

document.addEventListener(
  "close",
  (event) => {
    if (event.target.matches?.("dialog[data-opens]")) event.target.replaceChildren();
  },
  true,
);

function count(area) {
  let line = area.nextElementSibling;
  if (!line?.classList.contains("field-count")) {
    line = document.createElement("p");
    line.className = "field-count";
    area.after(line);
  }
  const limit = Number(area.dataset.limit);
  const length = [...area.value].length;
  line.textContent = length > limit ? `超出${length - limit}字，最多${limit}字` : `${length} / ${limit}字`;
  line.classList.toggle("field-count-over", length > limit);
}

document.addEventListener("input", (event) => event.target.matches?.("textarea[data-limit]") && count(event.target));
document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("textarea[data-limit]").forEach(count));
