// The assistant: what is said to it, and what it does with the project. Its changes can be undone.

import { Trouble } from "../api.js";
import { announce, byId, element, say } from "../dom.js";
import { freshKey } from "../key.js";
import { sendWithKeys, TextBox } from "../textbox.js";
import { ACTIONS } from "./actions.js";
import { runAssistant } from "./agui.js";
import { completed, deltaPatch, snapshotPatch, toldOf } from "./deltas.js";
import { desk } from "./desk.js";
import { openPhase } from "./phases.js";
import { store } from "./store.js";
import { beginAnswer, beginTool, clearTalk, dropHint, showFault, showMine } from "./talk.js";

const form = byId("chat");
const sender = byId("chat-send");
const place = byId("suggestions");
const box = new TextBox("chat-text", "Say what it shall do.");
const MOST_MESSAGES = 20;
const HINT = "It knows your story as far as it is, and can do what the buttons do. Everything it changes can be undone.";
const LABEL = "the assistant’s change";

const ASKS = {
  setup: ["Write a premise from my setup", "What is missing in my setup?"],
  premise: ["Make the premise more surprising", "Make an outline from it"],
  outline: ["More suspense in the middle", "Give the ending a twist", "Start writing"],
  writing: ["Go on with the story", "What could happen next?"],
  export: ["Export my story", "Suggest a better title"],
};

/** The tools that are done by a job, as the desk names them. */
const AT_DESK = { fill_setup: "setup", generate_premise: "premise", generate_outline: "outline", refine_outline: "refine", start_writing: "start", continue_writing: "continue" };

let talk = { thread: freshKey(), messages: [], shown: "" };
let run = null;

const isSuggested = (phase) => talk.shown === phase;

function suggest(phase) {
  if (isSuggested(phase)) return;
  talk.shown = phase;
  place.replaceChildren(...ASKS[phase].map((text) => {
    const button = element("button", { type: "button", className: "chip" }, text);
    button.addEventListener("click", () => ask(text));
    return button;
  }));
}

function drawBusy() {
  say(sender, run ? "Stop" : "Send");
  for (const button of place.children) button.setAttribute("aria-disabled", Boolean(run));
}

function change(patch, { id, tool, isAtDesk }) {
  const { phase, ...parts } = completed(store.state, patch, tool);
  // What is at the desk comes from there, as it grows and when it is done.
  if (!isAtDesk) store.change(parts, { label: LABEL, key: `run.${id}`, isOneStep: true });
  if (phase && phase !== store.state.phase) store.set({ phase });
}

function remember(message) {
  talk.messages = [...talk.messages, message].slice(-MOST_MESSAGES);
}

/** What each event of a run does. @param {object} mine the run */
const HAPPENS = {
  TEXT_MESSAGE_START(mine, { messageId }) {
    Object.assign(mine, { message: { id: messageId, role: "assistant", content: "" }, show: beginAnswer() });
  },
  TEXT_MESSAGE_CONTENT(mine, { messageId, delta }) {
    if (!mine.message) HAPPENS.TEXT_MESSAGE_START(mine, { messageId });
    mine.message.content += delta;
    mine.show(mine.message.content);
  },
  TEXT_MESSAGE_END(mine) {
    if (!mine.message) return;
    remember(mine.message);
    announce(mine.message.content);
    mine.message = null;
  },
  TOOL_CALL_START(mine, { toolCallName }) {
    Object.assign(mine, { tool: toolCallName, toolDone: beginTool(toolCallName), isAtDesk: false });
  },
  TOOL_CALL_RESULT(mine) {
    mine.toolDone?.();
    if (mine.tool === "export") openPhase("export");
  },
  STATE_SNAPSHOT(mine, { snapshot }) {
    change(snapshotPatch(snapshot, mine.sent), mine);
  },
  STATE_DELTA(mine, { delta }) {
    change(deltaPatch(delta), mine);
  },
  CUSTOM(mine, { name, value }) {
    const action = AT_DESK[mine.tool];
    if (name !== "job" || !value?.id || !action || desk.isBusy) return;
    mine.isAtDesk = true;
    desk.attachTo(value.id, action);
    store.set({ phase: ACTIONS[action].phase });
  },
  RUN_ERROR(_mine, { message, code }) {
    throw new Trouble({ title: "The assistant could not do that", detail: message, code });
  },
};

async function carry(mine) {
  const input = { threadId: talk.thread, runId: mine.id, state: mine.sent, messages: talk.messages };
  for await (const event of runAssistant(input, mine.ending.signal)) {
    if (mine.ending.signal.aborted) return;
    HAPPENS[event.type]?.(mine, event);
  }
}

async function start() {
  const mine = { id: freshKey(), sent: toldOf(store.state), ending: new AbortController(), tool: "", isAtDesk: false, message: null, show: null };
  run = mine;
  drawBusy();
  try {
    await carry(mine);
  } catch (reason) {
    if (mine.ending.signal.aborted) return;
    if (!(reason instanceof Trouble)) throw reason;
    const text = [reason.title, reason.detail].filter(Boolean).join(". ");
    showFault(text, reason.status === 404 ? null : start);
    announce(text);
  } finally {
    // An answer that broke off stays as it is.
    if (mine.message) mine.show(mine.message.content || "…");
    if (run === mine) run = null;
    drawBusy();
  }
}

function ask(text) {
  if (run) return;
  dropHint();
  showMine(text);
  remember({ id: freshKey(), role: "user", content: text });
  start();
}

function submitted(event) {
  event.preventDefault();
  if (run) {
    stop();
    return;
  }
  const text = box.read();
  if (text === null) {
    box.focus();
    return;
  }
  box.set("");
  ask(text);
}

function stop() {
  run?.ending.abort();
  run = null;
  drawBusy();
}

export function forgetTalk() {
  stop();
  talk = { thread: freshKey(), messages: [], shown: talk.shown };
  clearTalk(HINT);
}

export function setUpAssistant() {
  clearTalk(HINT);
  form.addEventListener("submit", submitted);
  sendWithKeys(box.box, form);
  box.box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.metaKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  store.onChange(({ phase }) => suggest(phase));
  suggest(store.state.phase);
}
