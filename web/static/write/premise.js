// The premise: generated or written by hand, and how many words it has.

import { byId, say } from "../dom.js";
import { desk } from "./desk.js";
import { store } from "./store.js";
import { countWords, inWordsOf } from "./words.js";

const box = byId("premise");
const count = byId("premise-count");
const fault = byId("premise-fault");
const MOST_WORDS = 40;

function draw() {
  const growing = desk.growing("premise");
  const text = growing ?? store.state.premise;
  if (box.value !== text) box.value = text;
  box.readOnly = desk.isAt("premise");
  box.classList.toggle("is-waiting", desk.isAt("premise") && !text);
  box.setAttribute("aria-busy", desk.isAt("premise"));
  const words = countWords(text);
  say(count, words > MOST_WORDS ? `${inWordsOf(words)}, more than the usual ${MOST_WORDS}` : inWordsOf(words));
}

/** @returns {Element | undefined} the box, if the service found something wrong with it */
export function showPremiseFault(faults) {
  const found = faults.find(({ field }) => field === "premise");
  if (found) fault.textContent = found.detail;
  return found && box;
}

export function setUpPremise() {
  box.addEventListener("input", () => {
    fault.textContent = "";
    store.change({ premise: box.value }, { label: "the change of the premise", key: "premise" });
  });
  store.onChange(draw);
  desk.onChange(draw);
  draw();
}
