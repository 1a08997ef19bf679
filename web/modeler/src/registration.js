// The registration page: what is typed is saved on the server as one types, and once more when the page is left; files
// go up as soon as they are chosen; opinions that resemble the text are offered. Without this script the buttons do it.

const PAUSE = 900;
const SIMILAR_PAUSE = 700;
const LEAST = 8; // characters before a comparison says anything
const form = document.querySelector("#registration");

if (form) {
  const line = document.querySelector("#saved");
  const attached = document.querySelector("#attached");
  const offered = document.querySelector("#similar");
  const token = document.querySelector('meta[name="csrf-token"]').content;
  let dirty = false;
  let timer = 0;
  let similarTimer = 0;
  let asked = "";
  let line_of_saves = Promise.resolve();
  let sent = false;

  /** All fields, hidden ones too: whoever changes the settlement back finds the answer again. */
  function everything() {
    const data = new FormData();
    for (const field of form.elements) {
      if (!field.name || field.type === "file" || field.type === "submit" || field.type === "button") continue;
      if ((field.type === "radio" || field.type === "checkbox") && !field.checked) continue;
      data.append(field.name, field.value);
    }
    return data;
  }

  async function post(address, body, keepalive = false) {
    const headers = { "HX-Request": "true", "X-CSRFToken": token };
    const answer = await fetch(address, { method: "POST", body, headers, keepalive, credentials: "same-origin" });
    if (answer.status === 204) throw new Error("登录已失效，请在新窗口登录后再继续；请勿关闭本页。");
    if (answer.status === 413) throw new Error("文件太大，请压缩后上传。");
    const text = await answer.text();
    if (!answer.ok) throw new Error(new DOMParser().parseFromString(text, "text/html").body.innerText.trim());
    return text;
  }

  function save(leaving = false) {
    clearTimeout(timer);
    if (!dirty || sent) return line_of_saves;
    dirty = false;
    // a page that goes waits for nothing: what stands behind a save still under way would never be sent
    const send = () => post(form.dataset.draft, everything(), leaving);
    line_of_saves = (leaving ? send() : line_of_saves.then(send)).then(
      (text) => {
        line.textContent = text;
        line.classList.remove("saved-not");
        if (!leaving) history.replaceState(null, "", form.dataset.page);
      },
      (problem) => {
        dirty = true;
        line.textContent = problem instanceof TypeError ? "没有连上服务器，尚未暂存；请勿关闭本页。" : problem.message;
        line.classList.add("saved-not");
      },
    );
    return line_of_saves;
  }

  async function similar() {
    if (!offered) return;
    const data = new FormData();
    const text = (form.elements.summary?.value ?? "") + (form.elements.content?.value ?? "");
    if (text.length < LEAST || text === asked) return;
    asked = text;
    for (const name of ["summary", "content"]) data.append(name, form.elements[name]?.value ?? "");
    for (const chosen of form.querySelectorAll('[name="same_as"]:checked')) data.append("same_as", chosen.value);
    try {
      const found = await post(form.dataset.similar, data);
      if (!offered.contains(document.activeElement)) offered.innerHTML = found;
    } catch {
      asked = ""; // an offer, nothing more: asked again with the next character
    }
  }

  function typed(event) {
    if (event.target.type === "file") return;
    dirty = true;
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
    if (event.target.name === "content" || event.target.name === "summary") {
      clearTimeout(similarTimer);
      similarTimer = setTimeout(similar, SIMILAR_PAUSE);
    }
  }

  const age = form.elements.reporter_age;
  const ageHelp = document.querySelector("#f-reporter_age-help");
  const ageSaid = ageHelp?.textContent;

  /** A year of birth says at once which age it becomes (R98). */
  function tellAge() {
    if (!age || !ageHelp) return;
    const year = Number((form.elements.registered_on?.value || form.dataset.today).slice(0, 4));
    const born = /^\s*\d{4}\s*$/.test(age.value) ? year - Number(age.value) : -1;
    ageHelp.textContent = born >= 0 && born <= 120 ? `${year}年登记，年龄记为${born}岁。` : ageSaid;
  }

  /** Who telephones or writes cannot sign, who is here can: the one way that is left is chosen (填表须知4). */
  function chooseSigning(channel) {
    const remark = form.querySelector('[name="reporter_signature"][value="remark"]');
    const away = channel === "phone" || channel === "network";
    if (!remark || (channel !== "visit" && channel !== "home_visit" && !away) || remark.checked === away) return;
    remark.checked = away;
    remark.dispatchEvent(new Event("change", { bubbles: true }));
  }

  async function upload(input) {
    const files = [...input.files];
    const wrong = [];
    input.value = "";
    for (const [index, file] of files.entries()) {
      line.textContent = `正在上传 ${index + 1}/${files.length}…`;
      const data = everything();
      data.append("files", file, file.name);
      try {
        attached.innerHTML = await post(form.dataset.files, data);
        const said = attached.querySelector(".field-wrong");
        if (said) wrong.push(said.textContent);
      } catch (problem) {
        wrong.push(problem instanceof TypeError ? `“${file.name}”没有上传：没有连上服务器，请稍后再试。` : problem.message);
      }
    }
    attached.querySelector(".field-wrong")?.remove();
    if (wrong.length) {
      const told = document.createElement("p");
      told.className = "field-wrong";
      told.setAttribute("role", "alert");
      told.textContent = wrong.join(" ");
      attached.prepend(told);
    }
    line.textContent = wrong.length ? "有文件没有上传" : "附件已上传";
    history.replaceState(null, "", form.dataset.page);
  }

  form.addEventListener("input", typed);
  for (const name of ["reporter_age", "registered_on"]) form.elements[name]?.addEventListener("input", tellAge);
  form.addEventListener("change", (event) => {
    if (event.target.type === "file" && event.target.files.length) upload(event.target);
    else if (event.target.type !== "file") typed(event);
    if (event.target.name === "channel") chooseSigning(event.target.value);
  });
  form.addEventListener("click", async (event) => {
    const remove = event.target.closest("[data-file-remove]");
    const keep = event.target.closest("[data-save]");
    if (!remove && !keep) return;
    event.preventDefault();
    if (keep) {
      dirty = true;
      save();
      return;
    }
    try {
      attached.innerHTML = await post(remove.formAction, everything());
      document.querySelector("#files-file")?.focus();
    } catch (problem) {
      line.textContent = problem.message;
    }
  });
  form.addEventListener("submit", () => {
    sent = true;
    clearTimeout(timer);
  });
  window.addEventListener("pageshow", () => {
    sent = false;
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") save(true);
  });
  window.addEventListener("pagehide", () => save(true));
  document.querySelector("[data-upload-button]").hidden = true;
  tellAge();
  if ((form.elements.content?.value ?? "").length >= LEAST) similar();
}
