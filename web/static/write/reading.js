// The story as it will be read: its prose with the pictures of the scenes where they belong, as far as one can tell.

import { byId, element } from "../dom.js";
import { openLightbox } from "../lightbox.js";
import { showProse } from "../prose.js";
import { imageOf } from "./plates.js";
import { store } from "./store.js";

const article = byId("reading");
const desk = byId("writing-desk");
const views = [...document.querySelectorAll('input[name="view"]')];

const isReading = () => views.some(({ checked, value }) => checked && value === "read");

const paragraphsOf = (text) => text.split(/\n\s*\n/).map((each) => each.trim()).filter(Boolean);

/** The story in as many pieces as there are scenes: about equally long, each beginning with a paragraph.
 *  @returns {string[][]} paragraphs */
function piecesOf(story, scenes) {
  const paragraphs = paragraphsOf(story);
  const length = paragraphs.reduce((sum, each) => sum + each.length, 0);
  const pieces = Array.from({ length: Math.max(1, scenes) }, () => []);
  let before = 0;
  for (const each of paragraphs) {
    pieces[Math.min(pieces.length - 1, Math.floor((before / length) * pieces.length))].push(each);
    before += each.length;
  }
  return pieces;
}

/** How many scenes the text reaches: all of a complete story, else as many as are told, and the one begun. */
const reached = ({ outline, is_complete: isComplete, scenes_told: told }) => (
  isComplete || !told ? outline.scenes.length : Math.min(outline.scenes.length, told)
);

function figure(pictures, image) {
  const button = element("button", { type: "button", className: "thumbnail", title: "Show it large" },
    element("img", { src: image.url, alt: image.alt, decoding: "async" }));
  button.addEventListener("click", () => openLightbox(pictures, pictures.indexOf(image), button));
  return element("figure", {}, button);
}

function draw(state) {
  const { title, story, outline, shots } = state;
  const scenes = outline.scenes.slice(0, reached(state));
  const pieces = piecesOf(story, scenes.length);
  const images = scenes.map((scene) => imageOf(shots[scene.scene_number], scene));
  const pictures = images.filter(Boolean);
  const parts = pieces.flatMap((piece, index) => {
    const prose = element("div", { className: "story" });
    showProse(prose, piece.join("\n\n"));
    return images[index] ? [figure(pictures, images[index]), prose] : [prose];
  });
  article.replaceChildren(
    element("h3", { className: "reading-title", dir: "auto" }, title || outline.title || "Untitled story"),
    ...(story.trim() ? parts : [element("p", { className: "nothing" }, "There is nothing to read yet.")]),
  );
}

function show() {
  article.hidden = !isReading();
  desk.hidden = isReading();
  if (isReading() && store.state.phase === "writing") draw(store.state);
}

/** Back to the manuscript, as when something is written. */
export function leaveReading() {
  views.find(({ value }) => value === "edit").checked = true;
  show();
}

export function setUpReading() {
  for (const view of views) view.addEventListener("change", show);
  store.onChange(show);
  show();
}
