// What the form asks for, what is wrong with it, and its draft, which outlives a reload.

import { byId } from "../dom.js";
import { freshKey } from "../key.js";
import { forget, keep, recall } from "../memory.js";
import { sendWithKeys, TextBox } from "../textbox.js";
import { Figures } from "./figures.js";
import { chosenOptions, optionsField, setOptions, setUpOptions } from "./options.js";
import { setUpSketch, sketchField, sketchImage } from "./sketch.js";

const DRAFT = "characters.draft";
const NAME = "characters.name";

const form = byId("wish");
const name = new TextBox("name", "Give the character a name.");
const look = new TextBox("look", "Say in a few words what she or he looks like.");
const blur = byId("blur");
const style = byId("style");
const cast = new Figures("cast", { row: "Character", name: "Name", look: "What she, he or it looks like", hint: "a small grey cat with a bell" }, keepDraft);
const places = new Figures("places", { row: "Background", name: "Name", look: "What is to be seen", hint: "a forest at night, with a pond" }, keepDraft);

/** Whose fault it is, by the names that the service gives the fields. */
function fieldNamed(given) {
  const [list, index, part] = given.split(".");
  if (list === "optionIds") return optionsField;
  if (list === "sketchImage") return sketchField;
  const rows = { characters: [{ name, look }, ...cast.filled], backgrounds: places.filled }[list];
  return rows?.[Number(index)]?.[part === "name" ? "name" : "look"];
}

function keepDraft() {
  keep(DRAFT, JSON.stringify({
    name: name.box.value,
    look: look.box.value,
    options: chosenOptions(),
    cast: cast.draft,
    places: places.draft,
    blur: blur.checked,
    style: style.value,
  }));
}

function bringBackDraft() {
  const text = recall(DRAFT);
  if (!text) return;
  const draft = JSON.parse(text);
  name.set(draft.name);
  look.set(draft.look);
  setOptions(draft.options);
  cast.draft = draft.cast;
  places.draft = draft.places;
  blur.checked = draft.blur;
  style.value = draft.style;
}

/** The set's name: the same until it is taken, so that an order that is sent again is the same one. */
function nameOfSet() {
  if (!recall(NAME)) keep(NAME, freshKey());
  return recall(NAME) || freshKey();
}

export const setIsTaken = () => forget(NAME);

function body() {
  const sketch = sketchImage();
  return JSON.stringify({
    studentTaskId: nameOfSet(),
    characters: [{ name: name.text, prompt: look.text, main: true }, ...cast.wishes],
    backgrounds: places.wishes,
    optionIds: chosenOptions(),
    style: style.value,
    blur: blur.checked,
    ...(sketch && { sketchImage: sketch }),
  });
}

/** The request's body, or null after saying at the fields what is wrong; the first of them has the focus. */
export function readWish() {
  const wrong = [name, look, ...cast.boxes, ...places.boxes].filter((box) => box.read() === null);
  wrong[0]?.focus();
  return wrong.length ? null : body();
}

/** Says at the fields what the service found wrong with them; whether there is any. */
export function showFieldFaults({ fields }) {
  const known = fields.map(({ field, detail }) => [fieldNamed(field), detail]).filter(([field]) => field);
  for (const [field, detail] of known) field.showFault(detail);
  known[0]?.[0].focus();
  return known.length > 0;
}

export const hasWish = () => Boolean(name.text && look.text);

export function focusWish() {
  name.focus();
  name.box.select();
}

export function setUpForm() {
  setUpSketch();
  bringBackDraft();
  setUpOptions(keepDraft);
  form.addEventListener("input", keepDraft);
  form.addEventListener("change", keepDraft);
  sendWithKeys(look.box, form);
}
