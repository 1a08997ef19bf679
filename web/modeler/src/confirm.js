// data-confirm="question" on a form, a submit button or a link asks first, in a dialog of the page; hx-confirm too.
let dialog;

function ask(question, yes = "确定") {
  dialog ??= build();
  dialog.querySelector("p").textContent = question;
  dialog.querySelector("[value=yes]").textContent = yes;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

function build() {
  const element = document.createElement("dialog");
  element.className = "ask";
  element.setAttribute("aria-labelledby", "ask-question");
  element.innerHTML = `<form method="dialog"><p id="ask-question"></p><div class="ask-buttons">
    <button class="btn" value="no">取消</button><button class="btn btn-primary" value="yes"></button></div></form>`;
  document.body.append(element);
  return element;
}

document.addEventListener(
  "submit",
  async (event) => {
    const asking = event.submitter?.closest("[data-confirm]") ?? event.target.closest("[data-confirm]");
    if (!asking || asking.dataset.confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!(await ask(asking.dataset.confirm, asking.dataset.confirmYes))) return;
    asking.dataset.confirmed = "yes";
    event.target.requestSubmit(event.submitter);
    delete asking.dataset.confirmed;
  },
  true,
);

document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[data-confirm]");
  if (!link) return;
  event.preventDefault();
  if (await ask(link.dataset.confirm, link.dataset.confirmYes)) window.location.assign(link.href);
});

document.addEventListener("htmx:confirm", async (event) => {
  const { ctx, issueRequest, dropRequest } = event.detail;
  event.preventDefault();
  if (await ask(ctx.confirm)) issueRequest();
  else dropRequest?.();
});
