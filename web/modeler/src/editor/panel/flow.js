// 条件 of a flow: when it is taken. Simple comparisons are three fields; everything else is an expression.
import { html, useState } from "@bpmn-io/diagram-js-ui";
import { readCondition, writeCondition } from "../condition_text.js";
import { isType, nameOf } from "../shapes.js";
import { CheckField, ExpressionField, Section, SelectField } from "./fields.js";

const SPLITS = ["bpmn:ExclusiveGateway", "bpmn:InclusiveGateway", "bpmn:Activity"];

export function Condition({ element, ctx }) {
  const object = element.businessObject;
  const source = object.conditionExpression?.body ?? "";
  const [asText, setAsText] = useState(false);
  if (!isType(object.sourceRef, ...SPLITS)) return null;
  const isDefault = object.sourceRef.default === object;
  const write = (body) => ctx.drawing.set(element, { conditionExpression: ctx.drawing.formal(object, body) });
  const simple = readCondition(source);
  const shape = isDefault ? "" : asText ? "text" : !source.trim() ? "" : simple ? "simple" : "text";
  const choose = (next) => {
    setAsText(next === "text");
    if (next === "simple" && !simple) write(writeCondition({ name: "decision", is: true, value: "" }));
    if (next === "") write("");
  };
  return html`<${Section} title="什么时候走这里">
    <${CheckField} id="default" label="其他情况都走这里（默认）" value=${isDefault} disabled=${ctx.readOnly}
      hint=${`“${nameOf(object.sourceRef)}”的其他条件都不成立时。`}
      write=${(yes) => ctx.drawing.set(element.source, { default: yes ? object : undefined })} />
    ${!isDefault && html`
      <${SelectField} id="condition-shape" label="条件" value=${shape} choices=${[["simple", "按办理结果或案件情况"], ["text", "表达式"]]} none="没有条件"
        disabled=${ctx.readOnly} write=${choose} />
      ${shape === "simple" && html`<${Simple} condition=${simple} element=${element} ctx=${ctx} write=${(next) => write(writeCondition(next))} />`}
      ${shape === "text" && html`<${ExpressionField} key=${element.id} id="condition-text" label="条件表达式" kind="condition" value=${source} ask=${ctx.ask}
        disabled=${ctx.readOnly} write=${write} rows=${3} hint="结果必须是“是”或“否”。" /><${Names} ctx=${ctx} />`}
    `}
  <//>`;
}

function Simple({ condition, element, ctx, write }) {
  const known = [...ctx.vocabulary.results, ...ctx.vocabulary.facts];
  const choices = choicesOf(condition.name, element, ctx);
  const yesOrNo = condition.value === null;
  return html`
    <${SelectField} id="condition-name" label="看什么" value=${condition.name} choices=${known.map((one) => [one.code, one.label])} disabled=${ctx.readOnly}
      hint=${known.find((one) => one.code === condition.name)?.meaning}
      write=${(name) => write({ name, is: true, value: choicesOf(name, element, ctx).length ? "" : null })} />
    <${SelectField} id="condition-is" label="关系" value=${condition.is ? "is" : "not"} disabled=${ctx.readOnly}
      choices=${yesOrNo ? [["is", "为“是”"], ["not", "为“否”"]] : [["is", "等于"], ["not", "不等于"]]}
      write=${(how) => write({ ...condition, is: how === "is" })} />
    ${!yesOrNo && html`<${SelectField} id="condition-value" label="值" value=${condition.value} choices=${choices} none="还没有选" disabled=${ctx.readOnly}
      write=${(value) => write({ ...condition, value })} />`}`;
}

/** The values a name can have: of the facts as the catalogue knows them, of the last decision as its form offers them. */
function choicesOf(name, element, ctx) {
  const listed = [...ctx.vocabulary.results, ...ctx.vocabulary.facts].find((one) => one.code === name)?.choices ?? [];
  if (name !== "decision") return listed;
  const task = taskBefore(element.source);
  const fields = ctx.vocabulary.forms.find((one) => one.code === task?.form)?.fields;
  const field = fields?.find((one) => one.name === name);
  return field?.choices ?? everyDecision(ctx);
}

function everyDecision(ctx) {
  const all = ctx.vocabulary.forms.flatMap((form) => form.fields.filter((one) => one.name === "decision").flatMap((one) => one.choices));
  return [...new Map(all).entries()];
}

/** The user task whose form was filled in last before this place, if the way there is plain. */
function taskBefore(element, seen = new Set()) {
  if (!element || seen.has(element)) return null;
  seen.add(element);
  if (isType(element, "bpmn:UserTask")) return element.businessObject;
  for (const flow of element.incoming ?? []) {
    const found = taskBefore(flow.source, seen);
    if (found) return found;
  }
  return null;
}

/** What an expression may name, with examples. */
export function Names({ ctx }) {
  const list = (title, all) => html`<h4>${title}</h4><dl>${all.map((one) => html`<dt><code>${one.code}</code> ${one.label}</dt><dd>${one.meaning}</dd>`)}</dl>`;
  return html`<details class="names"><summary>可以用的名称和例子</summary>
    <p>例：<code>decision == 'return'</code>，<code>letter_needed</code>，<code>tier in ['district', 'city'] and not extended</code></p>
    ${list("办理结果", ctx.vocabulary.results)} ${list("案件情况", ctx.vocabulary.facts)} ${list("函数", ctx.vocabulary.functions)}
  </details>`;
}
