// The bar above the drawing: undo, zoom, search, files, keys; whether it is saved; how many problems; 发布.
import { html, useRef } from "@bpmn-io/diagram-js-ui";

const SAVING = {
  waiting: () => "有改动，马上保存",
  saving: () => "正在保存…",
  saved: ({ at }) => `已保存 ${at}`,
  offline: () => "没有连接，改动留在本页",
  refused: ({ message }) => `没有保存：${message}`,
  taken: () => "没有保存",
  reading: () => "只读",
};

export function Tools({ icons, readOnly, status, canUndo, canRedo, count, publish, act }) {
  const file = useRef();
  const tool = (icon, label, name, disabled = false) => html`<button class="btn btn-sm tool" type="button" title=${label} aria-label=${label} disabled=${disabled}
    onClick=${() => act(name)}><svg class="icon" aria-hidden="true"><use href=${`${icons}#${icon}`} /></svg></button>`;
  const chosen = (name) => (event) => {
    event.target.closest("details").open = false;
    act(name);
  };
  const pick = async (event) => {
    const [chosen] = event.target.files;
    event.target.value = "";
    if (chosen) await act("import", chosen);
  };
  return html`
    ${!readOnly && html`<div class="tool-group">${tool("arrow-back-up", "撤销", "undo", !canUndo)}${tool("arrow-forward-up", "重做", "redo", !canRedo)}</div>`}
    <div class="tool-group">${tool("zoom-in", "放大", "zoomIn")}${tool("zoom-out", "缩小", "zoomOut")}${tool("zoom-scan", "全图", "fit")}</div>
    <div class="tool-group">
      ${!readOnly && html`<button class="btn btn-sm" type="button" onClick=${() => act("find")}>查找</button>
        <button class="btn btn-sm" type="button" onClick=${() => file.current.click()}>导入</button>
        <input ref=${file} class="visually-hidden" type="file" accept=".bpmn,.xml" tabindex="-1" aria-label="要导入的流程图文件" onChange=${pick} />`}
      <details class="tool-menu" data-menu><summary class="btn btn-sm">导出</summary><div class="tool-drop">
        <button type="button" onClick=${chosen("exportXml")}>流程图文件（BPMN）</button>
        <button type="button" onClick=${chosen("exportSvg")}>图片（SVG）</button></div></details>
      <button class="btn btn-sm" type="button" data-dialog="editor-keys">快捷键</button>
    </div>
    <p class=${`tool-status ${status.state}`} role="status">${SAVING[status.state]?.(status) ?? ""}</p>
    <button class=${`btn btn-sm tool-count ${count.errors ? "error" : count.warnings ? "warning" : "none"}`} type="button" aria-expanded=${count.open} aria-controls="editor-findings" onClick=${() => act("findings")}>
      ${count.errors ? `${count.errors}处错误` : count.warnings ? `${count.warnings}处提醒` : "没有问题"}</button>
    ${publish.address && html`<${Publish} publish=${publish} act=${act} />`}`;
}

function Publish({ publish, act }) {
  if (publish.why) {
    return html`<span class="tool-publish"><button class="btn btn-sm btn-primary" type="button" disabled aria-describedby="publish-why">发布</button>
      <span class="tool-why" id="publish-why">${publish.why}</span></span>`;
  }
  return html`<a class="btn btn-sm btn-primary" href=${publish.address} onClick=${(event) => { event.preventDefault(); act("publish"); }}>发布</a>`;
}
