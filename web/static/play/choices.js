// What the player does next: one of the choices, by mouse, keyboard or number, or something else in their own words.

import { announce, byId, element, say } from "../dom.js";
import { TextBox } from "../textbox.js";
import { codeOf } from "./language.js";
import { follow, showPanel } from "./following.js";
import { game } from "./game.js";
import { lastTurn } from "./tale.js";

const panel = byId("choosing");
const title = byId("choosing-title");
const note = byId("choosing-note");
const list = byId("choices");
const form = byId("answer-form");
const send = byId("answer-send");
const undo = byId("undo");
const fault = byId("turn-fault");
const retry = byId("turn-retry");
const box = new TextBox("answer", "Say what you do.");

const TEXT = "textarea, select, input, [contenteditable]";

let shown = "";
let couldChoose = false;
let wasJoined = false;

const isTyping = () => document.activeElement?.matches(TEXT) ?? false;

function choose(text) {
  // The button that had the focus is about to be disabled.
  if (list.contains(document.activeElement)) title.focus({ preventScroll: true });
  follow();
  game.send({ choice: text });
}

function choiceButton(text, index) {
  const button = element("button", { type: "button", className: "choice" },
    element("kbd", { ariaHidden: "true" }, String(index + 1)), element("span", { dir: "auto" }, text));
  button.setAttribute("aria-keyshortcuts", index + 1);
  button.addEventListener("click", () => choose(text));
  return element("li", {}, button);
}

/** While a turn is told one still sees what there was to choose, and what was chosen. */
function offered({ turns }) {
  const last = turns.at(-1);
  const isNext = !last?.choices.length && !last?.fault;
  return { choices: (isNext ? turns.at(-2) : last)?.choices ?? [], chosen: isNext ? last?.choice : undefined };
}

function drawList({ tale, canChoose }) {
  const { choices, chosen } = offered(tale);
  const wanted = JSON.stringify(choices);
  if (wanted !== shown) list.replaceChildren(...choices.map(choiceButton));
  shown = wanted;
  list.lang = codeOf(tale.setup.language);
  [...list.querySelectorAll("button")].forEach((button, index) => {
    button.disabled = !canChoose;
    button.classList.toggle("is-chosen", choices[index] === chosen);
  });
}

function words({ tale, link, isTelling, isSending }) {
  const last = lastTurn(tale);
  if (last?.fault) return ["The story broke off", ""];
  if (isTelling) return ["The story goes on…", "You can choose as soon as this turn is told."];
  if (link !== "open") return ["What do you do?", "Wait until the connection is back."];
  if (isSending) return ["What do you do?", "Your answer is on its way."];
  return ["What do you do?", ""];
}

function drawFault({ tale, isFree }) {
  const last = lastTurn(tale);
  const broken = last?.fault;
  fault.hidden = !broken;
  form.hidden = Boolean(broken);
  say(byId("turn-fault-text"), broken ? `${broken.text}${broken.canRetry ? "" : " Undo, and do something else."}` : "");
  retry.hidden = !broken?.canRetry;
  retry.disabled = !isFree;
}

/** Brings the keyboard to the choices when they come, unless the player is writing or at something else. */
function choicesHaveCome() {
  showPanel();
  if (isTyping() || document.querySelector("dialog[open]")) announce("You can choose now.");
  else title.focus({ preventScroll: true });
}

/** @param {boolean} hasMoved the player is at another turn than before, by undo, another path or what was saved */
export function drawChoices(now, message, hasMoved) {
  const { canChoose, canUndo, isJoined } = now;
  const [heading, text] = words(now);
  say(title, heading);
  say(note, text);
  panel.classList.toggle("is-telling", now.isTelling);
  drawList(now);
  drawFault(now);
  send.disabled = !canChoose;
  undo.disabled = !canUndo;
  if (message?.type === "state" && message.state === "narrating") {
    announce("The story goes on.");
    if (message.choice === box.text) box.set("");
  }
  if (canChoose && message && (hasMoved || (wasJoined && !couldChoose))) choicesHaveCome();
  if (message || !isJoined) {
    couldChoose = canChoose;
    wasJoined = isJoined;
  }
}

function answer() {
  if (!game.canChoose) {
    announce(`${title.textContent} ${note.textContent}`);
    return;
  }
  const text = box.read();
  if (text) choose(text);
}

function numberPressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return;
  if (isTyping() || document.querySelector("dialog[open]") || !/^[1-4]$/.test(event.key)) return;
  list.querySelectorAll("button")[event.key - 1]?.click();
}

export const showAnswerFault = (text) => box.showFault(text);

export function setUpChoices() {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer();
  });
  box.box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  undo.addEventListener("click", () => {
    follow();
    game.send({ undo: true });
  });
  retry.addEventListener("click", () => {
    follow();
    game.send({ retry: "narration" });
  });
  document.addEventListener("keydown", numberPressed);
}
