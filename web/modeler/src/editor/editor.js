// The editor of a diagram: <div id="editor" data-address="/procedures/…/edit" data-file="handling.bpmn">. One drawing, the
// list of its steps, the panel of the selected one, and what the server finds wrong. See docs/how-to/add-a-panel-field.md.
import { html, render } from "@bpmn-io/diagram-js-ui";
import { actsOn } from "./acts.js";
import { houseAt } from "./api.js";
import { untranslated } from "./chinese.js";
import { accepted, exportSvg, exportXml } from "./files.js";
import { byElement, Findings, mark, worst } from "./findings.js";
import { keysDialog } from "./keys.js";
import { fit, open } from "./modeler.js";
import { Notice } from "./notice.js";
import { Outline } from "./outline.js";
import { drawing } from "./panel/drawing.js";
import { Panel } from "./panel/panel.js";
import { keeper } from "./saving.js";
import { isType } from "./shapes.js";
import { Tools } from "./tools.js";

const LINT_PAUSE = 350;
const part = (name) => document.getElementById(`editor-${name}`);

class Editor {
  constructor(place) {
    const { address, file, element, names, icons, links } = place.dataset;
    Object.assign(this, { address, file, icons, wanted: element, names: JSON.parse(names), links: JSON.parse(links) });
    this.mayEdit = "mayEdit" in place.dataset;
    this.ask = houseAt(address);
    this.findings = [];
    this.homeless = [];
    this.checking = false;
    this.checks = 0;
    this.status = { state: this.mayEdit ? "saved" : "reading" };
    this.said = null;
    this.listOpen = true;
    this.keeper = keeper({ ask: this.ask, file, text: () => this.text(), told: (status) => this.heard(status) });
  }

  async start() {
    const opening = this.mayEdit ? this.ask("POST", "/open", { file: this.file }) : this.ask("GET", `/diagram.json?file=${this.file}`);
    const [vocabulary, opened] = await Promise.all([this.ask("GET", "/vocabulary.json"), opening]);
    this.vocabulary = vocabulary;
    await this.enter(opened);
  }

  /** Show the draft as the server has it, to be drawn on or only read. */
  async enter({ content, editing }) {
    const readOnly = !this.mayEdit || !editing?.mine;
    await this.show(content, readOnly);
    if (readOnly) {
      this.status = { state: "reading" };
      if (this.mayEdit && editing?.editor) this.said = { kind: "held", by: editing.editor };
    } else {
      this.said = null;
      this.keeper.begin(editing);
    }
    this.lint();
    this.refresh();
  }

  async show(xml, readOnly) {
    const stage = document.createElement("div");
    stage.className = "editor-stage";
    part("canvas").append(stage);
    let modeler;
    try {
      modeler = await open(stage, xml, { readOnly });
    } catch (problem) {
      stage.remove();
      throw problem;
    }
    this.modeler?.destroy();
    for (const old of part("canvas").children) if (old !== stage) old.remove();
    Object.assign(this, { modeler, readOnly, acts: actsOn(modeler), drawing: drawing(modeler) });
    const bus = modeler.get("eventBus");
    bus.on("commandStack.changed", () => this.changed());
    bus.on(["selection.changed", "root.set"], () => this.refresh());
    new ResizeObserver(() => modeler.get("canvas").resized()).observe(stage);
    if (this.wanted) this.acts.show(this.wanted);
    this.wanted = "";
  }

  changed() {
    this.keeper.changed();
    clearTimeout(this.lintTimer);
    this.lintTimer = setTimeout(() => this.lint(), LINT_PAUSE);
    this.refresh();
  }

  async text() {
    return (await this.modeler.saveXML({ format: true })).xml;
  }

  async lint() {
    const turn = ++this.checks;
    this.checking = true;
    try {
      const answer = await this.ask("POST", "/findings", { file: this.file, content: await this.text() });
      if (turn !== this.checks) return;
      this.findings = answer.findings;
      this.unchecked = "";
      this.homeless = mark(this.modeler, this.findings, this.file, (element) => this.point(element));
    } catch (problem) {
      if (turn !== this.checks) return;
      this.unchecked = problem.message || "没有连上服务器，暂时不能检查。";
    }
    this.checking = false;
    this.refresh();
  }

  /** A badge was pressed: its element is selected and its words shown in the list. */
  point(element) {
    this.acts.show(element.id);
    this.listOpen = true;
    this.refresh();
  }

  heard(status) {
    this.status = status;
    if (status.state === "taken") {
      this.said = { kind: "taken", message: status.message, by: status.by };
    }
    if (this.modeler) this.refresh();
  }

