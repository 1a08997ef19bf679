// 快捷键: what "?" shows. The bindings are those of bpmn-js, plus Delete and the arrows it has anyway.
const KEYS = [
  ["在图中查找", "Ctrl F"], ["撤销、重做", "Ctrl Z、Ctrl Y"], ["复制、剪切、粘贴", "Ctrl C、Ctrl X、Ctrl V"],
  ["全部选中", "Ctrl A"], ["删除所选", "Delete"], ["移动所选（加 Shift 走大步）", "方向键"], ["移动画布", "Ctrl 方向键"],
  ["放大、缩小、原大", "Ctrl +、Ctrl −、Ctrl 0"], ["改名称", "E"], ["更换类型", "R"],
  ["拖动画布、框选、腾空间、画连线", "H、L、S、C"], ["在图、清单、内容之间走动", "Tab"], ["本说明", "?"],
];

export function keysDialog() {
  const dialog = document.createElement("dialog");
  dialog.id = "editor-keys";
  dialog.className = "keys";
  dialog.setAttribute("aria-labelledby", "editor-keys-title");
  const rows = KEYS.map(([what, keys]) => `<tr><th scope="row">${what}</th><td>${keys.split("、").map((key) => `<kbd>${key}</kbd>`).join(" ")}</td></tr>`);
  dialog.innerHTML = `<h2 id="editor-keys-title">快捷键</h2><p>先点一下流程图，或用 Tab 键走到流程图。不用鼠标拖动也能画：在环节清单里选中，再用右边的“画图”插入、连接、删除。</p>
    <table>${rows.join("")}</table><div class="ask-buttons"><button class="btn" type="button" data-close>关闭</button></div>`;
  document.body.append(dialog);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || event.target.closest("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]")) return;
    dialog.showModal();
  });
}
