// A signature by hand: <fieldset data-signature> with a box, a hidden field that takes the drawing as a PNG, and a button
// that clears it. Without script the box stays hidden; the form says what to do instead.
import SignaturePad from "signature_pad";

const LARGEST = 78_000; // characters of a data URL, somewhat below what the server takes
const INK = "#0a1f44";
const SCALE = 2; // pixels per point: clear on paper, small enough to send

function draw(part) {
  if (part.dataset.ready) return;
  part.dataset.ready = "yes";
  const [box, canvas] = [part.querySelector(".signature-box"), part.querySelector("canvas")];
  const [field, clear, said] = ["value", "clear", "said"].map((name) => part.querySelector(`[data-signature-${name}]`));
  const pad = new SignaturePad(canvas, { penColor: INK, minWidth: 0.8, maxWidth: 2.6, throttle: 8 });
  const given = field.value;

  function tell() {
    clear.disabled = !field.value;
    box.classList.toggle("signature-there", Boolean(field.value));
    said.textContent = field.value ? "已签名" : "";
  }

  function keep() {
    field.value = pad.isEmpty() ? "" : written(canvas);
    field.dispatchEvent(new Event("change", { bubbles: true })); // no "input": a signature is not kept as a draft
    tell();
  }

  function fit() {
    const { clientWidth: wide, clientHeight: high } = box;
    if (!wide || (canvas.width === wide * SCALE && canvas.height === high * SCALE)) return;
    const strokes = pad.toData();
    canvas.width = wide * SCALE;
    canvas.height = high * SCALE;
    canvas.getContext("2d").scale(SCALE, SCALE);
    pad.clear();
    if (strokes.length) pad.fromData(strokes);
    else if (field.value || given) pad.fromDataURL(field.value || given, { ratio: SCALE });
  }

  box.hidden = false;
  clear.hidden = false;
  pad.addEventListener("endStroke", keep);
  clear.addEventListener("click", () => {
    pad.clear();
    keep();
    canvas.focus();
  });
  new ResizeObserver(fit).observe(box); // also when a part that was hidden is shown
  fit();
  tell();
}

/** The drawing as a data URL, made smaller until it can be sent. */
function written(canvas) {
  let url = canvas.toDataURL("image/png");
  for (let shrunk = 1; url.length > LARGEST && shrunk < 4; shrunk += 1) {
    const small = document.createElement("canvas");
    [small.width, small.height] = [canvas.width / 2 ** shrunk, canvas.height / 2 ** shrunk];
    small.getContext("2d").drawImage(canvas, 0, 0, small.width, small.height);
    url = small.toDataURL("image/png");
  }
  return url;
}

const drawAll = () => document.querySelectorAll("[data-signature]").forEach(draw);
document.addEventListener("htmx:after:swap", drawAll);
drawAll();
