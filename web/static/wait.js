// The lively wait: elapsed time, and two bars that estimate from what is usual.

import { announce, byId } from "./dom.js";
import { inWords } from "./duration.js";

const panel = byId("wait");
const timeout = Number(panel.dataset.timeout);

const story = {
  bar: byId("wait-story"),
  hint: byId("wait-story-hint"),
  usual: Number(panel.dataset.usualStory),
  doing: "A storyteller is writing it",
  over: "Should be written by now; it is shown together with the picture.",
};
const picture = {
  bar: byId("wait-image"),
  hint: byId("wait-image-hint"),
  usual: Number(panel.dataset.usualImage),
  doing: "MidJourney is painting it, four times over",
  over: `Taking longer than usual. The farm waits up to ${inWords(timeout)} for it.`,
};

// Said aloud rarely: somebody listening should not be told every second.
const SPOKEN_EVERY = 30;

/** Past the usual time the bar stops pretending to know. */
function showLine({ bar, hint, usual, doing, over }, elapsed) {
  const late = elapsed >= usual;
  if (late) bar.removeAttribute("value");
  else bar.value = elapsed / usual;
  const text = late ? over : `${doing}. Usually takes about ${inWords(usual)}.`;
  if (hint.textContent !== text) hint.textContent = text;
}

function show(elapsed) {
  byId("elapsed").textContent = inWords(Math.floor(elapsed));
  showLine(story, elapsed);
  showLine(picture, elapsed);
}

/** Shows the panel; the function returned hides it again. */
export function startWaiting() {
  const began = performance.now();
  let spoken = 0;
  const tick = () => {
    const elapsed = (performance.now() - began) / 1000;
    show(elapsed);
    if (elapsed - spoken < SPOKEN_EVERY) return;
    spoken = elapsed;
    announce(`Still waiting, ${inWords(Math.floor(elapsed))} so far.`);
  };
  tick();
  panel.hidden = false;
  announce(`Story and picture are being made. Usually that takes about ${inWords(Math.max(story.usual, picture.usual))}.`);
  const timer = setInterval(tick, 250);
  return () => {
    clearInterval(timer);
    panel.hidden = true;
  };
}
