// 时间: the limit as fields — how many working days, from which day, with consent, how long before, at which hour.
import { html, useState } from "@bpmn-io/diagram-js-ui";
import { readDuration, readLimit, sayLimit, writeDuration, writeLimit } from "../time_text.js";
import { CheckField, ExpressionField, Section, SelectField, TextField } from "./fields.js";

const TAGS = ["timeDate", "timeDuration", "timeCycle"];
const SHAPES = [
  ["limit", "若干工作日之后"], ["duration", "若干天或小时之后"], ["date", "某一天"], ["cycle", "每隔一段时间"], ["text", "表达式"],
];
const START = { from: "received_on", days: "10", extended: "", shift: "", by: "", at: "" };

export function Time({ element, timer, ctx }) {
  const tag = TAGS.find((name) => timer[name]) ?? "timeDate";
  const source = timer[tag]?.body ?? "";
  const [asText, setAsText] = useState(false);
  const shape = asText ? "text" : shapeOf(tag, source);
  const write = (body, wanted = "timeDate") => {
    const values = Object.fromEntries(TAGS.map((name) => [name, name === wanted ? ctx.drawing.formal(timer, body) : undefined]));
    ctx.drawing.setInside(element, timer, values);
  };
  const choose = (next) => {
    setAsText(next === "text");
    if (next === "limit") write(writeLimit(readLimit(source) ?? START));
    if (next === "duration") write("P3D", "timeDuration");
    if (next === "date") write(new Date().toISOString().slice(0, 10));
    if (next === "cycle") write("R/P1D", "timeCycle");
  };
  return html`<${Section} title="时间">
    <${SelectField} id="time-shape" label="什么时候" value=${shape} choices=${SHAPES} disabled=${ctx.readOnly} write=${choose} />
    ${shape === "limit" && html`<${Limit} limit=${readLimit(source)} write=${(limit) => write(writeLimit(limit))} ctx=${ctx} />`}
    ${shape === "duration" && html`<${Duration} id="time" label="之后" span=${readDuration(source)} ctx=${ctx} write=${(span) => write(writeDuration(span), "timeDuration")} />`}
    ${shape === "date" && html`<${TextField} id="time-date" label="日期" type="date" value=${source.slice(0, 10)} disabled=${ctx.readOnly} write=${(day) => day && write(day)} />`}
    ${shape === "cycle" && html`<${Cycle} source=${source} ctx=${ctx} write=${(body) => write(body, "timeCycle")} />`}
    ${shape === "text" && html`<${ExpressionField} key=${element.id} id="time-text" label="时间表达式" kind="timer" value=${source} ask=${ctx.ask} disabled=${ctx.readOnly}
      write=${(body) => write(body, tag)} rows=${3} hint="例如 working_days(received_on, 8)，结果是一个日期、时刻或时长。" />`}
    ${element.type === "bpmn:BoundaryEvent" && html`<${CheckField} id="cancel" label="到时中断原环节" value=${element.businessObject.cancelActivity !== false} disabled=${ctx.readOnly}
      hint="不中断：原环节继续办理，另外走一条路（催办、督办都这样画）。" write=${(yes) => ctx.drawing.set(element, { cancelActivity: yes })} />`}
  <//>`;
}

function shapeOf(tag, source) {
  if (tag === "timeDuration") return readDuration(source) ? "duration" : "text";
  if (tag === "timeCycle") return readCycle(source) ? "cycle" : "text";
  if (!source.trim() || readLimit(source)) return "limit";
  return /^\d{4}-\d\d-\d\d$/.test(source.trim()) ? "date" : "text";
}

