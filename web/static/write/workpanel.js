// What is at work: how far it is, and the button that stops it.

import { announce, byId, say } from "../dom.js";
import { RECONNECTING } from "../wait.js";
import { ACTIONS } from "./actions.js";
import { desk } from "./desk.js";
import { countWords, inWordsOf } from "./words.js";

const panel = byId("work");
const bar = byId("work-bar");
const stop = byId("work-stop");
// Somebody listening should not be told every round, and never every word.
const SPOKEN_EVERY = 15_000;

let spokenAt = -Infinity;

function messageOf({ name, message, live, errand }) {
  if (errand.isLost) return RECONNECTING;
  if (message) return message;
  const words = countWords(live.text);
  return words ? `${ACTIONS[name].doing} ${inWordsOf(words)} so far.` : ACTIONS[name].doing;
}

function speak(text) {
  if (performance.now() - spokenAt < SPOKEN_EVERY) return;
  spokenAt = performance.now();
  announce(text);
}

function draw() {
  const { work } = desk;
  panel.hidden = !work;
  if (!work) {
    spokenAt = -Infinity;
    return;
  }
  say(byId("work-message"), messageOf(work));
  if (work.progress === null) bar.removeAttribute("value");
  else bar.value = work.progress;
  say(stop, work.errand.isStopping ? "Stopping…" : "Stop");
  stop.setAttribute("aria-disabled", work.errand.isStopping);
  if (work.message) speak(work.message);
}

export function setUpWorkPanel() {
  stop.addEventListener("click", () => desk.stop());
  desk.onChange(draw);
  draw();
}
