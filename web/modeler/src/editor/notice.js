// What has to be said above the drawing: who else has the draft, who took it over, what an import came to.
import { html } from "@bpmn-io/diagram-js-ui";

export function Notice({ said, takeOver, save, close }) {
  if (!said) return null;
  const confirmed = (event) => {
    event.preventDefault();
    takeOver();
  };
  if (said.kind === "held") {
    return html`<form class="told notice-held" onSubmit=${confirmed} data-confirm=${`${said.by}正在编辑这份草稿。接手以后，${said.by}没有保存的改动不会进草稿。确定接手吗？`} data-confirm-yes="接手编辑">
      <p><b>${said.by}</b>正在编辑这份草稿，您现在只能查看。</p><button class="btn btn-sm">接手编辑</button></form>`;
  }
  if (said.kind === "taken") {
    return html`<div class="told told-bad"><p>${said.message}</p><button class="btn btn-sm" type="button" onClick=${save}>导出我的流程图</button>
      <a class="btn btn-sm" href="">重新载入草稿</a></div>`;
  }
  return html`<div class=${`told ${said.kind === "good" ? "told-good" : "told-bad"}`}><p>${said.message}</p>
    <button class="btn btn-sm" type="button" onClick=${close}>知道了</button></div>`;
}
