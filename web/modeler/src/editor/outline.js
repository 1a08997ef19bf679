// 环节清单: every element of the diagram as a list, grouped as it is drawn, in the order of the flow; a click or Enter
// selects it. The way through the drawing for the keyboard.
import { html, useState } from "@bpmn-io/diagram-js-ui";
import { isType, kindOf, nameOf } from "./shapes.js";

const SHOWN = ["bpmn:FlowNode", "bpmn:SequenceFlow", "bpmn:Lane", "bpmn:Participant"];

export function Outline({ root, selected, marks, show }) {
  const [flows, setFlows] = useState(false);
  const [text, setText] = useState("");
  const keep = (element) => (flows || !isType(element, "bpmn:SequenceFlow")) && (!text || nameOf(element).includes(text) || kindOf(element).includes(text));
  return html`<div class="outline">
    <div class="outline-head">
      <label class="visually-hidden" for="outline-text">在清单中查找</label>
      <input class="form-control form-control-sm" id="outline-text" type="search" placeholder="查找环节" value=${text} onInput=${(event) => setText(event.target.value)} />
      <label class="form-check"><input class="form-check-input" type="checkbox" checked=${flows} onChange=${(event) => setFlows(event.target.checked)} /><span class="form-check-label">连线</span></label>
    </div>
    <${Branch} element=${root} keep=${keep} selected=${selected} marks=${marks} show=${show} flat=${Boolean(text)} />
  </div>`;
}

function Branch({ element, keep, selected, marks, show, flat }) {
  const inside = inOrder((element.children ?? []).filter((one) => !one.labelTarget && isType(one, ...SHOWN)));
  const lines = inside.map((one) => {
    const within = one.children?.length ? html`<${Branch} element=${one} keep=${keep} selected=${selected} marks=${marks} show=${show} flat=${flat} />` : null;
    if (!keep(one)) return flat && within ? html`<li key=${one.id}>${within}</li>` : null;
    const mark = marks.get(one.id);
    return html`<li key=${one.id}>
      <button type="button" class="outline-line" aria-current=${selected.includes(one) ? "true" : undefined} onClick=${() => show(one.id)}>
        <span class="outline-name">${nameOf(one)}</span><span class="outline-kind">${kindOf(one)}</span>
        ${mark && html`<span class=${`outline-mark ${mark}`}>${mark === "error" ? "有错误" : "有提醒"}</span>`}
      </button>${within}</li>`;
  });
  return html`<ul class="outline-list">${lines}</ul>`;
}

/** Along the flow from the start, boundary events behind their step; what nothing leads to comes last. */
function inOrder(elements) {
  const order = [];
  const seen = new Set();
  const inside = new Set(elements);
  const starts = elements.filter((one) => isType(one, "bpmn:StartEvent"));
  const waiting = [...starts];
  const add = (element) => {
    if (!element || seen.has(element) || !inside.has(element)) return;
    seen.add(element);
    order.push(element);
    for (const event of [...(element.attachers ?? [])].sort((a, b) => a.y - b.y || a.x - b.x)) add(event);
    for (const flow of element.outgoing ?? []) if (inside.has(flow)) waiting.push(flow);
    if (element.waypoints && element.target) waiting.unshift(element.target);
  };
  while (waiting.length) add(waiting.shift());
  elements.forEach(add);
  return order;
}
