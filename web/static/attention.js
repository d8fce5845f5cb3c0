// Where the reader is looking must not be torn away, nor the keyboard taken from a prompt that is being typed.

import { byId } from "./dom.js";

/** How far down the window a story may begin and still count as being read. */
const IN_VIEW = 0.6;

const isTyping = () => document.activeElement?.matches("textarea, select, input") ?? false;

function isReading() {
  const { top, bottom, height } = byId("story-text").getBoundingClientRect();
  return height > 0 && top < innerHeight * IN_VIEW && bottom > 0;
}

const top = (place) => place.getBoundingClientRect().top;

/** Does `change`, which moves things above the story, without moving what is being read of it. */
export function keepPlace(change) {
  const story = byId("story-text");
  const reading = top(story) < 0 && [...story.children].find((each) => each.getBoundingClientRect().bottom > 0);
  // Safari has no scroll anchoring; the others do it themselves.
  if (!reading || CSS.supports("overflow-anchor", "auto")) {
    change();
    return;
  }
  const before = top(reading);
  change();
  scrollBy({ top: top(reading) - before, behavior: "instant" });
}

/** Brings focus and view to the news, unless the reader is at something; whether the focus went there. */
export function turnTo(news, focused = news) {
  if (isTyping()) return false;
  focused.focus({ preventScroll: true });
  if (!isReading()) news.scrollIntoView({ block: "start" });
  return true;
}
