// What can be done to the drawing without dragging: put a step behind another, stick an event on it, connect, delete.
import { attributes } from "./offered.js";
import { isType, nameOf } from "./shapes.js";

const ROOM = 60; // to leave on either side of a step put onto a flow

export function actsOn(modeler) {
  const get = (name) => modeler.get(name);

  function made(shape) {
    return get("elementFactory").createShape(attributes(shape));
  }

  /** A new step behind `source`; a step with one way out keeps it: the new one comes between. */
  function insertAfter(source, shape) {
    if (isType(source, "bpmn:SequenceFlow")) return insertOn(source, shape);
    const flow = onlyWayOut(source);
    if (flow && shape.type !== "bpmn:EndEvent") return insertOn(flow, shape);
    return select(filled(get("autoPlace").append(source, made(shape)), shape));
  }

  function onlyWayOut(source) {
    const flows = source.outgoing.filter((one) => isType(one, "bpmn:SequenceFlow"));
    return flows.length === 1 && !isType(source, "bpmn:Gateway") ? flows[0] : null;
  }

  /** A new step on a flow: in its middle where there is room, else beside its source with the flow hung over. */
  function insertOn(flow, shape) {
    const piece = made(shape);
    const straight = flow.waypoints.length === 2 && flow.waypoints[0].y === flow.waypoints[1].y;
    const [first, last] = [flow.waypoints[0], flow.waypoints.at(-1)];
    if (straight && Math.abs(last.x - first.x) >= piece.width + ROOM) {
      const middle = { x: (first.x + last.x) / 2, y: first.y };
      return select(filled(get("modeling").createShape(piece, middle, flow), shape));
    }
    const { source } = flow;
    const placed = get("autoPlace").append(source, piece);
    get("modeling").reconnectStart(flow, placed, { x: placed.x + placed.width, y: placed.y + placed.height / 2 });
    return select(filled(placed, shape));
  }

  /** A subprocess begins with a start event. */
  function filled(placed, shape) {
    if (shape.type === "bpmn:SubProcess") {
      const start = get("elementFactory").createShape({ type: "bpmn:StartEvent" });
      get("modeling").createShape(start, { x: placed.x + 60, y: placed.y + placed.height / 2 }, placed);
    }
    return placed;
  }

  /** An event on the lower edge of a step, right of those that hang there already. */
  function attach(host, shape) {
    const taken = host.attachers.filter((one) => Math.abs(one.y + one.height / 2 - (host.y + host.height)) < 5);
    const free = Array.from({ length: 40 }, (_, slot) => host.x + 20 + slot * 46).find(
      (x) => x < host.x + host.width && taken.every((one) => Math.abs(one.x + one.width / 2 - x) > 40),
    );
    const position = { x: free ?? host.x + host.width - 10, y: host.y + host.height };
    return select(get("modeling").createShape(made(shape), position, host, { attach: true }));
  }

  /** The elements `source` may be connected to by a flow, in reading order. */
  function targets(source) {
    const rules = get("rules");
    return get("elementRegistry")
      .filter((one) => one !== source && !one.labelTarget && !one.waypoints && isType(one, "bpmn:FlowNode"))
      .filter((one) => rules.allowed("connection.create", { source, target: one })?.type === "bpmn:SequenceFlow")
      .sort((a, b) => nameOf(a).localeCompare(nameOf(b), "zh-CN"));
  }

  function connect(source, target) {
    return select(get("modeling").connect(source, target));
  }

  function remove(elements) {
    get("modeling").removeElements(elements);
  }

  function select(element) {
    get("selection").select(element);
    return element;
  }

  /** Select and bring into view; an element inside a closed subprocess opens it. */
  function show(id) {
    const element = get("elementRegistry").get(id);
    if (!element) return false;
    const root = get("canvas").findRoot(element);
    if (root && root !== get("canvas").getRootElement()) get("canvas").setRootElement(root);
    if (element !== root) {
      select(element);
      get("canvas").scrollToElement(element, { top: 80, bottom: 80, left: 120, right: 80 });
    }
    return true;
  }

  function replaceMenu(element, at) {
    const box = at.getBoundingClientRect();
    const position = { x: box.left, y: box.bottom + 4, cursor: { x: box.left, y: box.bottom + 4 } };
    get("popupMenu").open(element, "bpmn-replace", position, { title: "更换类型", width: 300, search: true });
  }

  return { insertAfter, attach, targets, connect, remove, show, replaceMenu };
}
