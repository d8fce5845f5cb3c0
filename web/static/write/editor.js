// The manuscript: plain text that is edited, and that grows while the service writes.

import { byId, say } from "../dom.js";
import { desk } from "./desk.js";
import { wantedWords } from "./length.js";
import { store } from "./store.js";
import { countWords, inWordsOf, numberOf } from "./words.js";

const box = byId("story");
const note = byId("story-note");
const count = byId("story-count");
const share = byId("story-share");
const WRITERS = ["start", "continue", "full", "resume"];
// So close to the end one wants to see what comes.
const NEAR = 48;

let isDrawing = false;

/** Where two texts begin to differ after what they have in common at their ends, in the second one. */
function endOfChange(before, after) {
  let same = 0;
  const most = Math.min(before.length, after.length);
  while (same < most && before.at(-1 - same) === after.at(-1 - same)) same += 1;
  return after.length - same;
}

const isAtEnd = () => box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;

function write(text, isGrowing) {
  if (box.value === text) return;
  const before = box.value;
  const follows = isGrowing && isAtEnd();
  const { scrollTop } = box;
  box.value = text;
  if (!isGrowing && document.activeElement === box) {
    const at = endOfChange(before, text);
    box.setSelectionRange(at, at);
  }
  box.scrollTop = follows ? box.scrollHeight : scrollTop;
}

function draw() {
  isDrawing = false;
  const { setup, story, is_complete: isComplete } = store.state;
  const isWriting = desk.isAt(...WRITERS);
  const text = desk.growing("story") ?? story;
  const words = countWords(text);
  const wanted = wantedWords(setup.story_length);
  write(text, isWriting);
  box.readOnly = isWriting;
  box.setAttribute("aria-busy", isWriting);
  box.classList.toggle("is-waiting", isWriting && !text);
  say(count, wanted ? `${numberOf(words)} of about ${inWordsOf(wanted)}` : inWordsOf(words));
  share.value = wanted ? Math.min(1, words / wanted) : 0;
  say(note, isWriting ? "The text is coming in. Stop it to change something." : isComplete && words ? "The story is complete." : "");
}

/** Text comes in faster than it can be seen. */
function drawSoon() {
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame(draw);
}

export function setUpEditor() {
  box.addEventListener("input", () => store.change({ story: box.value }, { label: "what was typed", key: "story" }));
  store.onChange(draw);
  desk.onChange(drawSoon);
  draw();
}
