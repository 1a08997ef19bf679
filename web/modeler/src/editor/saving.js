// The draft on the server: saved a moment after every change, held while the page is open, and never lost — what could
// not be saved stays in the page, which says so.
import { Offline } from "./api.js";

const PAUSE = 1000;
const AGAIN = 5000;
const SIGN_OF_LIFE = 60_000;

/** `told(status)` hears {state, ...}: saved (at), waiting, saving, offline, refused (message), taken (message, by). */
export function keeper({ ask, file, text, told }) {
  let editing = null;
  let drawn = 0; // counts the changes of the drawing
  let kept = 0; // the change that is safe on the server
  let timer;
  let running = null;
  let stopped = true;

  function begin(state) {
    editing = state;
    stopped = false;
    kept = drawn;
    told({ state: "saved", at: state.saved_at });
  }

  function changed() {
    drawn += 1;
    if (stopped) return;
    told({ state: "waiting" });
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  }

  async function save() {
    clearTimeout(timer);
    if (running) await running;
    if (stopped || kept === drawn) return;
    running = write();
    await running;
    running = null;
    if (!stopped && kept !== drawn) timer = setTimeout(save, PAUSE);
  }

  async function write() {
    const wanted = drawn;
    told({ state: "saving" });
    try {
      const answer = await ask("PUT", "", { file, content: await text(), revision: editing.revision });
      editing = answer.editing;
      kept = wanted;
      told(kept === drawn ? { state: "saved", at: editing.saved_at } : { state: "waiting" });
    } catch (problem) {
      failed(problem);
    }
  }

  function failed(problem) {
    if (problem instanceof Offline) {
      told({ state: "offline" });
      timer = setTimeout(save, AGAIN);
    } else if (problem.kind === "held" || problem.kind === "stale") {
      stopped = true;
      told({ state: "taken", message: problem.message, by: problem.holder });
    } else {
      told({ state: "refused", message: problem.message });
    }
  }

  setInterval(async () => {
    if (stopped || running) return;
    try {
      await ask("POST", "/hold", {});
    } catch (problem) {
      if (problem.kind === "held" || problem.kind === "stale") failed(problem);
    }
  }, SIGN_OF_LIFE);

  const unsaved = () => !stopped && kept !== drawn;
  addEventListener("beforeunload", (event) => {
    if (unsaved() || (stopped && kept !== drawn)) event.preventDefault();
  });
  addEventListener("online", () => unsaved() && save());
  addEventListener("pagehide", () => {
    if (!stopped && editing?.mine) ask("POST", "/release", {}, { keepalive: true }).catch(() => {});
  });

  return { begin, changed, save, unsaved, stop: () => (stopped = true) };
}
