// Reading and writing the properties of an element, each write one step of undo.
export function drawing(modeler) {
  const modeling = () => modeler.get("modeling");
  const create = (type, attributes = {}) => modeler.get("bpmnFactory").create(type, attributes);

  function set(element, properties) {
    modeling().updateProperties(element, properties);
  }

  /** Properties of something inside an element: its timer, its loop marker, its message. */
  function setInside(element, inner, properties) {
    modeling().updateModdleProperties(element, inner, properties);
  }

  /** A child made on the way, with its parent known. */
  function child(parent, type, attributes) {
    const made = create(type, attributes);
    made.$parent = parent;
    return made;
  }

  function root(element) {
    let object = element.businessObject;
    while (object.$parent) object = object.$parent;
    return object;
  }

  const formal = (parent, body) => (body ? child(parent, "bpmn:FormalExpression", { body }) : undefined);

  // ------------------------------------------------------------------ <lianxin:argument name value> of an operation
  function args(element) {
    const holder = element.businessObject.extensionElements;
    return Object.fromEntries((holder?.values ?? []).filter((one) => one.$type === "lianxin:Argument").map((one) => [one.name, one.value ?? ""]));
  }

  /** Write all arguments; one without a value is left out. */
  function setArgs(element, wanted) {
    const object = element.businessObject;
    const others = (object.extensionElements?.values ?? []).filter((one) => one.$type !== "lianxin:Argument");
    const holder = child(object, "bpmn:ExtensionElements", {});
    const given = Object.entries(wanted).filter(([, value]) => value !== "");
    holder.values = [...others, ...given.map(([name, value]) => child(holder, "lianxin:Argument", { name, value }))];
    set(element, { extensionElements: holder.values.length ? holder : undefined });
  }

  // ------------------------------------------------------------------ <documentation>
  const documentation = (element) => element.businessObject.documentation?.map((one) => one.text).join("\n") ?? "";

  function setDocumentation(element, text) {
    set(element, { documentation: text ? [child(element.businessObject, "bpmn:Documentation", { text })] : [] });
  }

  // ------------------------------------------------------------------ messages, signals, errors, by name
  const REFERENCES = {
    "bpmn:MessageEventDefinition": ["messageRef", "bpmn:Message", "name"],
    "bpmn:ReceiveTask": ["messageRef", "bpmn:Message", "name"],
    "bpmn:SignalEventDefinition": ["signalRef", "bpmn:Signal", "name"],
    "bpmn:ErrorEventDefinition": ["errorRef", "bpmn:Error", "errorCode"],
    "bpmn:EscalationEventDefinition": ["escalationRef", "bpmn:Escalation", "escalationCode"],
  };

  function referred(holder) {
    const [property, , key] = REFERENCES[holder.$type];
    return holder[property]?.[key] ?? holder[property]?.name ?? "";
  }

  const named = (element, holder) => {
    const [, type, key] = REFERENCES[holder.$type];
    return root(element).rootElements.filter((one) => one.$type === type).map((one) => one[key] ?? one.name).filter(Boolean);
  };

  /** Let the event name this message, which is added to the file when it is new. */
  function refer(element, holder, name) {
    const [property, type, key] = REFERENCES[holder.$type];
    if (!name) return setInside(element, holder, { [property]: undefined });
    const definitions = root(element);
    let found = definitions.rootElements.find((one) => one.$type === type && (one[key] ?? one.name) === name);
    if (!found) {
      found = child(definitions, type, { name, ...(key !== "name" && { [key]: name }) });
      setInside(element, definitions, { rootElements: [...definitions.rootElements, found] });
    }
    setInside(element, holder, { [property]: found });
  }

  return { set, setInside, child, create, formal, args, setArgs, documentation, setDocumentation, referred, named, refer };
}

/** Arguments, documentation and the like of an element as plain data, also where nothing can be written. */
export const trigger = (element) => element.businessObject.eventDefinitions?.[0];
