// Every htmx request carries the page's CSRF token; a request that never arrived says so in the page's status line.
document.addEventListener("htmx:config:request", (event) => {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  if (token) event.detail.ctx.request.headers["X-CSRFToken"] = token;
});

document.addEventListener("htmx:error", () => {
  const line = document.querySelector("[data-status-line]");
  if (line) line.textContent = "没有连上服务器，请稍后再试。您填写的内容还在本页。";
});
