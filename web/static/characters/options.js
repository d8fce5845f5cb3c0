// What the main character can look like: groups of words to switch on and off.

import { byId, element } from "../dom.js";
import { readOptions } from "../api.js";

// The service takes no more.
const MOST = 20;

const place = byId("options");
const fault = byId("options-fault");

let buttons = [];

const isOn = (button) => button.getAttribute("aria-pressed") === "true";

/** The ids of those that are switched on. They are remembered from a draft before the buttons are here. */
let chosen = [];

export const chosenOptions = () => chosen;

export const optionsField = {
  showFault: (text) => { fault.textContent = text; },
  focus: () => buttons[0]?.focus(),
};

function mark() {
  for (const button of buttons) button.setAttribute("aria-pressed", chosen.includes(button.value));
}

export function setOptions(ids) {
  chosen = ids;
  mark();
}

function toggle(button, changed) {
  const others = chosen.filter((id) => id !== button.value);
  const isFull = !isOn(button) && others.length >= MOST;
  optionsField.showFault(isFull ? `That is enough: at most ${MOST}. Switch one off to choose another.` : "");
  if (isFull) return;
  setOptions(isOn(button) ? others : [...others, button.value]);
  changed();
}

function group({ label, options }, changed) {
  const made = options.map((option) => element("button", { type: "button", className: "chip", value: option.id }, option.label));
  for (const button of made) button.addEventListener("click", () => toggle(button, changed));
  buttons.push(...made);
  return element("fieldset", { className: "field" },
    element("legend", {}, label),
    element("div", { className: "toggles" }, ...made));
}

/** Without an answer the page does without them. @param {() => void} changed called after a choice */
export async function setUpOptions(changed) {
  const groups = await readOptions().catch(() => []);
  buttons = [];
  place.replaceChildren(...groups.map((each) => group(each, changed)));
  place.hidden = !groups.length;
  if (groups.length) setOptions(chosen.filter((id) => buttons.some(({ value }) => value === id)));
}
