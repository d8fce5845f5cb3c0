// Undo and redo: over all that was changed, whoever changed it.

import { announce, byId } from "../dom.js";
import { desk } from "./desk.js";
import { illustrating } from "./illustrating.js";
import { store } from "./store.js";

const PHASE_OF = { story: "writing", outline: "outline", premise: "premise", setup: "setup" };
const undoButton = byId("undo");
const redoButton = byId("redo");

/** Shows what has changed: nobody should undo what they do not see. */
function show(step, said) {
  if (!step) {
    announce(said === "Undone" ? "There is nothing to undo." : "There is nothing to redo.");
    return;
  }
  const part = Object.keys(PHASE_OF).find((name) => name in step.after);
  if (part && PHASE_OF[part] !== store.state.phase) store.set({ phase: PHASE_OF[part] });
  announce(`${said}: ${step.label}.`);
}

/** While text comes in, what it follows must stay; while pictures come, so must the places of their scenes. */
const isHeld = (step) => desk.isBusy || (illustrating.isBusy && Boolean(step?.order));

export const undo = () => { if (!isHeld(store.history.done.at(-1))) show(store.undo(), "Undone"); };
export const redo = () => { if (!isHeld(store.history.undone.at(-1))) show(store.redo(), "Redone"); };

function draw() {
  const { done, undone } = store.history;
  undoButton.disabled = !done.length || isHeld(done.at(-1));
  redoButton.disabled = !undone.length || isHeld(undone.at(-1));
}

export function setUpUndoing() {
  undoButton.addEventListener("click", undo);
  redoButton.addEventListener("click", redo);
  store.onChange(draw);
  desk.onChange(draw);
  illustrating.onChange(draw);
  draw();
}
