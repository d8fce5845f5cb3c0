// The form that begins an adventure. What is in it outlives a reload.

import { byId, say } from "../dom.js";
import { forget, keep, recall } from "../memory.js";
import { sendWithKeys, TextBox } from "../textbox.js";
import { game } from "./game.js";
import { hasBegun } from "./tale.js";

const DRAFT = "play.draft";

const form = byId("start-form");
const begin = byId("begin");
const premise = new TextBox("premise", "Say in a sentence or two how it begins.");
const others = Object.fromEntries(["style", "language", "audience"].map((name) => [name, byId(name)]));
const boxes = { premise: premise.box, ...others };

const texts = (of) => Object.fromEntries(Object.entries(of).map(([name, box]) => [name, box.value.trim()]).filter(([, text]) => text));

const keepDraft = () => keep(DRAFT, JSON.stringify(texts(boxes)));

function bringBack() {
  const kept = recall(DRAFT);
  for (const [name, text] of Object.entries(kept ? JSON.parse(kept) : {})) if (name in boxes) boxes[name].value = text;
  premise.changed();
}

/** @param {(start: object) => void} started */
function submit(started) {
  if (game.isBeginning) return;
  const text = premise.read();
  if (text) started({ premise: text, ...texts(others) });
  else premise.focus();
}

export const showStartFault = (text) => premise.showFault(text);

export function drawStart({ isBeginning, tale }) {
  begin.setAttribute("aria-disabled", isBeginning);
  begin.setAttribute("aria-busy", isBeginning);
  say(begin, isBeginning ? "Beginning…" : "Begin the adventure");
  if (hasBegun(tale)) forget(DRAFT);
}

/** Nothing is in the form any more: what was has become an adventure. */
export function clearStart() {
  form.reset();
  premise.changed();
}

/** The words that did not become an adventure are there to be changed. */
export function fillStart(setup) {
  for (const [name, box] of Object.entries(boxes)) box.value = setup[name] ?? "";
  premise.changed();
}

export function setUpStart(started) {
  bringBack();
  form.addEventListener("input", keepDraft);
  sendWithKeys(premise.box, form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(started);
  });
  byId("premises").addEventListener("click", ({ target }) => {
    if (!target.matches(".chip")) return;
    premise.set(target.textContent.trim());
    premise.focus();
    keepDraft();
  });
}
