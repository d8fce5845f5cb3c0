// The lively wait: elapsed time, how far each part is, and what is out of the ordinary.

import { now } from "./clock.js";
import { announce, byId, say } from "./dom.js";
import { inWords } from "./duration.js";

const panel = byId("wait");
const stop = byId("stop");
const TICK = 250;
// Said aloud rarely: somebody listening should not be told every second.
const SPOKEN_EVERY = 30;

/** How long a part usually takes, in seconds, until that is over. */
export const usually = (elapsed, seconds, late) => (elapsed < seconds ? `Usually takes about ${inWords(seconds)}.` : late);

/** Without `share` nobody knows how far it is, and the bar does not pretend to. */
function showLine(name, { share = null, hint }) {
  const bar = byId(`wait-${name}`);
  if (share === null) bar.removeAttribute("value");
  else bar.value = share;
  say(byId(`wait-${name}-hint`), hint);
}

export const RECONNECTING = "The connection is gone; reconnecting. The story goes on meanwhile.";
const TAKEN_UP = "The farm was interrupted, and has taken the story up again.";

/** The panel, shown from now until `end`. */
export class Wait {
  /** @param {{lines: Record<string, (making: object, elapsed: number) => {share?: number, hint: string}>,
   *           spoken: (making: object) => string}} telling `elapsed` in seconds
   *  @param {{begun: number}} making `begun` counts how often somebody took the job in hand
   *  @param {number} since when the wait began, in milliseconds of the service's clock */
  constructor(telling, making, since) {
    Object.assign(this, { telling, making, since, isLost: false, isStopping: false });
    this.spoken = Math.max(0, this.elapsed);
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
    for (const [name, line] of Object.entries(this.telling.lines)) showLine(name, line(making, elapsed));
    say(byId("wait-note"), this.isLost ? RECONNECTING : making.begun > 1 ? TAKEN_UP : "");
    say(stop, this.isStopping ? "Stopping…" : "Stop");
    stop.setAttribute("aria-disabled", this.isStopping);
  }

  tick() {
    this.draw();
    if (this.elapsed - this.spoken < SPOKEN_EVERY) return;
    this.spoken = this.elapsed;
    announce(`Still waiting, ${inWords(Math.floor(this.elapsed))} so far. ${this.telling.spoken(this.making)}`.trim());
  }

  /** What changed is drawn with the next tick. */
  show(making) {
    this.making = making;
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
