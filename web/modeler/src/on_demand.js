// Scripts that few pages need come when a part asks for one: <fieldset data-needs="/static/dist/signature-….js">.
const asked = new Set();

function fetchAll() {
  for (const { dataset } of document.querySelectorAll("[data-needs]")) {
    if (asked.has(dataset.needs)) continue;
    asked.add(dataset.needs);
    const script = document.createElement("script");
    script.src = dataset.needs;
    document.head.append(script);
  }
}

document.addEventListener("DOMContentLoaded", fetchAll);
document.addEventListener("htmx:after:swap", fetchAll);
