// Messages, signals, errors; repeated steps; scripts.
import { html } from "@bpmn-io/diagram-js-ui";
import { CheckField, ExpressionField, Section, SelectField, TextField } from "./fields.js";

const HOLDERS = {
  "bpmn:MessageEventDefinition": "消息", "bpmn:ReceiveTask": "消息", "bpmn:SignalEventDefinition": "信号",
  "bpmn:ErrorEventDefinition": "错误代码", "bpmn:EscalationEventDefinition": "升级代码",
};

export const refers = (holder) => Boolean(holder && HOLDERS[holder.$type]);

export function Reference({ element, holder, ctx }) {
  const word = HOLDERS[holder.$type];
  const said = ctx.vocabulary.messages ?? [];
  const names = new Map([...said.map((one) => [one.code, one.label]), ...ctx.drawing.named(element, holder).map((name) => [name, name])]);
  for (const one of said) if (word === "消息") names.set(one.code, one.label);
  const label = said.find((one) => one.code === ctx.drawing.referred(holder))?.label;
  return html`<${Section} title=${word}>
    <${TextField} key=${element.id} id="reference" label=${`${word}的名称`} value=${ctx.drawing.referred(holder)} list=${word === "消息" ? [...names] : undefined} disabled=${ctx.readOnly}
      hint=${label ?? (word === "消息" ? "同名的消息互相送达；办案页面上的“申请延期”“终止”也是这样送来的。" : "同名的互相送达。")}
      write=${(name) => ctx.drawing.refer(element, holder, name.trim())} />
    ${element.type === "bpmn:BoundaryEvent" && html`<${CheckField} id="cancel" label="收到后中断原环节" value=${element.businessObject.cancelActivity !== false} disabled=${ctx.readOnly}
      write=${(yes) => ctx.drawing.set(element, { cancelActivity: yes })} />`}
  <//>`;
}

// ------------------------------------------------------------------ repeated steps
const SEVERAL = "bpmn:MultiInstanceLoopCharacteristics";
const LOOP = "bpmn:StandardLoopCharacteristics";
const HOW = [["parallel", "多份同时办理"], ["sequential", "多份依次办理"], ["loop", "循环，直到条件不成立"]];

export function Repeated({ element, ctx }) {
  const object = element.businessObject;
  const marker = object.loopCharacteristics;
  const how = !marker ? "" : marker.$type === LOOP ? "loop" : marker.isSequential ? "sequential" : "parallel";
  const choose = (next) => {
    const kept = marker?.$type === SEVERAL && (next === "parallel" || next === "sequential");
    if (kept) return ctx.drawing.setInside(element, marker, { isSequential: next === "sequential" });
    const made = next === "loop" ? ctx.drawing.child(object, LOOP, { loopMaximum: 10 }) : next && ctx.drawing.child(object, SEVERAL, { isSequential: next === "sequential" });
    ctx.drawing.set(element, { loopCharacteristics: made || undefined });
  };
  return html`<${Section} title="重复办理" open=${Boolean(marker)}>
    <${SelectField} id="repeat" label="办几次" value=${how} choices=${HOW} none="一次" disabled=${ctx.readOnly} write=${choose} />
    ${how === "loop" && html`<${Loop} element=${element} marker=${marker} ctx=${ctx} />`}
    ${marker?.$type === SEVERAL && html`<${Several} element=${element} marker=${marker} ctx=${ctx} />`}
  <//>`;
}

function Loop({ element, marker, ctx }) {
  const write = (properties) => ctx.drawing.setInside(element, marker, properties);
  return html`
    <${TextField} id="loop-maximum" label="最多几次" type="number" min="1" max="200" value=${marker.loopMaximum === undefined ? "" : String(marker.loopMaximum)} disabled=${ctx.readOnly}
      write=${(text) => write({ loopMaximum: text ? Number(text) : undefined })} />
    <${ExpressionField} key=${`${element.id}-loop`} id="loop-condition" label="条件成立就再办一次" kind="condition" value=${marker.loopCondition?.body ?? ""} ask=${ctx.ask} disabled=${ctx.readOnly}
      write=${(body) => write({ loopCondition: ctx.drawing.formal(marker, body) })} />
    <${CheckField} id="loop-before" label="先看条件，再办第一次" value=${Boolean(marker.testBefore)} disabled=${ctx.readOnly} write=${(yes) => write({ testBefore: yes || undefined })} />`;
}

function Several({ element, marker, ctx }) {
  const write = (properties) => ctx.drawing.setInside(element, marker, properties);
  const expression = (id, label, property, hint) => html`<${ExpressionField} key=${`${element.id}-${id}`} id=${id} label=${label} rows=${1} hint=${hint} ask=${ctx.ask}
    disabled=${ctx.readOnly} kind=${property === "completionCondition" ? "condition" : "expression"} value=${marker[property]?.body ?? ""}
    write=${(body) => write({ [property]: ctx.drawing.formal(marker, body) })} />`;
  return html`
    ${expression("several-count", "份数", "loopCardinality", "填写数字；或者按下面的名单，每项一份。")}
    <${ExpressionField} key=${`${element.id}-list`} id="several-list" label="按名单" rows=${1} value=${marker.collection ?? ""} ask=${ctx.ask} disabled=${ctx.readOnly}
      write=${(text) => write({ collection: text || undefined })} />
    ${expression("several-until", "条件成立就提前结束", "completionCondition", "例如 numberOfCompletedInstances == 2，其余未办的撤回。")}`;
}

/** 脚本 of a script task; its format is always ours. */
export function Script({ element, ctx }) {
  return html`<${Section} title="计算">
    <${ExpressionField} key=${element.id} id="script" label="脚本" kind="script" rows=${5} value=${element.businessObject.script ?? ""} ask=${ctx.ask} disabled=${ctx.readOnly}
      hint="一行一句：名称 = 表达式，可以用 if。" write=${(script) => ctx.drawing.set(element, { script: script || undefined, scriptFormat: "lianxin" })} />
  <//>`;
}
