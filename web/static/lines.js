// What the lines of the wait for a story say.

import { byId } from "./dom.js";
import { inWords } from "./duration.js";
import { usually } from "./wait.js";

const panel = byId("wait");
const timeout = Number(panel.dataset.timeout);
const usual = { story: Number(panel.dataset.usualStory), image: Number(panel.dataset.usualImage) };

function story({ state, story: text, isWritten }, elapsed) {
  if (isWritten) return { share: 1, hint: "Written. It is below." };
  if (text) return { hint: "Being written, below." };
  if (state === "queued") return { hint: "Waiting in line." };
  return { hint: `A storyteller is thinking it up. ${usually(elapsed, usual.story, "It takes longer than usual.")}` };
}

function image({ state, painting, images }, elapsed) {
  if (images.length) return { share: 1, hint: "Painted. It is below." };
  if (state === "queued") return { hint: "Waiting in line." };
  const { percent = null, message = "" } = painting ?? {};
  if (percent !== null) return { share: percent / 100, hint: `${message} ${percent} % done.` };
  const late = `It takes longer than usual; the farm waits up to ${inWords(timeout)} for it.`;
  return { hint: `${message} ${usually(elapsed, usual.image, late)}`.trim() };
}

const spoken = ({ painting, images }) => (
  painting?.percent != null && !images.length ? `The picture is ${painting.percent} percent done.` : ""
);

export const LINES = { lines: { story, image }, spoken };

export const usualSeconds = Math.max(usual.story, usual.image);
