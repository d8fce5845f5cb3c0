// The story: its title, paragraphs and pictures while they come, and when it is told what can be done with it.

import { downloadUrl } from "./api.js";
import { turnTo } from "./attention.js";
import { copied } from "./copy.js";
import { announce, byId } from "./dom.js";
import { inWords } from "./duration.js";
import { showGallery, singlePictures } from "./gallery.js";
import { showProse } from "./prose.js";

const article = byId("result");
const title = byId("story-title");
const story = byId("story-text");
const copy = byId("copy");
const late = byId("late");
const FEEDBACK_MS = 2_000;

function showParts({ title: called, story: text, images }) {
  if (title.textContent !== called) title.textContent = called;
  showProse(story, text);
  showGallery(images);
}

/** @param {boolean} isMaking the story still grows: nothing can be done with it yet */
function setMaking(isMaking) {
  article.setAttribute("aria-busy", isMaking);
  byId("told").hidden = isMaking;
}

/** @param {import("./making.js").NOTHING_YET} making */
export function showMaking(making) {
  late.hidden = true;
  setMaking(true);
  story.classList.toggle("is-growing", !making.isWritten);
  showParts(making);
  story.hidden = article.hidden = false;
}

function colophon({ timings = {}, sandbox }) {
  const { story: written, image: painted, total } = timings;
  const parts = [
    written != null && `Story in ${inWords(written)}`,
    painted != null && `pictures in ${inWords(painted)}`,
    total != null && `${inWords(total)} in all`,
  ].filter(Boolean).join(", ");
  const line = [parts, sandbox && "samples from the sandbox"].filter(Boolean).join(" · ");
  return line.charAt(0).toUpperCase() + line.slice(1);
}

function showEnd(parts, { download, note }) {
  late.hidden = true;
  setMaking(false);
  story.classList.remove("is-growing");
  showParts(parts);
  story.hidden = copy.hidden = !parts.story;
  article.hidden = !(parts.title || parts.story || parts.images.length);
  byId("download").hidden = !download;
  byId("download").href = download;
  byId("colophon").textContent = note;
}

export function showResult(answer) {
  const called = answer.title || (answer.story ? "Your story" : "Your pictures");
  showEnd({ ...answer, title: called }, { download: downloadUrl(answer.id), note: colophon(answer) });
}

/** What there is of a story that came to no end; nothing if that is nothing. */
export function showUnfinished(making, { id, result }) {
  showEnd(making, { download: result ? downloadUrl(id) : "", note: "Stopped before it was finished." });
}

export function announceResult(answer) {
  turnTo(article, title);
  const count = singlePictures(answer.images).length;
  announce(`The story is here, with ${count} ${count === 1 ? "picture" : "pictures"}.`);
}

/** @param {string} text said where the pictures would be; nothing hides it */
export function showLate(text) {
  late.textContent = text;
  late.hidden = !text;
}

export const hideResult = () => { article.hidden = true; };

/** After an order that came to nothing, the story before it is worth more than an empty page. */
export function bringBackResult() {
  article.hidden = !title.textContent;
  showLate("");  // nobody looks for its picture any more
}

export function clearResult() {
  hideResult();
  showParts({ title: "", story: "", images: [] });
}

async function copyStory() {
  const worked = await copied([title.textContent, ...Array.from(story.children, (each) => each.textContent)].join("\n\n"));
  copy.textContent = worked ? "Copied" : "Could not copy";
  announce(copy.textContent);
  setTimeout(() => { copy.textContent = "Copy story"; }, FEEDBACK_MS);
}

export function setUpResult({ another }) {
  copy.addEventListener("click", copyStory);
  byId("another").addEventListener("click", another);
}
