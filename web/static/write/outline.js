// The outline: its scenes as cards that are edited, moved, added, removed and refined.

import { announce, byId, element, say } from "../dom.js";
import { TextBox } from "../textbox.js";
import { desk } from "./desk.js";
import { makeSortable } from "./dragging.js";
import { illustrating } from "./illustrating.js";
import { blankScene, hasOutline, numbered } from "./project.js";
import { SceneCard } from "./scenecard.js";
import { store } from "./store.js";

const MOST_SCENES = 40;
const REFINING = ["outline", "refine"];

const body = byId("outline-body");
const list = byId("scenes");
const people = byId("characters");
const adder = byId("add-scene");
const whole = new TextBox("refine-all-text", "Say how it shall change.");

let cards = [];

const scenesNow = () => store.state.outline.scenes;

const withScenes = (scenes) => ({ outline: { ...store.state.outline, scenes: numbered(scenes) } });

function change(index, patch) {
  const scenes = scenesNow().map((each, at) => (at === index ? { ...each, ...patch } : each));
  const [name] = Object.keys(patch);
  store.change(withScenes(scenes), { label: `the change of scene ${index + 1}`, key: `scene.${index}.${name}` });
}

/** @param {(number | null)[]} order for each scene the place that it had; null for a new one */
function arrange(order, label) {
  const before = scenesNow();
  store.change(withScenes(order.map((from) => (from === null ? blankScene() : before[from]))), { label, order });
}

const places = () => scenesNow().map((_, index) => index);

function move(from, to) {
  if (to < 0 || to >= scenesNow().length || isHeld()) return;
  const focused = ["handle", "up", "down"].find((name) => cards[from][name] === document.activeElement);
  const order = places();
  order.splice(to, 0, ...order.splice(from, 1));
  arrange(order, `the move of scene ${from + 1}`);
  announce(`The scene is number ${to + 1} of ${order.length} now.`);
  if (!focused) return;
  const target = cards[to][focused];
  (target.disabled ? cards[to].handle : target).focus();
}

function remove(index) {
  arrange(places().filter((each) => each !== index), `the removal of scene ${index + 1}`);
  announce(`Scene ${index + 1} is removed.`);
  (cards[Math.min(index, cards.length - 1)]?.title ?? adder).focus();
}

function add() {
  arrange([...places(), null], "the new scene");
  cards.at(-1).title.focus();
}

const refine = (index, instruction) => desk.order("refine", { instruction, scene: index + 1 });

async function refineWhole(event) {
  event.preventDefault();
  const instruction = desk.isBusy ? null : whole.read();
  if (instruction && await desk.order("refine", { instruction })) whole.set("");
}

/** While pictures are drawn for scenes by their numbers, these stay as they are. */
const isHeld = () => illustrating.isBusy || desk.isAt(...REFINING);

function person({ name, description }, index) {
  const write = (part, value) => {
    const characters = store.state.outline.characters.map((each, at) => (at === index ? { ...each, [part]: value } : each));
    store.change({ outline: { ...store.state.outline, characters } }, { label: "the change of a character", key: `person.${index}.${part}` });
  };
  const box = (tag, part, value, label) => {
    const made = element(tag, { value, ariaLabel: `${label} of character ${index + 1}`, dir: "auto", ...(tag === "input" ? { type: "text" } : { className: "look one-line", rows: 1 }) });
    made.dataset.bound = "";
    made.addEventListener("input", () => write(part, made.value));
    return made;
  };
  return element("li", {}, box("input", "name", name, "Name"), box("textarea", "description", description, "Description"));
}

function drawPeople(characters) {
  const rows = [...people.querySelectorAll("li")];
  people.hidden = !characters.length;
  say(people.querySelector("summary"), `Characters (${characters.length})`);
  const isSame = rows.length === characters.length;
  if (!isSame) people.querySelector("ul").replaceChildren(...characters.map(person));
  else {
    rows.forEach((row, index) => {
      const { name, description } = characters[index];
      for (const [box, value] of [[row.children[0], name], [row.children[1], description]]) if (box.value !== value) box.value = value;
    });
  }
}

function draw(state) {
  const { outline } = state;
  const isWaiting = desk.isAt("outline") && !hasOutline(state);
  body.hidden = !hasOutline(state);
  byId("outline-empty").hidden = hasOutline(state) || isWaiting;
  byId("phase-outline").classList.toggle("is-waiting", isWaiting);
  list.setAttribute("aria-busy", desk.isAt(...REFINING));
  drawPeople(outline.characters);
  while (cards.length > outline.scenes.length) cards.pop().root.remove();
  while (cards.length < outline.scenes.length) {
    cards.push(new SceneCard(cards.length, { change, move, remove, refine }));
    list.append(cards.at(-1).root);
  }
  const now = { isBusy: desk.isBusy, isHeld: isHeld() };
  outline.scenes.forEach((scene, index) => cards[index].show(scene, outline.scenes.length, now));
  adder.disabled = isHeld() || outline.scenes.length >= MOST_SCENES;
  byId("refine-all").querySelector("button").setAttribute("aria-disabled", desk.isBusy);
}

/** @returns {Element | undefined} where the fault is, if the service found something wrong with the instruction */
export function showInstructionFault(faults) {
  const found = faults.find(({ field }) => field === "instruction");
  if (found) whole.showFault(found.detail);
  return found && whole.box;
}

export function setUpOutline() {
  adder.addEventListener("click", add);
  byId("refine-all").addEventListener("submit", refineWhole);
  makeSortable(list, move);
  const redraw = () => draw(store.state);
  store.onChange(redraw);
  desk.onChange(redraw);
  illustrating.onChange(redraw);
  redraw();
}
