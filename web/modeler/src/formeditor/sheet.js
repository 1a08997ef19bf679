// Decision tables, forms and notices of a draft: <form data-sheet>. What is typed goes to the server after a pause and
// comes back as marks, words and a preview; buttons named `op` change rows, and the server draws the rows anew. Without
// this script the same buttons and 保存 work as plain posts.
import { marks, words } from "./marks.js";
import { focusAfter, keepFocus } from "./focus.js";

const PAUSE = 700;
const AGAIN = 5000;
const ALIVE = 60000;

const form = document.querySelector("form[data-sheet]");
if (form) start(form);

function start(form) {
  const body = form.querySelector("#sheet-body");
  const status = form.querySelector("[data-status]");
  const token = document.querySelector('meta[name="csrf-token"]').content;
  const buttons = { undo: form.querySelector("[data-undo]"), redo: form.querySelector("[data-redo]") };
  let timer, running, dirty = false, stopped = false;

  marks(form, JSON.parse(form.dataset.marks || "[]"));
  if ("readonly" in form.dataset) return;

  const now = () => new URLSearchParams([...new FormData(form)].filter(([name]) => name !== "csrf_token" && name !== "revision"));
  const past = [now().toString()];
  let at = 0;

  const say = (text, bad = false) => {
    status.textContent = text;
    status.classList.toggle("sheet-status-bad", bad);
  };

  function remember() {
    const state = now().toString();
    if (state === past[at]) return;
    past.splice(at + 1, past.length, state);
    at = past.length - 1;
    if (past.length > 100) at -= past.splice(0, past.length - 100).length;
    steps();
  }

  function steps() {
    buttons.undo.disabled = at === 0;
    buttons.redo.disabled = at === past.length - 1;
  }

  async function send(op = "", content = now()) {
    clearTimeout(timer);
    if (stopped) return;
    if (running) await running;
    running = exchange(op, content).finally(() => (running = undefined));
    await running;
  }

  async function exchange(op, content) {
    dirty = false;
    const data = new URLSearchParams(content);
    data.set("revision", form.elements.revision.value);
    if (op) data.set("op", op);
    say("正在保存");
    let answer;
    try {
      const got = await fetch(form.action, { method: "POST", body: data, headers: { Accept: "application/json", "X-CSRFToken": token } });
      if (got.redirected) return refuse("登录已过期。您的改动还在本页，请在另一个窗口重新登录，再回到这里。", false);
      if (!got.headers.get("Content-Type")?.includes("json")) return refuse("没有保存，请刷新页面后重试。您的改动还在本页。", false);
      answer = await got.json();
    } catch {
      dirty = true;
      say("没有连接，改动留在本页", true);
      timer = setTimeout(() => send(op, op ? content : now()), AGAIN);
      return;
    }
    form.elements.revision.value = answer.revision;
    if (answer.body !== undefined) draw(answer.body, op);
    show(answer);
  }

  function refuse(sentence, final) {
    dirty = true;
    stopped = final;
    say(sentence, true);
  }

  function draw(html, op) {
    const focused = keepFocus(body);
    body.innerHTML = `<legend class="visually-hidden">${body.querySelector("legend")?.textContent ?? ""}</legend>${html}`;
    focusAfter(body, op, focused);
    if (op !== "show") remember();
  }

  function show(answer) {
    marks(form, answer.marks);
    words(form, answer.words ?? {});
    const preview = document.getElementById("sheet-preview");
    if (preview && answer.preview !== undefined && preview.innerHTML !== answer.preview) {
      preview.innerHTML = answer.preview;
      preview.querySelector("input, select, textarea")?.dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (answer.stopped) refuse(answer.message, true);
    else if (answer.saved) say(dirty ? "正在保存" : `已保存 ${answer.saved}`);
    else {
      dirty = true;
      say(answer.message, true);
    }
  }

  function later() {
    dirty = true;
    clearTimeout(timer);
    timer = setTimeout(() => {
      remember();
      send();
    }, PAUSE);
  }

  async function travel(by) {
    remember();
    if (at + by < 0 || at + by >= past.length) return;
    at += by;
    steps();
    await send("show", new URLSearchParams(past[at]));
  }

  form.addEventListener("input", later);
  form.addEventListener("change", (event) => {
    if (!event.target.matches("[data-refresh]")) return;
    remember();
    send("show");
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    remember();
    send(event.submitter?.name === "op" ? event.submitter.value : "");
  });
  buttons.undo.addEventListener("click", () => travel(-1));
  buttons.redo.addEventListener("click", () => travel(1));
  form.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    const row = event.target.closest("[data-row]")?.dataset.row;
    if (event.ctrlKey && (key === "z" || key === "y")) {
      event.preventDefault();
      travel(key === "y" || event.shiftKey ? 1 : -1);
    } else if (row && event.altKey && (key === "arrowup" || key === "arrowdown")) {
      event.preventDefault();
      remember();
      send(`${key === "arrowup" ? "up" : "down"}:${row}`);
    } else if (row && event.ctrlKey && key === "enter") {
      event.preventDefault();
      remember();
      send(`add:${row}`);
    } else if (key === "enter" && event.target.matches("input")) {
      event.preventDefault(); // not the first button of the form
      remember();
      send();
    }
  });
  window.addEventListener("beforeunload", (event) => dirty && event.preventDefault());
  if (form.dataset.hold) {
    setInterval(() => {
      if (!stopped) fetch(form.dataset.hold, { method: "POST", headers: { "X-CSRFToken": token } }).catch(() => {});
    }, ALIVE);
  }
}
