// The fields of the panel: plain labelled inputs. What is typed is written into the drawing after a short pause, never in
// the middle of an input method's composition, and at the latest when the field is left.
import { html, useEffect, useRef, useState } from "@bpmn-io/diagram-js-ui";

const PAUSE = 400;

/** A value being typed: [shown value, what to put on the input]. */
function useTyped(value, write) {
  const [typed, setTyped] = useState(null);
  const state = useRef({});
  Object.assign(state.current, { value, write });
  const commit = (text) => {
    clearTimeout(state.current.timer);
    state.current.pending = undefined;
    if (text !== state.current.value) state.current.write(text);
    setTyped(null);
  };
  useEffect(() => () => state.current.pending !== undefined && commit(state.current.pending), []);
  return {
    value: typed ?? value,
    onInput: (event) => {
      const text = event.target.value;
      setTyped(text);
      state.current.pending = text;
      clearTimeout(state.current.timer);
      if (!event.isComposing) state.current.timer = setTimeout(() => commit(text), PAUSE);
    },
    onBlur: (event) => commit(event.target.value),
  };
}

function Frame({ id, label, hint, children }) {
  return html`<div class="field">
    <label class="form-label" for=${id}>${label}</label>
    ${children}
    ${hint && html`<p class="field-hint" id=${`${id}-hint`}>${hint}</p>`}
  </div>`;
}

export function TextField({ id, label, value = "", write, hint, list, disabled, type = "text", ...more }) {
  const typing = useTyped(value, write);
  return html`<${Frame} id=${id} label=${label} hint=${hint}>
    <input class="form-control" id=${id} type=${type} disabled=${disabled} list=${list && `${id}-list`}
      aria-describedby=${hint && `${id}-hint`} autocomplete="off" ...${more} ...${typing} />
    ${list && html`<datalist id=${`${id}-list`}>${list.map(([code, word]) => html`<option value=${code}>${word}</option>`)}</datalist>`}
  <//>`;
}

export function AreaField({ id, label, value = "", write, hint, disabled, rows = 3 }) {
  return html`<${Frame} id=${id} label=${label} hint=${hint}>
    <textarea class="form-control" id=${id} rows=${rows} disabled=${disabled} ...${useTyped(value, write)}></textarea>
  <//>`;
}

/** `choices`: [code, word]; a value that is not among them is shown as it is, so that nothing is lost by looking. */
export function SelectField({ id, label, value = "", write, choices, none, hint, disabled, children }) {
  const known = choices.some(([code]) => code === value);
  return html`<${Frame} id=${id} label=${label} hint=${hint}>
    <select class="form-select" id=${id} disabled=${disabled} value=${value} aria-describedby=${hint && `${id}-hint`}
      onChange=${(event) => write(event.target.value)}>
      ${none !== undefined && html`<option value="" selected=${value === ""}>${none}</option>`}
      ${value !== "" && !known && html`<option value=${value} selected>目录里没有：${value}</option>`}
      ${choices.map(([code, word]) => html`<option value=${code} selected=${code === value}>${word}</option>`)}
    </select>
    ${children}
  <//>`;
}

export function CheckField({ id, label, value = false, write, hint, disabled }) {
  return html`<div class="field">
    <label class="form-check" for=${id}>
      <input class="form-check-input" id=${id} type="checkbox" checked=${value} disabled=${disabled}
        onChange=${(event) => write(event.target.checked)} />
      <span class="form-check-label">${label}</span>
    </label>
    ${hint && html`<p class="field-hint">${hint}</p>`}
  </div>`;
}

/** A text of the expression language, checked by the server while it is typed. `kind`: condition, timer, expression, script. */
export function ExpressionField({ id, label, value = "", write, kind = "expression", ask, hint, disabled, rows = 2 }) {
  const typing = useTyped(value, write);
  const [problems, setProblems] = useState([]);
  useEffect(() => {
    if (!value.trim()) return setProblems([]);
    let current = true;
    ask("POST", "/expression", { source: value, kind }).then((found) => current && setProblems(found.problems), () => {});
    return () => (current = false);
  }, [value, kind]);
  return html`<${Frame} id=${id} label=${label} hint=${hint}>
    <textarea class=${`form-control expression${problems.length ? " is-invalid" : ""}`} id=${id} rows=${rows} spellcheck=${false}
      disabled=${disabled} aria-invalid=${problems.length > 0} aria-describedby=${`${id}-wrong`} ...${typing}></textarea>
    <div class="field-wrong" id=${`${id}-wrong`} role="status">
      ${problems.map((one) => html`<p>第${one.line}行第${one.column}字：${one.message}。</p>`)}
    </div>
  <//>`;
}

export function Section({ title, children, open = true }) {
  return html`<details class="panel-section" open=${open}><summary>${title}</summary><div class="panel-fields">${children}</div></details>`;
}
