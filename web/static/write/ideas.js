// From an idea to the filled form: at once, or by way of three better ideas. And templates to start from.

import { byId, element } from "../dom.js";
import { forget, keep, recall } from "../memory.js";
import { TextBox } from "../textbox.js";
import { desk } from "./desk.js";
import { store } from "./store.js";

const DRAFT = "write.idea";

const idea = new TextBox("idea", "Say in a few words what you have in mind.");
const place = byId("ideas");
const templates = byId("templates");
const buttons = { setup: byId("fill"), ideas: byId("enhance") };

function read() {
  const text = idea.read();
  if (text === null) idea.focus();
  return text;
}

const details = (text) => ({ idea: text, language: store.state.setup.language ?? "" });

async function fill() {
  const text = desk.isBusy ? null : read();
  if (text !== null && await desk.order("setup", details(text))) byId("setup-form").scrollIntoView({ block: "start" });
}

function take({ title, idea: text }) {
  idea.set(text);
  keep(DRAFT, text);
  clearIdeas();
  if (!store.state.title.trim()) store.change({ title }, { label: "the title" });
  idea.focus();
}

function card(each) {
  const button = element("button", { type: "button" }, "Take this one");
  button.addEventListener("click", () => take(each));
  return element("li", {}, element("h3", { dir: "auto" }, each.title), element("p", { dir: "auto" }, each.idea), button);
}

function showIdeas(content) {
  place.replaceChildren(...content);
  place.hidden = !content.length;
}

const clearIdeas = () => showIdeas([]);

const skeleton = () => element("li", { className: "skeletons" }, ...Array.from({ length: 3 }, () => element("span", { className: "skeleton" })));

async function enhance() {
  const text = desk.isBusy ? null : read();
  if (text === null) return;
  showIdeas([element("ul", { className: "idea-cards", ariaBusy: "true" }, skeleton(), skeleton(), skeleton())]);
  const answer = await desk.order("ideas", { ...details(text), isFresh: true });
  const ideas = answer?.ideas ?? [];
  showIdeas(ideas.length ? [element("ul", { className: "idea-cards" }, ...ideas.map(card))] : []);
}

function template({ label, setup }) {
  const button = element("button", { type: "button", className: "chip" }, label);
  button.addEventListener("click", () => store.change({ setup: { ...store.state.setup, ...setup } }, { label: `the template “${label}”` }));
  return button;
}

export function offerTemplates(offered) {
  templates.append(...offered.map(template));
  templates.hidden = !offered.length;
}

/** @returns {Element | undefined} the box, if the service found something wrong with the idea */
export function showIdeaFault(faults) {
  const found = faults.find(({ field }) => field === "idea");
  if (found) idea.showFault(found.detail);
  return found && idea.box;
}

function drawButtons() {
  for (const [name, button] of Object.entries(buttons)) {
    button.setAttribute("aria-disabled", desk.isBusy);
    button.setAttribute("aria-busy", desk.isAt(name));
  }
}

/** Another project begins with another idea. */
export function forgetIdea() {
  idea.set("");
  forget(DRAFT);
  clearIdeas();
}

export function setUpIdeas() {
  idea.set(recall(DRAFT));
  idea.box.addEventListener("input", () => keep(DRAFT, idea.box.value));
  byId("idea-form").addEventListener("submit", (event) => {
    event.preventDefault();
    fill();
  });
  buttons.ideas.addEventListener("click", enhance);
  desk.onChange(drawButtons);
}
