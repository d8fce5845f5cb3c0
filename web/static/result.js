// The told story: title, paragraphs, pictures, and what can be done with them.

import { downloadUrl } from "./api.js";
import { copied } from "./copy.js";
import { announce, byId, element } from "./dom.js";
import { inWords } from "./duration.js";
import { showGallery, singlePictures } from "./gallery.js";

const article = byId("result");
const title = byId("story-title");
const story = byId("story-text");
const copy = byId("copy");
const late = byId("late");
const FEEDBACK_MS = 2_000;

const paragraphs = (text) => text.split(/\n\s*\n/).map((each) => each.trim()).filter(Boolean);

function showStory(text) {
  story.replaceChildren(...paragraphs(text).map((each) => element("p", { dir: "auto" }, each)));
  story.hidden = !text;
  copy.hidden = !text;
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

export function showResult(answer) {
  title.textContent = answer.title || (answer.story ? "Your story" : "Your pictures");
  showStory(answer.story);
  showGallery(answer.images);
  late.hidden = true;
  byId("download").href = downloadUrl(answer.id);
  byId("colophon").textContent = colophon(answer);
  article.hidden = false;
}

export function announceResult(answer) {
  title.focus({ preventScroll: true });
  article.scrollIntoView({ block: "start" });
  const count = singlePictures(answer.images).length;
  announce(`The story is here, with ${count} ${count === 1 ? "picture" : "pictures"}.`);
}

/** @param {string} text said where the pictures would be; nothing hides it */
export function showLate(text) {
  late.textContent = text;
  late.hidden = !text;
}

export const hideResult = () => { article.hidden = true; };

/** After a wait that came to nothing, the story before it is worth more than an empty page. */
export const bringBackResult = () => { article.hidden = !title.textContent; };

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
