// The panel beside the diagram: what the chosen step is, who did it and when.

export function panel(place, { done, marks, links, states }) {
  const aside = document.createElement("aside");
  aside.className = "diagram-panel";
  aside.hidden = true;
  aside.setAttribute("aria-live", "polite");
  place.append(aside);
  aside.addEventListener("keydown", (event) => event.key === "Escape" && close());

  function close() {
    aside.hidden = true;
  }

  function open(id, name) {
    const acts = done.filter((act) => act.element === id);
    aside.replaceChildren(closeButton(close), text("strong", name, "diagram-name"), text("p", states[marks.get(id)] ?? "未办", "diagram-state"));
    if (acts.length) aside.append(list(acts));
    if (links[id]) aside.append(link(links[id]));
    aside.hidden = false;
  }

  return { open, close };
}

function list(acts) {
  const element = document.createElement("ol");
  element.className = "diagram-acts";
  for (const act of acts) {
    const item = document.createElement("li");
    item.append(text("strong", act.who || "系统"), text("span", act.what ?? ""), text("time", act.when));
    element.append(item);
  }
  return element;
}

function link(address) {
  const element = text("a", "查看该环节的流程图");
  element.href = address;
  return element;
}

function closeButton(close) {
  const button = text("button", "关闭", "diagram-close");
  button.type = "button";
  button.addEventListener("click", close);
  return button;
}

function text(tag, content, className = "") {
  const element = document.createElement(tag);
  element.textContent = content;
  if (className) element.className = className;
  return element;
}
