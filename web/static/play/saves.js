// Places in the adventure that the player has given a name, to come back to.

import { announce, byId, element } from "../dom.js";
import { TextBox } from "../textbox.js";
import { follow } from "./following.js";
import { game } from "./game.js";
import { lastTurn, places } from "./tale.js";

const dialog = byId("saves");
const form = byId("save-form");
const list = byId("save-list");
const NONE = "Nothing is saved under a name yet. The adventure itself is always kept.";
const name = new TextBox("save-name", "Give it a name.");

let awaited = "";
let shown = null;

function rowOf({ name: called, turn }, at) {
  const button = element("button", { type: "button", className: "quiet", ariaLabel: `Load “${called}”` }, "Load");
  button.addEventListener("click", () => {
    if (!game.send({ load: { name: called } })) return;
    follow();
    dialog.close();
  });
  const where = at.has(turn) ? `At turn ${at.get(turn)}` : "";
  return element("li", {}, element("p", {}, element("strong", { dir: "auto" }, called), element("small", {}, where)), button);
}

function drawList(tale) {
  const at = places(tale);
  list.replaceChildren(...(tale.saves.length ? tale.saves.map((save) => rowOf(save, at)) : [element("li", { className: "nothing" }, NONE)]));
}

export function drawSaves({ tale, isFree }, message) {
  if (tale.saves !== shown) drawList(tale);
  shown = tale.saves;
  for (const button of dialog.querySelectorAll("li button, [type='submit']")) button.disabled = !isFree;
  if (message?.type !== "history" || !awaited) return;
  if (tale.saves.some((save) => save.name === awaited)) announce(`Saved as “${awaited}”.`);
  awaited = "";
}

export const showSavesFault = (text) => {
  awaited = "";
  name.showFault(text);
};

/** A name to begin with: what was done last. */
const suggested = () => [...(lastTurn(game.tale)?.choice || "The beginning")].slice(0, name.limit).join("").trim();

function save() {
  const text = name.read();
  if (!text || !game.send({ save: { name: text } })) return;
  awaited = text;
}

export function setUpSaves() {
  byId("open-saves").addEventListener("click", () => {
    name.set(suggested());
    dialog.showModal();
    name.box.select();
  });
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });
}
