// 导入 and 导出. What is brought along goes through the guard of the server before the page shows any of it.

export async function exportXml(modeler, name) {
  const { xml } = await modeler.saveXML({ format: true });
  download(name, xml, "application/xml");
}

export async function exportSvg(modeler, name) {
  const { svg } = await modeler.saveSVG();
  download(name.replace(/\.bpmn$/, ".svg"), svg, "image/svg+xml");
}

function download(name, text, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** The text of a chosen file when the server accepts it for `file`; a Refusal says why not. */
export async function accepted(ask, file, chosen) {
  const form = new FormData();
  form.set("file", file);
  form.set("upload", chosen);
  return (await ask("POST", "/import", form)).content;
}
