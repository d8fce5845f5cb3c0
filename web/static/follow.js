// Follows a job to its end: live where that is to be had, and by asking now and then.

import { readNews, Trouble } from "./api.js";
import { Stream } from "./stream.js";

const ASK_EVERY = 2_000;
// Beside a stream too: a proxy may hold it back, and only the job itself says that its story is whole.
const ASK_BESIDE_STREAM = 3_000;
const TICK = 250;
const SAY_AFTER = 4_000;
const GIVE_UP_AFTER = 90_000;
// An answer that lasts: asking again would give it again.
const FINAL = [400, 401, 403, 404];
const ENDED = ["completed", "failed", "cancelled"];

export const hasEnded = ({ state }) => ENDED.includes(state);

const outOfReach = () => new Trouble({
  title: "The farm has been out of reach for a while",
  detail: "The story goes on there by itself. Check the connection, then look again.",
});

/** Counts how long nothing has come through. */
class Reach {
  constructor(changed) {
    Object.assign(this, { changed, failingSince: null, isSaid: false });
  }

  worked() {
    this.failingSince = null;
    this.say(false);
  }

  /** Throws when there has been no answer for too long. */
  failed() {
    this.failingSince ??= performance.now();
    const lasted = performance.now() - this.failingSince;
    if (lasted > GIVE_UP_AFTER) throw outOfReach();
    this.say(lasted > SAY_AFTER);
  }

  say(isLost) {
    if (isLost !== this.isSaid) this.changed(isLost);
    this.isSaid = isLost;
  }
}

/**
 * The job when it has ended. Throws a Trouble if it is unknown or out of reach, and the signal's reason.
 *
 * @param {{happened: (kind: string, data: object) => void, looked: (job: object) => void,
 *          lost: (isLost: boolean) => void, signal: AbortSignal}} to `happened` gets each event once
 */
export async function follow(id, { happened, looked, lost, signal }) {
  let last = 0;
  let isDone = false;
  let askedAt = performance.now();
  let wake = () => {};
  const reach = new Reach(lost);

  const take = (number, kind, data) => {
    reach.worked();
    if (number <= last || signal.aborted) return;
    last = number;
    happened(kind, data);
    if (kind !== "done") return;
    isDone = true;
    askedAt = -Infinity;
    wake();
  };
  const stream = new Stream(id, take, () => last);

  const tick = () => new Promise((resolve) => {
    wake = resolve;
    setTimeout(resolve, TICK);
  });
  const isTimeToAsk = () => performance.now() - askedAt >= (stream.isOpen ? ASK_BESIDE_STREAM : ASK_EVERY);

  /** The job if that was its last word, else null. */
  const ask = async () => {
    askedAt = performance.now();
    try {
      const { events, ...job } = await readNews(id, last, { signal });
      for (const { number, kind, data } of events) take(number, kind, data);
      reach.worked();
      looked(job);
      return hasEnded(job) && (isDone || !events.length) ? job : null;
    } catch (trouble) {
      if (signal.aborted || FINAL.includes(trouble.status) || !(trouble instanceof Trouble)) throw trouble;
      reach.failed();
      return null;
    }
  };

  try {
    for (;;) {
      signal.throwIfAborted();
      // A browser has six connections to a host: a tab that nobody looks at gives its one back.
      if (document.hidden || isDone) stream.close();
      else stream.keepOpen();
      await tick();
      const job = isTimeToAsk() ? await ask() : null;
      if (job) return job;
    }
  } finally {
    stream.close();
  }
}
