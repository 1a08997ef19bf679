// Zooming without a mouse wheel.

export function toolbar(place, viewer) {
  const canvas = viewer.get("canvas");
  const bar = document.createElement("div");
  bar.className = "diagram-toolbar";
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", "流程图缩放");
  bar.append(
    button("放大", () => viewer.get("zoomScroll").stepZoom(1)),
    button("缩小", () => viewer.get("zoomScroll").stepZoom(-1)),
    button("全图", () => canvas.zoom("fit-viewport", "auto")),
  );
  place.prepend(bar);
}

function button(label, act) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "btn btn-sm";
  element.textContent = label;
  element.addEventListener("click", act);
  return element;
}
