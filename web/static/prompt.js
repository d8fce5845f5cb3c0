// The prompt box: examples, the unsent draft, and Ctrl or Cmd with Enter.

import { byId } from "./dom.js";
import { dropDraft, keepDraft, readDraft } from "./draft.js";
import { sendWithKeys, TextBox } from "./textbox.js";

const prompt = new TextBox("prompt", "Write a few words first, or pick an example.");
const { box } = prompt;
const ownWords = byId("own-words");

let own = "";

const changed = () => keepDraft(box.value);

function write(text) {
  prompt.set(text);
  changed();
  box.focus();
}

/** An example replaces what was typed, but what was typed can be had back. */
function offerExamples() {
  const chips = [...byId("examples").querySelectorAll(".chip:not(#own-words)")];
  const examples = chips.map((chip) => chip.textContent);
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      if (box.value.trim() && !examples.includes(box.value)) own = box.value;
      ownWords.hidden = !own;
      write(chip.textContent);
    });
  }
  ownWords.addEventListener("click", () => {
    ownWords.hidden = true;
    write(own);
  });
}

/** The prompt, or null after saying at the box what is wrong with it. */
export function readPrompt() {
  const text = prompt.read();
  if (text === null) box.focus();
  return text;
}

export function focusPrompt() {
  box.focus();
  box.select();
}

export const promptText = () => box.value;

export const hasPrompt = () => Boolean(prompt.text);

/** @param {string} told what stood in the box then: words that were written since stay a draft */
export function promptWasTold(told) {
  if (box.value === told) dropDraft();
}

export function setUpPrompt(form) {
  if (!box.value) prompt.set(readDraft());
  offerExamples();
  box.addEventListener("input", changed);
  sendWithKeys(box, form);
}
