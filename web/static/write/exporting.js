// The story as a file, in one of five formats.

import { Trouble } from "../api.js";
import { announce, byId, element, say } from "../dom.js";
import { exportFile } from "./calls.js";
import { UNTITLED } from "./project.js";
import { fetchKept, shelve } from "./shelf.js";
import { store } from "./store.js";
import { countWords, inWordsOf } from "./words.js";

const FORMATS = [
  { id: "epub", name: "EPUB", what: "for e-readers and phones" },
  { id: "pdf", name: "PDF", what: "to print and to send" },
  { id: "html", name: "Web page", what: "to read in a browser" },
  { id: "md", name: "Markdown", what: "to go on working with" },
  { id: "txt", name: "Plain text", what: "only the words" },
];
const AUTHOR = "author";
const LAST = "format";
const KEEP_URL = 60_000;

const author = byId("author");
const withPictures = byId("with-pictures");
const note = byId("export-note");

let troubled = () => {};
let done = () => {};
let isAtWork = false;

function body(format) {
  const { title, setup, story, outline, shots } = store.state;
  const urlOf = ({ scene_number: number }) => (withPictures.checked && shots[number]?.image_url) || "";
  const cover = outline.scenes.map(urlOf).find(Boolean);
  return JSON.stringify({
    format,
    title: title.trim() || UNTITLED,
    ...(author.value.trim() && { author: author.value.trim() }),
    ...(setup.language?.trim() && { language: setup.language.trim() }),
    story,
    scenes: outline.scenes.map((scene) => ({ title: scene.title, ...(urlOf(scene) && { image_url: urlOf(scene) }) })),
    ...(cover && { cover_url: cover }),
  });
}

function hand(file, name) {
  const url = URL.createObjectURL(file);
  const link = element("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), KEEP_URL);
}

const plainName = (title) => title.trim().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "story";

async function download(format) {
  if (isAtWork || !store.state.story.trim()) return;
  isAtWork = true;
  shelve(LAST, format);
  draw();
  announce("The file is being made.");
  try {
    const { file, name } = await exportFile(body(format));
    hand(file, name || `${plainName(store.state.title)}.${format}`);
    announce("The file is here.");
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    troubled(trouble, () => download(format));
  } finally {
    isAtWork = false;
    draw();
    done();
  }
}

const lastFormat = () => FORMATS.find(({ id }) => id === fetchKept(LAST)) ?? FORMATS[0];

export const lastFormatName = () => lastFormat().name;

export const downloadLast = () => download(lastFormat().id);

const buttons = FORMATS.map(({ id, name, what }) => {
  const button = element("button", { type: "button", value: id }, element("strong", {}, name), element("small", {}, what));
  button.addEventListener("click", () => download(id));
  return button;
});

function draw() {
  const { story, is_complete: isComplete, shots } = store.state;
  const pictures = Object.values(shots).filter(({ image_url: url }) => url).length;
  const isHere = story.trim() !== "";
  const unfinished = isComplete ? "" : " It is not finished yet.";
  const held = pictures === 1 ? "1 picture" : `${pictures || "no"} pictures`;
  say(note, isHere ? `${inWordsOf(countWords(story))}, ${held}.${unfinished}` : "There is nothing to take yet.");
  for (const button of buttons) {
    button.disabled = !isHere;
    button.setAttribute("aria-busy", isAtWork && button.value === lastFormat().id);
  }
}

/** @param {{troubled: (trouble: Trouble, again: () => void) => void, done: () => void}} to */
export function setUpExport(to) {
  ({ troubled, done } = to);
  byId("formats").append(...buttons.map((button) => element("li", {}, button)));
  author.value = fetchKept(AUTHOR) ?? "";
  author.addEventListener("input", () => shelve(AUTHOR, author.value));
  store.onChange((_state, changed) => {
    if (changed.some((name) => ["story", "shots", "phase", "is_complete"].includes(name))) draw();
  });
  draw();
}
