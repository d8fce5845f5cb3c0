// The prompt box: counter, limits, examples, the unsent draft, and Ctrl or Cmd with Enter.

import { byId } from "./dom.js";
import { dropDraft, keepDraft, readDraft } from "./draft.js";

const box = byId("prompt");
const count = byId("prompt-count");
const fault = byId("prompt-fault");
const ownWords = byId("own-words");
const limit = Number(box.dataset.max);
const number = new Intl.NumberFormat("en");

let own = "";

/** Counted in code points and without outer blanks, as the service counts. */
const length = () => [...box.value.trim()].length;

function showCount() {
  const over = length() - limit;
  count.textContent = over > 0 ? `${number.format(over)} too many` : `${number.format(length())} of ${number.format(limit)}`;
  count.classList.toggle("over", over > 0);
}

function showFault(text) {
  fault.textContent = text;
  box.setAttribute("aria-invalid", Boolean(text));
}

function changed() {
  showCount();
  showFault("");
  keepDraft(box.value);
}

function write(text) {
  box.value = text;
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
  const text = box.value.trim();
  if (text && length() <= limit) return text;
  showFault(text ? `That is too long: at most ${number.format(limit)} characters.` : "Write a few words first, or pick an example.");
  box.focus();
  return null;
}

export function focusPrompt() {
  box.focus();
  box.select();
}

export const promptText = () => box.value;

export const hasPrompt = () => Boolean(box.value.trim());

/** @param {string} told what stood in the box then: words that were written since stay a draft */
export function promptWasTold(told) {
  if (box.value === told) dropDraft();
}

export function setUpPrompt(form) {
  if (!box.value) box.value = readDraft();
  showCount();
  offerExamples();
  box.addEventListener("input", changed);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
}