  // ------------------------------------------------------------------ acts of the bar
  async act(name, value) {
    const modeler = this.modeler;
    const acts = {
      undo: () => modeler.get("commandStack").undo(),
      redo: () => modeler.get("commandStack").redo(),
      zoomIn: () => modeler.get("zoomScroll").stepZoom(1),
      zoomOut: () => modeler.get("zoomScroll").stepZoom(-1),
      fit: () => modeler.get("canvas").zoom("fit-viewport", "auto"),
      find: () => modeler.get("searchPad").toggle(),
      findings: () => (this.listOpen = !this.listOpen),
      import: () => this.bring(value),
      exportXml: () => exportXml(modeler, this.file),
      exportSvg: () => exportSvg(modeler, this.file),
      publish: () => this.publish(),
    };
    await acts[name]();
    this.refresh();
  }

  async bring(chosen) {
    try {
      const content = await accepted(this.ask, this.file, chosen);
      await this.show(content, false);
      this.changed();
      this.said = { kind: "good", message: `已导入“${chosen.name}”。不满意可以在“版本”里放弃草稿。` };
    } catch (problem) {
      this.said = { kind: "bad", message: problem.status ? problem.message : "没有导入，原图没有改动。文件不能显示成流程图，请用流程图编辑器重新导出。" };
    }
  }

  async publish() {
    await this.keeper.save();
    if (!this.keeper.unsaved()) location.assign(this.links.publish);
  }

  async takeOver() {
    try {
      await this.enter(await this.ask("POST", "/take-over", { file: this.file }));
    } catch (problem) {
      this.said = { kind: "bad", message: problem.message };
      this.refresh();
    }
  }

  async requestException(one, reason) {
    try {
      await this.keeper.save();
      const { message } = await this.ask("POST", "/exception", { code: one.code, element: one.element, mark: one.mark, reason });
      this.said = { kind: "good", message };
      await this.lint();
      return "";
    } catch (problem) {
      return problem.message;
    }
  }

  // ------------------------------------------------------------------ the parts of the page
  refresh() {
    if (this.drawn) return;
    this.drawn = requestAnimationFrame(() => {
      this.drawn = 0;
      this.draw();
    });
  }

  draw() {
    const { modeler, readOnly, acts } = this;
    const root = modeler.get("canvas").getRootElement();
    const stack = modeler.get("commandStack", false);
    const selected = modeler.get("selection").get().map((one) => one.labelTarget ?? one);
    const here = byElement(this.findings, this.file);
    const count = this.count();
    const ctx = {
      readOnly: readOnly || this.status.state === "taken", vocabulary: this.vocabulary, ask: this.ask, acts, drawing: this.drawing,
      links: { ...this.links, here: this.address },
      steps: () => modeler.get("elementRegistry").filter((one) => isType(one, "bpmn:FlowNode") && !one.labelTarget),
    };
    const marks = new Map([...here].map(([id, found]) => [id, worst(found)]));
    render(html`<${Tools} icons=${this.icons} readOnly=${ctx.readOnly} status=${this.status} canUndo=${stack?.canUndo()} canRedo=${stack?.canRedo()}
      count=${count} publish=${this.publishing(count)} act=${(name, value) => this.act(name, value)} />`, part("tools"));
    render(html`<${Notice} said=${this.said} takeOver=${() => this.takeOver()} save=${() => this.act("exportXml")} close=${() => { this.said = null; this.refresh(); }} />`, part("notice"));
    render(html`<${Outline} root=${root} selected=${selected} marks=${marks} show=${(id) => acts.show(id)} />`, part("outline"));
    render(html`<${Panel} elements=${selected} root=${root} found=${selected.length === 1 ? (here.get(selected[0].id) ?? []) : this.homeless} ctx=${ctx} />`, part("panel"));
    part("findings").hidden = !this.listOpen;
    render(html`<${Findings} findings=${this.findings} file=${this.file} files=${this.names} checking=${this.checking} state=${this.unchecked}
      show=${(id) => acts.show(id)} address=${this.address} request=${ctx.readOnly ? null : (one, reason) => this.requestException(one, reason)} />`, part("findings"));
  }

  count() {
    const blocking = this.findings.filter((one) => one.blocks).length;
    const warnings = this.findings.filter((one) => one.severity === "warning").length;
    return { errors: blocking, warnings, open: this.listOpen };
  }

  publishing({ errors }) {
    if (this.readOnly) return { address: "" };
    const why = errors ? `还有${errors}处错误，改正后才能发布` : this.unchecked ? "还没有检查完，暂时不能发布" : "";
    return { address: this.links.publish, why };
  }
}

function failed(problem) {
  const line = document.createElement("p");
  line.className = "editor-loading";
  line.textContent = problem.status ? problem.message : "流程图没有打开。请刷新本页再试；如果一直这样，请在“文件”里检查这张流程图。";
  part("canvas").replaceChildren(line);
  console.warn("editor", problem.message);
}

const place = document.getElementById("editor");
if (place) {
  keysDialog();
  const editor = new Editor(place);
  window.lianxinEditor = { editor, untranslated };
  editor.start().catch(failed);
}
