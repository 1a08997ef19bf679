// Two drawings side by side: <figure class="compare-side" data-url="…"> each; the address answers {xml}. What changed is
// read from the sentences (data-element, data-formerly, data-also, data-kind); a click on one finds it in both drawings.
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import { toolbar } from "./viewer_toolbar.js";

const WORDS = { added: "新增", removed: "删去", moved: "移动", changed: "改动", limit: "时限" };
const SHOWN_ON = { added: ["new"], removed: ["old"] };
const ROOM = 60; // pixels around an element that is brought into view

const pair = document.querySelector(".compare-pair");
const goes = [...document.querySelectorAll(".compare-go")];
const sides = new Map();

async function draw(figure) {
  const stage = figure.querySelector(".compare-stage");
  try {
    const answer = await fetch(figure.dataset.url, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const { xml } = await answer.json();
    if (!xml) return say(stage, "这一版没有这张图。");
    const viewer = new NavigatedViewer({ container: stage });
    await viewer.importXML(xml);
    sides.set(figure.dataset.side, viewer);
    mark(viewer, figure.dataset.side);
    toolbar(figure, viewer);
    fit(viewer);
  } catch (error) {
    console.warn("compare", error);
    say(stage, "流程图没有打开，请刷新本页再试。改动见文字清单。");
  }
}

/** A drawing that is not shown now has no size; it is fitted when it is. */
function fit(viewer) {
  const canvas = viewer.get("canvas");
  if (!canvas.getContainer().clientWidth) return;
  canvas.resized();
  canvas.zoom("fit-viewport", "auto");
}

function say(stage, sentence) {
  const line = document.createElement("p");
  line.className = "compare-empty";
  line.textContent = sentence;
  stage.replaceChildren(line);
}

function idsOf(go, side) {
  return [side === "old" ? go.dataset.formerly : go.dataset.element, ...go.dataset.also.split(" ").filter(Boolean)];
}

/** The strongest word of an element wins: the sentences come limits first. */
function mark(viewer, side) {
  const registry = viewer.get("elementRegistry");
  const marked = new Set();
  for (const go of goes) {
    const { kind } = go.dataset;
    if (!(SHOWN_ON[kind] ?? ["old", "new"]).includes(side)) continue;
    for (const id of idsOf(go, side)) {
      const element = registry.get(id);
      if (!element || marked.has(id)) continue;
      marked.add(id);
      viewer.get("canvas").addMarker(id, `diff-${kind}`);
      if (!element.waypoints) badge(viewer, id, kind);
    }
  }
}

function badge(viewer, id, kind) {
  const html = document.createElement("span");
  html.className = `mark mark-${kind}`;
  html.textContent = WORDS[kind];
  viewer.get("overlays").add(id, { position: { top: -14, left: 0 }, html });
}

function centre(viewer, ids) {
  const canvas = viewer.get("canvas");
  if (!canvas.getContainer().clientWidth) return;
  const registry = viewer.get("elementRegistry");
  registry.forEach((element) => canvas.removeMarker(element.id, "diff-chosen"));
  const found = ids.map((id) => registry.get(id)).filter(Boolean);
  found.forEach((element) => canvas.addMarker(element.id, "diff-chosen"));
  if (!found.length) return;
  const [first] = found;
  const box = first.waypoints ? boxOf(first.waypoints) : first;
  const { outer } = canvas.viewbox();
  const scale = Math.max(canvas.zoom(), 0.8);
  const [width, height] = [outer.width / scale, outer.height / scale];
  if (!width || !height) return;
  canvas.viewbox({ x: box.x + box.width / 2 - width / 2, y: box.y + box.height / 2 - height / 2, width, height });
}

function boxOf(points) {
  const [xs, ys] = [points.map((point) => point.x), points.map((point) => point.y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x + ROOM, height: Math.max(...ys) - y + ROOM };
}

/** Dragging or zooming one drawing moves the other; the same place of the paper is compared. */
function together([one, other]) {
  let following = false;
  const follow = (from, to) => from.get("eventBus").on("canvas.viewbox.changed", ({ viewbox }) => {
    if (following || !to.get("canvas").getContainer().clientWidth) return;
    following = true;
    const { x, y, width, height } = viewbox;
    to.get("canvas").viewbox({ x, y, width, height });
    following = false;
  });
  follow(one, other);
  follow(other, one);
}

function choose(go) {
  for (const one of goes) one.toggleAttribute("aria-current", one === go);
  for (const [side, viewer] of [...sides].reverse()) centre(viewer, idsOf(go, side));
}

function toggle(button) {
  pair.dataset.shown = button.dataset.show;
  for (const one of document.querySelectorAll(".compare-toggle button")) one.setAttribute("aria-pressed", String(one === button));
  const viewer = sides.get(button.dataset.show);
  if (!viewer) return;
  fit(viewer);
  const chosen = goes.find((go) => go.hasAttribute("aria-current"));
  if (chosen) centre(viewer, idsOf(chosen, button.dataset.show));
}

async function start() {
  if (!pair) return;
  await Promise.all([...pair.querySelectorAll(".compare-side")].map(draw));
  if (sides.size === 2) together([...sides.values()]);
  goes.forEach((go) => go.addEventListener("click", () => choose(go)));
  document.querySelectorAll(".compare-toggle button").forEach((button) => button.addEventListener("click", () => toggle(button)));
  pair.dataset.ready = "yes";
}

start();
