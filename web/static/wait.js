// The lively wait: elapsed time, how far story and picture are, and what is out of the ordinary.

import { now } from "./clock.js";
import { announce, byId } from "./dom.js";
import { inWords } from "./duration.js";
import { clearPreview, showPreview } from "./preview.js";

const panel = byId("wait");
const stop = byId("stop");
const timeout = Number(panel.dataset.timeout);
const usual = { story: Number(panel.dataset.usualStory), image: Number(panel.dataset.usualImage) };
const TICK = 250;
// Said aloud rarely: somebody listening should not be told every second.
const SPOKEN_EVERY = 30;

const expectation = (elapsed, seconds, late) => (elapsed < seconds ? `Usually takes about ${inWords(seconds)}.` : late);

/** What a line says; without `share` nobody knows how far it is, and the bar does not pretend to. */
function storyLine({ state, story, isWritten }, elapsed) {
  if (isWritten) return { share: 1, hint: "Written. It is below." };
  if (story) return { hint: "Being written, below." };
  if (state === "queued") return { hint: "Waiting in line." };
  return { hint: `A storyteller is thinking it up. ${expectation(elapsed, usual.story, "It takes longer than usual.")}` };
}

function pictureLine({ state, painting, images }, elapsed) {
  if (images.length) return { share: 1, hint: "Painted. It is below." };
  if (state === "queued") return { hint: "Waiting in line." };
  const { percent = null, message = "" } = painting ?? {};
  if (percent !== null) return { share: percent / 100, hint: `${message} ${percent} % done.` };
  const late = `It takes longer than usual; the farm waits up to ${inWords(timeout)} for it.`;
  return { hint: `${message} ${expectation(elapsed, usual.image, late)}`.trim() };
}

function say(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

function showLine(name, { share = null, hint }) {
  const bar = byId(`wait-${name}`);
  if (share === null) bar.removeAttribute("value");
  else bar.value = share;
  say(byId(`wait-${name}-hint`), hint);
}

const RECONNECTING = "The connection is gone; reconnecting. The story goes on meanwhile.";
const TAKEN_UP = "The farm was interrupted, and has taken the story up again.";

const spokenProgress = ({ painting, images }) => (
  painting?.percent != null && !images.length ? ` The picture is ${painting.percent} percent done.` : ""
);

/** The panel, shown from now until `end`. `since`: when the wait began, in milliseconds of the service's clock. */
export class Wait {
  constructor(making, since) {
    Object.assign(this, { making, since, isLost: false, isStopping: false });
    this.spoken = Math.max(0, this.elapsed);
    clearPreview();
    this.draw();
    panel.hidden = false;
    this.timer = setInterval(() => this.tick(), TICK);
  }

  get elapsed() {
    return Math.max(0, (now() - this.since) / 1000);
  }

  draw() {
    const { making, elapsed } = this;
    say(byId("elapsed"), inWords(Math.floor(elapsed)));
    showLine("story", storyLine(making, elapsed));
    showLine("image", pictureLine(making, elapsed));
    say(byId("wait-note"), this.isLost ? RECONNECTING : making.begun > 1 ? TAKEN_UP : "");
    say(stop, this.isStopping ? "Stopping…" : "Stop");
    stop.setAttribute("aria-disabled", this.isStopping);
  }

  tick() {
    this.draw();
    if (this.elapsed - this.spoken < SPOKEN_EVERY) return;
    this.spoken = this.elapsed;
    announce(`Still waiting, ${inWords(Math.floor(this.elapsed))} so far.${spokenProgress(this.making)}`);
  }

  /** What changed is drawn with the next tick, a preview as soon as it is loaded. */
  show(making) {
    this.making = making;
    showPreview(making.painting?.preview);
  }

  lost(isLost) {
    this.isLost = isLost;
    if (isLost) announce(RECONNECTING);
  }

  stopping(isStopping) {
    this.isStopping = isStopping;
    this.draw();
  }

  end() {
    clearInterval(this.timer);
    panel.hidden = true;
  }
}
