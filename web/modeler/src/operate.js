// The pages of the operating desk and of 换版: counts on a drawing, the chosen pair in two drawings, filters of a preview.

const drawings = new Map(); // side ("old", "new") → viewer

document.addEventListener("diagram:shown", ({ target, detail }) => {
  if (target.dataset.side) drawings.set(target.dataset.side, detail.viewer);
  for (const badge of detail.data.badges ?? []) draw(detail.viewer, badge);
  const row = target.dataset.side && document.querySelector("tr.chosen[data-pair]"); // chosen before the drawing came
  if (row) show(row);
});

function draw(viewer, { element, count, overdue, heat, words, address }) {
  if (!viewer.get("elementRegistry").get(element)) return;
  const link = document.createElement("a");
  link.className = `crowd heat-${heat}`;
  link.href = address;
  link.title = words;
  link.textContent = overdue ? `${count}件 逾期${overdue}` : `${count}件`;
  viewer.get("overlays").add(element, { position: { top: -14, right: 16 }, html: link });
  viewer.get("canvas").addMarker(element, `step-heat-${heat}`);
}

// ---- 换版: a row of the table shows its pair in both drawings
let shown = [];

function show(row) {
  for (const [viewer, id] of shown) viewer.get("canvas").removeMarker(id, "step-pair");
  shown = [];
  for (const other of document.querySelectorAll("tr.chosen[data-pair]")) other.classList.remove("chosen");
  row.classList.add("chosen");
  for (const side of ["old", "new"]) {
    const viewer = drawings.get(side);
    const id = row.dataset[side];
    if (!viewer || !id || !viewer.get("elementRegistry").get(id)) continue;
    viewer.get("canvas").addMarker(id, "step-pair");
    viewer.get("canvas").scrollToElement(id, 60);
    shown.push([viewer, id]);
  }
}

document.addEventListener("click", (event) => {
  const row = event.target.closest?.("[data-pair-show]")?.closest("[data-pair]");
  if (row) show(row);
});
document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("[data-pair]");
  if (row && !row.classList.contains("chosen")) show(row);
});

// ---- the preview: how many of each verdict, and only those
const rows = () => [...document.querySelectorAll("#pieces tr[data-verdict]")];
let only = "";

function refresh() {
  const bar = document.querySelector("[data-piece-filter]");
  if (!bar) return;
  bar.hidden = false;
  for (const button of bar.querySelectorAll("[data-piece]")) {
    const kind = button.dataset.piece;
    button.querySelector("b").textContent = rows().filter((row) => !kind || row.dataset.verdict === kind).length;
    button.setAttribute("aria-pressed", String(kind === only));
  }
  for (const row of rows()) row.hidden = only !== "" && row.dataset.verdict !== only;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-piece]");
  if (button) {
    only = button.dataset.piece;
    refresh();
  }
  if (event.target.closest?.("[data-piece-all]")) {
    for (const row of rows()) if (!row.hidden && !row.querySelector("input").disabled) row.querySelector("input").checked = true;
    document.querySelector('[name="which"][value="some"]').checked = true;
  }
});
document.addEventListener("change", (event) => {
  if (event.target.matches?.('#pieces input[name="case"]')) document.querySelector('[name="which"][value="some"]').checked = true;
});
document.addEventListener("htmx:after:swap", refresh);
document.addEventListener("DOMContentLoaded", refresh);
refresh();
