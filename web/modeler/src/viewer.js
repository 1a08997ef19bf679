// The live diagram of a case: <div data-diagram-url="/cases/…/diagram.json" aria-label="流程图"></div>
//
// The address answers {xml, current: [element id], done: [{element, who, when, what?}], links: {element id: address},
// covered, missing: [element id] (what scenarios of a dry run come to, and what none does)}:
// current steps and done steps are marked, a click (or Enter) on an element tells who acted and when, and a step that
// runs another diagram links to it. No style attributes in markup, no eval: runs under default-src 'self'.
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import { panel } from "./viewer_panel.js";
import { toolbar } from "./viewer_toolbar.js";

const STATES = { current: "当前环节", done: "已办", covered: "有情景经过", missing: "没有情景经过" };

async function show(place) {
  if (place.dataset.shown) return;
  place.dataset.shown = "yes";
  place.classList.add("diagram");
  place.setAttribute("role", "group");
  const stage = append(place, "div", "diagram-stage");
  try {
    const answer = await fetch(place.dataset.diagramUrl, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    await draw(place, stage, await answer.json());
  } catch (error) {
    console.warn("diagram", error);
    stage.remove();
    append(place, "p", "diagram-failed").textContent = "流程图没有打开，请刷新本页再试。办理过程见下方列表。";
  }
}

async function draw(place, stage, { xml, current = [], done = [], links = {}, covered, missing = [], badges = [] }) {
  const viewer = new NavigatedViewer({ container: stage });
  await viewer.importXML(xml);
  const canvas = viewer.get("canvas");
  const registry = viewer.get("elementRegistry");
  const marks = new Map(
    covered
      ? [...covered.map((id) => [id, "covered"]), ...missing.map((id) => [id, "missing"])]
      : [...done.map((act) => [act.element, "done"]), ...current.map((id) => [id, "current"])],
  );

  for (const [id, state] of marks) {
    if (registry.get(id)) canvas.addMarker(id, `step-${state}`);
  }
  for (const id of Object.keys(links)) {
    if (registry.get(id)) canvas.addMarker(id, "step-linked");
  }
  const aside = panel(place, { done, marks, links, states: STATES });
  toolbar(place, viewer);
  reachable(viewer, marks, aside);
  fitWhenVisible(stage, canvas);
  place.dispatchEvent(new CustomEvent("diagram:shown", { bubbles: true, detail: { viewer, data: { badges } } }));
}

/** Mouse and keyboard: every named step can be reached with Tab, in the order of the page, and opened with Enter. */
function reachable(viewer, marks, aside) {
  const open = (element) => aside.open(element.id, nameOf(element));
  viewer.get("eventBus").on("element.click", ({ element }) => {
    if (isStep(element)) open(element);
    else aside.close();
  });
  const registry = viewer.get("elementRegistry");
  for (const element of registry.filter(isStep)) {
    const graphics = registry.getGraphics(element);
    const state = STATES[marks.get(element.id)];
    graphics.setAttribute("tabindex", "0");
    graphics.setAttribute("role", "button");
    graphics.setAttribute("aria-label", state ? `${nameOf(element)}，${state}` : nameOf(element));
    graphics.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      open(element);
    });
  }
}

const nameOf = (element) => element.businessObject?.name || "";

function isStep(element) {
  const type = element.type ?? "";
  return !element.labelTarget && nameOf(element) !== "" && /Task$|Event$|CallActivity$|SubProcess$/.test(type);
}

/** A diagram drawn in a closed tab has no size; it is fitted when it first gets one, and when the window changes. */
function fitWhenVisible(stage, canvas) {
  let width = 0;
  const fit = () => {
    if (!stage.clientWidth || stage.clientWidth === width) return;
    width = stage.clientWidth;
    canvas.resized();
    canvas.zoom("fit-viewport", "auto");
  };
  new ResizeObserver(fit).observe(stage);
  fit();
}

function append(parent, tag, className) {
  const element = document.createElement(tag);
  element.className = className;
  parent.append(element);
  return element;
}

const showAll = () => document.querySelectorAll("[data-diagram-url]").forEach(show);

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", showAll);
else showAll();
document.addEventListener("htmx:after:swap", showAll);
