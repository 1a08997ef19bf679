// Who does a step, what it means in the measures, with which form and operation.
import { html } from "@bpmn-io/diagram-js-ui";
import { isType } from "../shapes.js";
import { CheckField, ExpressionField, Section, SelectField } from "./fields.js";

const pairs = (list) => list.map(({ code, label }) => [code, label]);
const meaning = (list, code) => list.find((one) => one.code === code)?.meaning;

/** 依据: the role in the measures and the article, with its words. */
export function Basis({ element, ctx }) {
  const { role = "", article = "" } = element.businessObject;
  const { roles, articles } = ctx.vocabulary;
  const set = (properties) => ctx.drawing.set(element, properties);
  const text = articles.find((one) => one.code === article);
  return html`<${Section} title="依据">
    <${SelectField} id="role" label="在办法里的角色" value=${role} choices=${pairs(roles)} none="没有" disabled=${ctx.readOnly}
      hint=${meaning(roles, role) ?? "时限、层级、抄送等要求按角色核对。"}
      write=${(code) => set({ role: code || undefined, ...(code && !article && { article: roles.find((one) => one.code === code).article || undefined }) })} />
    <${SelectField} id="article" label="依据条文" value=${article} choices=${pairs(articles)} none="没有" disabled=${ctx.readOnly}
      write=${(code) => set({ article: code || undefined })} />
    ${text && html`<blockquote class="article-text"><b>${text.label}</b>${text.text}</blockquote>`}
  <//>`;
}

/** 办理: who may sign for the task, its form, the state the case shows, whether it may be taken back. */
export function Work({ element, ctx }) {
  const object = element.businessObject;
  const { pools, forms, states } = ctx.vocabulary;
  const set = (properties) => ctx.drawing.set(element, properties);
  const form = forms.find((one) => one.code === object.form);
  return html`<${Section} title="办理">
    <${SelectField} id="pool" label="经办方" value=${object.pool ?? ""} choices=${pairs(pools)} none="还没有指定" disabled=${ctx.readOnly}
      hint=${meaning(pools, object.pool) ?? "这一环节到了谁的待签收里。"} write=${(code) => set({ pool: code || undefined })} />
    <${SelectField} id="form" label="表单" value=${object.form ?? ""} choices=${pairs(forms)} none="还没有指定" disabled=${ctx.readOnly}
      write=${(code) => set({ form: code || undefined })}>
      ${form && ctx.links.files && html`<p class="field-hint"><a href=${`${ctx.links.files}?file=forms/${form.code}.json`}>打开表单“${form.label}”</a></p>`}
    <//>
    <${SelectField} id="state" label="到这里时案件的状态" value=${object.state ?? ""} choices=${pairs(states)} none="不变" disabled=${ctx.readOnly}
      write=${(code) => set({ state: code || undefined })} />
    <${CheckField} id="withdrawable" label="办理后、下一人签收前可以撤回" value=${Boolean(object.withdrawable)} disabled=${ctx.readOnly}
      write=${(yes) => set({ withdrawable: yes || undefined })} />
  <//>`;
}

/** 操作: what the system does, with its arguments and the notices it sends. */
export function Operation({ element, ctx }) {
  const code = element.businessObject.operation ?? "";
  const wanted = isType(element, "bpmn:UserTask");
  const offered = ctx.vocabulary.operations.filter((one) => one.submitted === wanted);
  const chosen = ctx.vocabulary.operations.find((one) => one.code === code);
  const given = ctx.drawing.args(element);
  const choose = (next) => {
    const kept = ctx.vocabulary.operations.find((one) => one.code === next)?.arguments.map((one) => one.name) ?? [];
    ctx.drawing.set(element, { operation: next || undefined });
    if (Object.keys(given).some((name) => !kept.includes(name))) {
      ctx.drawing.setArgs(element, Object.fromEntries(Object.entries(given).filter(([name]) => kept.includes(name))));
    }
  };
  return html`<${Section} title=${wanted ? "提交后的操作" : "系统操作"}>
    <${SelectField} id="operation" label="操作" value=${code} choices=${pairs(offered)} none="还没有指定" disabled=${ctx.readOnly}
      hint=${chosen?.meaning} write=${choose} />
    ${chosen?.arguments.map((one) => html`<${ArgumentField} key=${`${element.id}-${one.name}`} argument=${one} value=${given[one.name] ?? ""} ctx=${ctx}
      write=${(value) => ctx.drawing.setArgs(element, { ...given, [one.name]: value })} />`)}
    ${chosen?.notices.length > 0 && html`<div class="field"><p class="form-label">发出的通知</p>
      <ul class="notice-list">${chosen.notices.map((one) => html`<li>发给${one.to}：${noticeLink(one, ctx)}</li>`)}</ul></div>`}
  <//>`;
}

const noticeLink = (one, ctx) =>
  ctx.links.files ? html`<a href=${`${ctx.links.files}?file=notices/${one.kind}`}>${one.subject}</a>` : one.subject;

function ArgumentField({ argument, value, write, ctx }) {
  const id = `argument-${argument.name}`;
  const normal = value.replaceAll('"', "'");
  if (!argument.free || argument.choices.some(([code]) => code === normal)) {
    const choices = argument.free ? [...argument.choices, ["0", "另行填写"]] : argument.choices;
    return html`<${SelectField} id=${id} label=${argument.label} value=${normal} choices=${choices} none="还没有指定" disabled=${ctx.readOnly} write=${write} />`;
  }
  return html`<${ExpressionField} id=${id} label=${argument.label} value=${value} rows=${1} ask=${ctx.ask} disabled=${ctx.readOnly} write=${write}
    hint=${`填写数字，或用名称：${argument.choices.map(([code, word]) => `${word} ${code}`).join("，")}`} />`;
}

/** 决策表 of a rule task. */
export function Decision({ element, ctx }) {
  const code = element.businessObject.decision ?? "";
  const table = ctx.vocabulary.decisions.find((one) => one.code === code);
  return html`<${Section} title="决策表">
    <${SelectField} id="decision" label="按哪张决策表" value=${code} choices=${pairs(ctx.vocabulary.decisions)} none="还没有指定" disabled=${ctx.readOnly}
      write=${(next) => ctx.drawing.set(element, { decision: next || undefined })}>
      ${table && ctx.links.files && html`<p class="field-hint"><a href=${`${ctx.links.files}?file=${table.file}`}>打开决策表“${table.label}”</a></p>`}
    <//>
  <//>`;
}

/** 调用 of another diagram of the package. */
export function Called({ element, ctx }) {
  const code = element.businessObject.calledElement ?? "";
  const called = ctx.vocabulary.processes.find((one) => one.code === code);
  return html`<${Section} title="调用">
    <${SelectField} id="called" label="调用哪张流程图" value=${code} choices=${pairs(ctx.vocabulary.processes)} none="还没有指定" disabled=${ctx.readOnly}
      write=${(next) => ctx.drawing.set(element, { calledElement: next || undefined })}>
      ${called && html`<p class="field-hint"><a href=${`${ctx.links.here}?file=${called.file}`}>打开“${called.label}”</a></p>`}
    <//>
  <//>`;
}
