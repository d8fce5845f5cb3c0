// What the form asks for, what is wrong with it, and its draft, which outlives a reload.

import { byId } from "../dom.js";
import { keep, recall } from "../memory.js";
import { sendWithKeys, TextBox } from "../textbox.js";
import { Chips } from "./chips.js";
import { isSendingPicture, pictureField, pictureUrl, readPicture, setPicture, setUpPicker } from "./picker.js";

const DRAFT = "book.draft";

const form = byId("wish");
const name = new TextBox("name", "Give the character a name.");
const prompt = new TextBox("prompt", "Say in a few words what happens.");
const age = byId("age");
const pages = byId("pages");
const choices = { style: byId("style"), language: byId("language") };
const paint = byId("paint");
const personality = new Chips("personality", keepDraft);
const interests = new Chips("interests", keepDraft);

const ageField = {
  showFault(text) {
    byId("age-fault").textContent = text;
    age.setAttribute("aria-invalid", Boolean(text));
  },
  focus: () => age.focus(),
  isRight() {
    this.showFault(age.validity.valid ? "" : "A whole number from 0 to 120, or nothing.");
    return age.validity.valid;
  },
};

/** Whose fault it is, by the names that the service gives the fields. */
const FIELDS = {
  "character.name": name,
  "character.age": ageField,
  "character.personality": personality,
  "character.interests": interests,
  "character.imageUrl": pictureField,
  prompt,
};

const fieldNamed = (given) => Object.entries(FIELDS).find(([each]) => given === each || given.startsWith(`${each}.`))?.[1];

let isSetUp = false;

function keepDraft() {
  if (!isSetUp) return;
  keep(DRAFT, JSON.stringify({
    name: name.box.value,
    age: age.value,
    personality: personality.words,
    interests: interests.words,
    imageUrl: pictureUrl(),
    prompt: prompt.box.value,
    pages: pages.value,
    style: choices.style.value,
    language: choices.language.value,
    paint: paint.checked,
  }));
}

const showPages = () => { byId("pages-count").textContent = pages.value; };

function bringBackDraft() {
  const text = recall(DRAFT);
  if (!text) return;
  const draft = JSON.parse(text);
  name.set(draft.name);
  prompt.set(draft.prompt);
  age.value = draft.age;
  pages.value = draft.pages;
  choices.style.value = draft.style;
  choices.language.value = draft.language;
  paint.checked = draft.paint;
  personality.set(draft.personality);
  interests.set(draft.interests);
  if (draft.imageUrl) setPicture(draft.imageUrl);
}

/** Whether all is right; else the first fault has the focus. */
function isFit() {
  const checks = [
    [name, name.read() !== null],
    [ageField, ageField.isRight()],
    [personality, personality.take()],
    [interests, interests.take()],
    [prompt, prompt.read() !== null],
  ];
  const wrong = checks.find(([, isRight]) => !isRight);
  wrong?.[0].focus();
  return !wrong;
}

function character(imageUrl) {
  const who = { name: name.text, personality: personality.words, interests: interests.words };
  if (age.value !== "") who.age = Number(age.value);
  if (imageUrl) who.imageUrl = imageUrl;
  return who;
}

function body(imageUrl) {
  const wish = {
    character: character(imageUrl),
    prompt: prompt.text,
    generateIllustrations: paint.checked,
    pages: Number(pages.value),
  };
  for (const [key, { value }] of Object.entries(choices)) if (value) wish[key] = value;
  return JSON.stringify(wish);
}

/** The request's body, or null after saying at the field what is wrong. Waits for the picture that is being sent.
 *  @param {() => void} waiting called if there is one */
export async function readWish(waiting) {
  if (!isFit()) return null;
  if (isSendingPicture()) waiting();
  const imageUrl = await readPicture();
  if (imageUrl !== null) return body(imageUrl);
  pictureField.focus();
  return null;
}

/** Says at the fields what the service found wrong with them; whether there is any. */
export function showFieldFaults({ fields }) {
  const known = fields.map(({ field, detail }) => [fieldNamed(field), detail]).filter(([field]) => field);
  for (const [field, detail] of known) field.showFault(detail);
  known[0]?.[0].focus();
  return known.length > 0;
}

export const hasWish = () => Boolean(name.text && prompt.text);

export function focusWish() {
  name.focus();
  name.box.select();
}

export function setUpForm() {
  setUpPicker(form, keepDraft);
  bringBackDraft();
  isSetUp = true;
  showPages();
  pages.addEventListener("input", showPages);
  age.addEventListener("input", () => ageField.showFault(""));
  form.addEventListener("input", keepDraft);
  form.addEventListener("change", keepDraft);
  sendWithKeys(prompt.box, form);
}
