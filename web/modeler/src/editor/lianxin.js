// Our own attributes in a diagram (docs/bpmn.md), so that the modeler reads, keeps and writes them.
const text = (name) => ({ name, isAttr: true, type: "String" });

export const lianxin = {
  name: "lianxin",
  uri: "urn:lianxin:bpmn",
  prefix: "lianxin",
  xml: { tagAlias: "lowerCase" },
  types: [
    {
      name: "Step",
      extends: ["bpmn:FlowNode"],
      properties: [
        ...["role", "article", "pool", "form", "operation", "state", "decision"].map(text),
        { name: "withdrawable", isAttr: true, type: "Boolean" },
      ],
    },
    {
      name: "Repeated",
      extends: ["bpmn:MultiInstanceLoopCharacteristics"],
      properties: ["collection", "item", "result", "results"].map(text),
    },
    { name: "Argument", superClass: ["Element"], properties: [text("name"), text("value")] },
  ],
};
