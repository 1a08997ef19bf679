// What the modeler offers with the mouse: our palette, and the menus of bpmn-js without what the engine refuses.
import { SHAPES } from "./shapes.js";

const REFUSED = /ad-hoc|complex|compensation|conditional-(?!flow)|condition-|instantiat|data-store|multiplicity/i;
const FORBIDDEN_ENTRIES = new Set(["toggle-adhoc", "toggle-is-for-compensation", "toggle-participant-multiplicity"]);

class OurPalette {
  constructor(palette, create, elementFactory, handTool, lassoTool, spaceTool, globalConnect, translate) {
    Object.assign(this, { create, elementFactory, handTool, lassoTool, spaceTool, globalConnect, translate });
    palette.registerProvider(200, this);
  }

  /** Replaces what bpmn-js offers. */
  getPaletteEntries() {
    return () => ({ ...this.tools(), ...this.shapes(), ...this.frames() });
  }

  tools() {
    const tool = (className, title, click) => ({ group: "tools", className, title: this.translate(title), action: { click } });
    return {
      hand: tool("bpmn-icon-hand-tool", "Activate hand tool", (event) => this.handTool.activateHand(event)),
      lasso: tool("bpmn-icon-lasso-tool", "Activate lasso tool", (event) => this.lassoTool.activateSelection(event)),
      space: tool("bpmn-icon-space-tool", "Activate create/remove space tool", (event) => this.spaceTool.activateSelection(event)),
      connect: tool("bpmn-icon-connection-multi", "Activate global connect tool", (event) => this.globalConnect.start(event)),
      "tools-end": { group: "tools", separator: true },
    };
  }

  shapes() {
    const entries = SHAPES.map((shape) => [shape.id, this.entry(shape.group, shape.icon, `画${shape.label}`, () => this.parts(shape))]);
    for (const group of ["step", "gateway", "event"]) entries.push([`${group}-end`, { group, separator: true }]);
    return Object.fromEntries(entries);
  }

  frames() {
    return {
      pool: this.entry("frame", "bpmn-icon-participant", "画泳池", () => this.elementFactory.createParticipantShape()),
      note: this.entry("frame", "bpmn-icon-text-annotation", "画文字注释", () => this.elementFactory.createShape({ type: "bpmn:TextAnnotation" })),
      group: this.entry("frame", "bpmn-icon-group", "画分组框", () => this.elementFactory.createShape({ type: "bpmn:Group" })),
    };
  }

  parts(shape) {
    const made = this.elementFactory.createShape(attributes(shape));
    if (shape.type !== "bpmn:SubProcess") return made;
    return [made, this.elementFactory.createShape({ type: "bpmn:StartEvent", x: 40, y: 82, parent: made })];
  }

  entry(group, className, title, make) {
    const start = (event) => {
      const made = make();
      this.create.start(event, made, Array.isArray(made) ? { hints: { autoSelect: [made[0]] } } : undefined);
    };
    return { group, className, title, action: { dragstart: start, click: start } };
  }
}
OurPalette.$inject = ["palette", "create", "elementFactory", "handTool", "lassoTool", "spaceTool", "globalConnect", "translate"];

/** What elementFactory wants to know about one of our shapes. */
export function attributes({ type, eventDefinitionType, isExpanded, cancelActivity }) {
  return {
    type,
    ...(eventDefinitionType && { eventDefinitionType }),
    ...(isExpanded && { isExpanded }),
    ...(cancelActivity !== undefined && { cancelActivity }),
  };
}

const allowed = (entries) =>
  Object.fromEntries(Object.entries(entries).filter(([id]) => !REFUSED.test(id) && !FORBIDDEN_ENTRIES.has(id)));

class OnlyExecutable {
  constructor(popupMenu, contextPad, autoPlace, create, elementFactory) {
    Object.assign(this, { autoPlace, create, elementFactory });
    popupMenu.registerProvider("bpmn-replace", 200, this);
    contextPad.registerProvider(200, this);
  }

  getPopupMenuEntries() {
    return allowed;
  }

  getPopupMenuHeaderEntries() {
    return allowed;
  }

  getContextPadEntries() {
    return (entries) => {
      const kept = allowed(entries);
      if (kept["append.append-task"]) kept["append.append-task"] = this.userTask(kept["append.append-task"]);
      return kept;
    };
  }

  /** The next step of a procedure is one a person works on; bpmn-js would append a task without a kind. */
  userTask(entry) {
    const shape = () => this.elementFactory.createShape({ type: "bpmn:UserTask" });
    const action = {
      click: (_event, element) => this.autoPlace.append(element, shape()),
      dragstart: (event, element) => this.create.start(event, shape(), { source: element }),
    };
    return { ...entry, className: "bpmn-icon-user-task", action };
  }
}
OnlyExecutable.$inject = ["popupMenu", "contextPad", "autoPlace", "create", "elementFactory"];

export const offeredModule = {
  __init__: ["ourPalette", "onlyExecutable"],
  ourPalette: ["type", OurPalette],
  onlyExecutable: ["type", OnlyExecutable],
};
