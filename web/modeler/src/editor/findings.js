// What the server found, on the drawing and in a list: a round badge at the element, red with a cross for what forbids
// publishing, amber with a mark for what deserves a look; words in a bubble on hover and focus, and everything below.
import { html, useState } from "@bpmn-io/diagram-js-ui";
import { isType } from "./shapes.js";

const WORDS = { error: "错误", warning: "提醒" };

export const worst = (found) => (found.some((one) => one.severity === "error" && !one.excepted) ? "error" : "warning");

/** Element id → findings, for this file. */
export function byElement(findings, file) {
  const found = new Map();
  for (const one of findings.filter((each) => each.file === file)) {
    found.set(one.element, [...(found.get(one.element) ?? []), one]);
  }
  return found;
}

/** Draw the badges; returns what stood at no element of the drawing. */
export function mark(modeler, findings, file, open) {
  const overlays = modeler.get("overlays");
  const registry = modeler.get("elementRegistry");
  overlays.remove({ type: "finding" });
  const homeless = [];
  for (const [id, found] of byElement(findings, file)) {
    const element = placed(registry, id);
    if (!element) {
      homeless.push(...found);
      continue;
    }
    const position = element.waypoints ? middle(element) : { top: -12, right: isType(element, "bpmn:Participant", "bpmn:Lane") ? 40 : 12 };
    overlays.add(element, "finding", { position, html: badge(found, () => open(element, found)), scale: { min: 0.85, max: 1.3 } });
  }
  return homeless;
}

/** The drawn element of an id; the process of a pool stands at the pool. */
function placed(registry, id) {
  const element = registry.get(id);
  if (element && element.parent) return element;
  return registry.find((one) => isType(one, "bpmn:Participant") && one.businessObject.processRef?.id === id);
}

function middle(flow) {
  const box = { x: Math.min(...flow.waypoints.map((one) => one.x)), y: Math.min(...flow.waypoints.map((one) => one.y)) };
  const at = flow.waypoints.length >> 1;
  const [a, b] = [flow.waypoints[at - 1], flow.waypoints[at]];
  return { left: (a.x + b.x) / 2 - box.x - 12, top: (a.y + b.y) / 2 - box.y - 12 };
}

function badge(found, open) {
  const kind = worst(found);
  const button = document.createElement("button");
  button.type = "button";
  button.className = `finding finding-${kind}`;
  const sign = document.createElement("span");
  sign.className = "finding-sign";
  sign.setAttribute("aria-hidden", "true");
  sign.textContent = kind === "error" ? "✕" : "!";
  const count = document.createElement("span");
  count.className = "finding-count";
  count.textContent = found.length > 1 ? `${found.length}` : "";
  const words = document.createElement("span");
  words.className = "finding-words";
  words.textContent = found.map((one) => `${WORDS[one.severity]}：${one.message}`).join("\n");
  button.append(sign, count, words);
  button.addEventListener("click", open);
  for (const event of ["mousedown", "dblclick"]) button.addEventListener(event, (happened) => happened.stopPropagation());
  return button;
}

/** The list below the drawing. */
export function Findings({ findings, file, files, checking, state, show, address, request }) {
  if (state) return html`<p class="findings-none">${state}</p>`;
  if (!findings.length) return html`<p class="findings-none">${checking ? "正在检查…" : "没有发现问题，可以发布。"}</p>`;
  return html`<ol class="findings-list">${findings.map((one) => html`<li key=${`${one.mark}`} class=${`findings-line ${one.excepted ? "excepted" : one.severity}`}>
    <span class="findings-kind">${one.excepted ? "例外" : WORDS[one.severity]}</span>
    ${one.file === file
      ? html`<button class="findings-text" type="button" onClick=${() => show(one.element)}>${one.message}</button>`
      : html`<a class="findings-text" href=${`${address}?file=${one.file}&element=${encodeURIComponent(one.element)}`}><b>${files[one.file] ?? one.file}</b> ${one.message}</a>`}
    ${one.article && html`<${Exception} one=${one} request=${request} />`}
  </li>`)}</ol>`;
}

function Exception({ one, request }) {
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState("");
  const [said, setSaid] = useState("");
  if (one.excepted) return html`<span class="findings-asked">已批准例外</span>`;
  if (one.asked) return html`<span class="findings-asked">${one.asked}已申请例外，等另一人批准</span>`;
  if (!request) return null;
  const send = async (event) => {
    event.preventDefault();
    setSaid(await request(one, reason));
  };
  if (!asking) return html`<button class="btn btn-sm" type="button" onClick=${() => setAsking(true)}>申请例外</button>`;
  return html`<form class="findings-ask" onSubmit=${send}>
    <label for=${`reason-${one.mark}`}>为什么需要例外</label>
    <input class="form-control form-control-sm" id=${`reason-${one.mark}`} maxlength="300" required value=${reason} onInput=${(event) => setReason(event.target.value)} />
    <button class="btn btn-sm btn-primary">提出申请</button><button class="btn btn-sm" type="button" onClick=${() => setAsking(false)}>取消</button>
    ${said && html`<p role="status">${said}</p>`}
  </form>`;
}
