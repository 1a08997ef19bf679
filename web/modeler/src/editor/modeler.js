// bpmn-js as this house uses it: Chinese, with our own attributes, offering what the engine executes.
import Modeler from "bpmn-js/lib/Modeler";
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import { chineseModule } from "./chinese.js";
import { lianxin } from "./lianxin.js";
import { offeredModule } from "./offered.js";

/** A modeler, or for readers a viewer, in `container`; throws when the text is no drawable diagram. */
export async function open(container, xml, { readOnly }) {
  const shared = { container, moddleExtensions: { lianxin } };
  const modeler = readOnly
    ? new NavigatedViewer({ ...shared, additionalModules: [chineseModule] })
    : new Modeler({ ...shared, additionalModules: [chineseModule, offeredModule] });
  try {
    await modeler.importXML(xml);
  } catch (problem) {
    modeler.destroy();
    throw problem;
  }
  fit(modeler);
  return modeler;
}

/** The whole diagram when it can be read like that, else its beginning at a readable size. */
export function fit(modeler) {
  const canvas = modeler.get("canvas");
  canvas.resized();
  canvas.zoom("fit-viewport", "auto");
  if (canvas.zoom() >= 0.55) return;
  canvas.zoom(0.7);
  const { inner } = canvas.viewbox();
  canvas.viewbox({ ...canvas.viewbox(), x: inner.x - 90, y: inner.y - 40 });
}
