// The panel beside the drawing: everything about the selected element that the engine reads, in words of the house. A new
// field: docs/how-to/add-a-panel-field.md.
import { html, useRef, useState } from "@bpmn-io/diagram-js-ui";
import { ATTACHED, isType, kindOf, nameOf, SHAPES } from "../shapes.js";
import { trigger } from "./drawing.js";
import { Reference, refers, Repeated, Script } from "./events.js";
import { AreaField, Section, SelectField } from "./fields.js";
import { Condition } from "./flow.js";
import { Time } from "./time.js";
import { Basis, Called, Decision, Operation, Work } from "./work.js";

const OPERATED = ["bpmn:UserTask", "bpmn:ServiceTask", "bpmn:SendTask", "bpmn:IntermediateThrowEvent", "bpmn:EndEvent"];

/** The sections an element has, in their order. */
function sections(element) {
  const timer = isType(trigger(element), "bpmn:TimerEventDefinition") ? trigger(element) : null;
  const holder = isType(element, "bpmn:ReceiveTask") ? element.businessObject : trigger(element);
  return [
    [Condition, isType(element, "bpmn:SequenceFlow")],
    [Time, timer, { timer }],
    [Reference, refers(holder), { holder }],
    [Work, isType(element, "bpmn:UserTask")],
    [Decision, isType(element, "bpmn:BusinessRuleTask")],
    [Called, isType(element, "bpmn:CallActivity")],
    [Script, isType(element, "bpmn:ScriptTask")],
    [Operation, isType(element, ...OPERATED) && !isType(trigger(element), "bpmn:TerminateEventDefinition")],
    [Basis, isType(element, "bpmn:FlowNode") && !isType(element, "bpmn:Gateway")],
    [Repeated, isType(element, "bpmn:Activity")],
  ].filter(([, wanted]) => wanted);
}

export function Panel({ elements, root, found, ctx }) {
  if (elements.length > 1) return html`<${Many} elements=${elements} ctx=${ctx} />`;
  const element = elements[0] ?? root;
  const onRoot = element === root || isType(element, "bpmn:Participant");
  return html`<div key=${element.id}>
    <header class="panel-head"><p class="panel-kind">${kindOf(element)}</p><h2>${element === root && !element.businessObject.name ? "整张流程图" : nameOf(element)}</h2></header>
    ${found.length > 0 && html`<ul class="panel-found">${found.map((one) => html`<li class=${one.severity}>${one.message}</li>`)}</ul>`}
    <${Name} element=${element} ctx=${ctx} />
    ${sections(element).map(([Part, , more]) => html`<${Part} key=${Part.name} element=${element} ctx=${ctx} ...${more} />`)}
    ${!ctx.readOnly && element !== root && html`<${Acts} element=${element} ctx=${ctx} />`}
    ${onRoot && html`<${Notices} ctx=${ctx} />`}
    ${!isType(element, "bpmn:TextAnnotation", "bpmn:Collaboration") && html`<${Words} element=${element} ctx=${ctx} />`}
  </div>`;
}

function Name({ element, ctx }) {
  if (isType(element, "bpmn:Collaboration")) return null;
  const object = element.businessObject;
  const note = isType(element, "bpmn:TextAnnotation");
  const rename = (name) => {
    ctx.drawing.set(element, note ? { text: name } : { name });
    if (object.processRef) ctx.drawing.setInside(element, object.processRef, { name });
  };
  const value = (note ? object.text : object.name) ?? "";
  return html`<div class="panel-fields"><${AreaField} key=${`${element.id}-name`} id="name" label=${note ? "注释" : "名称"} value=${value} rows=${note ? 4 : 1}
    disabled=${ctx.readOnly} write=${rename} /></div>`;
}

function Words({ element, ctx }) {
  return html`<${Section} title="说明"><${AreaField} key=${`${element.id}-doc`} id="documentation" label="说明文字" value=${ctx.drawing.documentation(element)} rows=${5}
    disabled=${ctx.readOnly} hint="写依据的原文和办理口径，打开流程图的人都能看到。" write=${(text) => ctx.drawing.setDocumentation(element, text)} /><//>`;
}

/** Everything the mouse can do, for the keyboard: insert, attach, connect, change, delete. */
function Acts({ element, ctx }) {
  const { acts } = ctx;
  const change = useRef();
  const [target, setTarget] = useState("");
  const node = isType(element, "bpmn:FlowNode");
  const goesOn = (node && !isType(element, "bpmn:EndEvent")) || isType(element, "bpmn:SequenceFlow");
  const targets = node && goesOn ? acts.targets(element) : [];
  const replaceable = !isType(element, "bpmn:TextAnnotation", "bpmn:Group", "bpmn:Lane", "bpmn:Association");
  const pick = (list, act) => (id) => id && act(element, list.find((one) => one.id === id));
  return html`<${Section} title="画图">
    ${goesOn && html`<${SelectField} id="insert" label=${node ? "在其后插入" : "在这条连线上插入"} value="" none="请选择…"
      choices=${SHAPES.filter((one) => !one.first).map((one) => [one.id, one.label])} write=${pick(SHAPES, acts.insertAfter)} />`}
    ${isType(element, "bpmn:Activity") && html`<${SelectField} id="attach" label="贴在这个环节上" value="" none="请选择…"
      choices=${ATTACHED.map((one) => [one.id, one.label])} write=${pick(ATTACHED, acts.attach)} />`}
    ${targets.length > 0 && html`<div class="panel-row"><${SelectField} id="connect" label="连接到" value=${target} none="请选择…"
      choices=${targets.map((one) => [one.id, `${nameOf(one)}（${kindOf(one)}）`])} write=${setTarget} />
      <button class="btn" type="button" disabled=${!target} onClick=${() => acts.connect(element, targets.find((one) => one.id === target))}>连接</button></div>`}
    <div class="panel-buttons">
      ${replaceable && html`<button class="btn btn-sm" type="button" ref=${change} onClick=${() => acts.replaceMenu(element, change.current)}>更换类型</button>`}
      <button class="btn btn-sm btn-outline-danger" type="button" onClick=${() => acts.remove([element])}>删除</button>
    </div>
  <//>`;
}

function Many({ elements, ctx }) {
  return html`<header class="panel-head"><p class="panel-kind">选中了</p><h2>${elements.length}个图形</h2></header>
    ${!ctx.readOnly && html`<${Section} title="画图"><div class="panel-buttons">
      <button class="btn btn-sm btn-outline-danger" type="button" onClick=${() => ctx.acts.remove(elements)}>全部删除</button></div><//>`}
    <ul class="panel-list">${elements.map((one) => html`<li>${nameOf(one)}</li>`)}</ul>`;
}

/** 抄送与通知: who hears of what, over the whole diagram. */
function Notices({ ctx }) {
  const rows = ctx.steps().flatMap((step) => {
    const operation = ctx.vocabulary.operations.find((one) => one.code === step.businessObject.operation);
    const copied = operation?.arguments.find((one) => one.name === "to")?.choices.find(([code]) => code === ctx.drawing.args(step).to?.replaceAll('"', "'"));
    return (operation?.notices ?? []).length ? [{ step, to: copied?.[1] ?? operation.notices.map((one) => one.to).join("；") }] : [];
  });
  if (!rows.length) return null;
  return html`<${Section} title="抄送与通知"><ul class="notice-list">${rows.map(({ step, to }) => html`<li>
    <button class="link" type="button" onClick=${() => ctx.acts.show(step.id)}>${nameOf(step)}</button>：${to}</li>`)}</ul><//>`;
}