function Limit({ limit, write, ctx }) {
  const known = knownBy(ctx.vocabulary);
  const fields = limit ?? START;
  const set = (changes) => write({ ...fields, ...changes });
  const starts = ctx.vocabulary.facts.filter((one) => one.code.endsWith("_on")).map((one) => [one.code, one.label]);
  return html`<fieldset class="limit">
    <legend class="visually-hidden">办理时限</legend>
    <${SelectField} id="limit-from" label="自哪一天起算" value=${fields.from} choices=${starts} disabled=${ctx.readOnly} write=${(from) => set({ from })} />
    <${Days} id="limit-days" label="办理工作日数" value=${fields.days} ctx=${ctx} write=${(days) => set({ days })} />
    <${CheckField} id="limit-extends" label="经党代表同意延期后另计" value=${fields.extended !== ""} disabled=${ctx.readOnly}
      write=${(yes) => set({ extended: yes ? "extended_answer_limit" : "" })} />
    ${fields.extended !== "" && html`<${Days} id="limit-extended" label="延期后工作日数" value=${fields.extended} ctx=${ctx} write=${(extended) => set({ extended })} />`}
    <${SelectField} id="limit-shift" label="在期限的" value=${fields.shift} disabled=${ctx.readOnly}
      choices=${[["", "届满之日"], ["before", "届满之前（提醒）"], ["after", "届满之后（督办）"]]}
      write=${(shift) => set({ shift, by: shift ? fields.by || "3" : "" })} />
    ${fields.shift !== "" && html`<${Days} id="limit-by" label=${fields.shift === "before" ? "提前工作日数" : "逾期工作日数"} value=${fields.by} ctx=${ctx} write=${(by) => set({ by })} />`}
    <${SelectField} id="limit-hour" label="当天的" value=${fields.at === "" ? "" : "at"} disabled=${ctx.readOnly}
      choices=${[["", "24时（当天过完）"], ["at", "某个钟点"]]} write=${(how) => set({ at: how ? "09:00" : "" })} />
    ${fields.at !== "" && html`<${TextField} id="limit-at" label="钟点" type="time" value=${fields.at} disabled=${ctx.readOnly} write=${(at) => at && set({ at })} />`}
    <p class="limit-words">${sayLimit(fields, known)}</p>
  </fieldset>`;
}

export function knownBy(vocabulary) {
  return (name) => ({
    label: vocabulary.facts.find((one) => one.code === name)?.label ?? name,
    value: vocabulary.parameters[name],
  });
}

/** A number of working days: typed, or one of the parameters of the measures. */
function Days({ id, label, value, write, ctx }) {
  const parameters = ctx.vocabulary.facts.filter((one) => one.parameter);
  const parameter = parameters.find((one) => one.code === value);
  const shown = parameter ? String(ctx.vocabulary.parameters[value]) : value;
  const choices = parameters.map((one) => [one.code, `参数：${one.label}（${ctx.vocabulary.parameters[one.code]}）`]);
  return html`<div class="days">
    <${TextField} key=${`${id}-${value}`} id=${id} label=${label} type="number" min="1" max="999" value=${shown} disabled=${ctx.readOnly}
      write=${(text) => /^[1-9]\d{0,2}$/.test(text) && write(text)} />
    <${SelectField} id=${`${id}-source`} label="天数来自" value=${parameter ? value : ""} choices=${choices} none="固定天数" disabled=${ctx.readOnly}
      write=${(code) => write(code || shown || "10")} />
  </div>`;
}

function Duration({ id, label, span, write, ctx }) {
  const { amount, unit } = span;
  return html`<div class="days">
    <${TextField} id=${`${id}-amount`} label=${label} type="number" min="1" max="3660" value=${amount} disabled=${ctx.readOnly}
      write=${(text) => /^[1-9]\d*$/.test(text) && write({ amount: text, unit })} />
    <${SelectField} id=${`${id}-unit`} label="单位" value=${unit} choices=${[["D", "天（自然日）"], ["H", "小时"]]} disabled=${ctx.readOnly}
      write=${(next) => write({ amount, unit: next })} />
  </div>`;
}

function readCycle(source) {
  const found = /^R(\d*)\/(P[^/]+)$/.exec(source.trim());
  const span = found && readDuration(found[2]);
  return span ? { times: found[1], span } : null;
}

function Cycle({ source, write, ctx }) {
  const { times, span } = readCycle(source);
  return html`
    <${Duration} id="cycle" label="每隔" span=${span} ctx=${ctx} write=${(next) => write(`R${times}/${writeDuration(next)}`)} />
    <${TextField} id="cycle-times" label="最多几次" type="number" min="1" max="1000" value=${times} disabled=${ctx.readOnly} hint="不填就一直重复。"
      write=${(text) => /^\d*$/.test(text) && write(`R${text}/${writeDuration(span)}`)} />`;
}
