// Every htmx request carries the page's CSRF token; a request that never arrived says so in the page's status line, until
// one arrives again.
const UNREACHED = "没有连上服务器，请稍后再试。您填写的内容还在本页。";

// A form that was sent is not kept as a draft any more: its step may be done when the draft arrives.
document.addEventListener(
  "submit",
  (event) => {
    event.target.dataset.leaving = "yes";
  },
  true,
);

document.addEventListener("htmx:config:request", (event) => {
  const { request, sourceElement } = event.detail.ctx;
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  if (token) request.headers["X-CSRFToken"] = token;
  if (sourceElement?.closest("form")?.dataset.leaving && sourceElement.classList.contains("saved")) event.preventDefault();
});

document.addEventListener("htmx:error", () => {
  const line = document.querySelector("[data-status-line]");
  if (line) line.textContent = UNREACHED;
  for (const form of document.querySelectorAll("form[data-leaving]")) delete form.dataset.leaving;
});

document.addEventListener("htmx:after:request", () => {
  const line = document.querySelector("[data-status-line]");
  if (line?.textContent === UNREACHED) line.textContent = "";
});
