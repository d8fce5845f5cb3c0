// Where the reader is looking must not be torn away, nor the keyboard taken from words that are being typed.

/** What is read: the element that the page marks. */
const reading = () => document.querySelector("[data-reading]");

/** How far down the window a story may begin and still count as being read. */
const IN_VIEW = 0.6;

const isTyping = () => document.activeElement?.matches("textarea, select, input") ?? false;

function isReading() {
  const { top, bottom, height } = reading().getBoundingClientRect();
  return height > 0 && top < innerHeight * IN_VIEW && bottom > 0;
}

const top = (place) => place.getBoundingClientRect().top;

/** Does `change`, which moves things above the story, without moving what is being read of it. */
export function keepPlace(change) {
  const text = reading();
  const line = top(text) < 0 && [...text.children].find((each) => each.getBoundingClientRect().bottom > 0);
  // Safari has no scroll anchoring; the others do it themselves.
  if (!line || CSS.supports("overflow-anchor", "auto")) {
    change();
    return;
  }
  const before = top(line);
  change();
  scrollBy({ top: top(line) - before, behavior: "instant" });
}

/** Brings focus and view to the news, unless the reader is at something; whether the focus went there. */
export function turnTo(news, focused = news) {
  if (isTyping()) return false;
  focused.focus({ preventScroll: true });
  if (!isReading()) news.scrollIntoView({ block: "start" });
  return true;
}
