// A job's events as they happen. EventSource comes back by itself after a broken connection, not after a refusal.

import { eventsUrl } from "./api.js";

const KINDS = ["state", "progress", "text", "picture", "problem", "done"];
const REOPEN_AFTER = 15_000;
// A browser has six connections to a host, and something must be left for pictures and questions.
const MOST_OPEN = 3;

let held = 0;

export class Stream {
  /** @param {(number: number, kind: string, data: object) => void} take
   *  @param {() => number} last the number of the event to begin behind */
  constructor(id, take, last) {
    Object.assign(this, { id, take, last, source: null, openedAt: -Infinity });
  }

  get isOpen() {
    return this.source?.readyState === EventSource.OPEN;
  }

  /** Opens it where it is not, but not at once again after a refusal. */
  keepOpen() {
    if (this.source && this.source.readyState !== EventSource.CLOSED) return;
    if (performance.now() - this.openedAt < REOPEN_AFTER) return;
    if (!this.source && held >= MOST_OPEN) return;
    this.close();
    held += 1;
    this.openedAt = performance.now();
    this.source = new EventSource(eventsUrl(this.id, this.last()));
    for (const kind of KINDS) {
      this.source.addEventListener(kind, ({ lastEventId, data }) => this.take(Number(lastEventId), kind, JSON.parse(data)));
    }
  }

  close() {
    if (this.source) held -= 1;
    this.source?.close();
    this.source = null;
    this.openedAt = -Infinity;
  }
}
