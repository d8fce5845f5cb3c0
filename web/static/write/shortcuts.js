// The keyboard: what can be done without the mouse from anywhere on the page.

import { announce, byId } from "../dom.js";
import { openPhase } from "./phases.js";
import { PHASES } from "./project.js";
import { saving } from "./saving.js";
import { actMain } from "./steps.js";
import { redo, undo } from "./undoing.js";

const help = byId("help");
const TEXT = 'textarea, select, input:not([type="radio"], [type="checkbox"])';

const isTyping = ({ target }) => target.matches?.(TEXT) ?? false;

/** Boxes that are no part of the project keep the browser's own undo. */
const hasOwnUndo = ({ target }) => target.matches?.(`:is(${TEXT}):not([data-bound])`) ?? false;

function send({ target }) {
  const form = target.closest?.("form");
  if (form?.querySelector('[type="submit"]')) form.requestSubmit();
  else actMain();
}

async function save() {
  announce(await saving.now() ? "Saved." : "Not saved yet.");
}

/** The action for keys, or undefined. Letters are compared as typed; digits by their place, since Alt changes them. */
function actionFor(event) {
  const { key, code, altKey, shiftKey } = event;
  const isCommand = (event.ctrlKey || event.metaKey) && !altKey;
  const letter = key.toLowerCase();
  if (isCommand && key === "Enter") return () => send(event);
  if (isCommand && letter === "s" && !shiftKey) return save;
  if (isCommand && letter === "z" && !hasOwnUndo(event)) return shiftKey ? redo : undo;
  if (isCommand && letter === "y" && !hasOwnUndo(event)) return redo;
  const digit = altKey && !event.ctrlKey && /^(?:Digit|Numpad)([1-5])$/.exec(code)?.[1];
  if (digit) return () => openPhase(PHASES[digit - 1].id);
  if (key === "?" && !isTyping(event)) return () => help.showModal();
  return undefined;
}

export function setUpShortcuts() {
  byId("open-help").addEventListener("click", () => help.showModal());
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.querySelector("[data-close]")?.addEventListener("click", () => dialog.close());
  }
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || document.querySelector("dialog[open]")) return;
    const action = actionFor(event);
    if (!action) return;
    event.preventDefault();
    action();
  });
}
