// Looks again and again, while there is something to wait for and somebody to see it.

import { Trouble } from "../api.js";

const EVERY = 1_000;
const SAY_AFTER = 2;
// An answer that lasts: asking again would give it again.
const FINAL = [400, 401, 403, 404];

export class Looking {
  /** @param {(signal: AbortSignal) => Promise<boolean>} look whether to look again
   *  @param {{signal: AbortSignal, lost: (isLost: boolean) => void, failed: (reason: Error) => void}} to */
  constructor(look, { signal, lost, failed }) {
    Object.assign(this, { look, signal, lost, failed, isAtIt: false, isAskedFor: false, failures: 0 });
    document.addEventListener("visibilitychange", () => this.start(), { signal });
  }

  /** Begins, or looks once more after the look that is under way. */
  async start() {
    this.isAskedFor = true;
    if (this.isAtIt) return;
    this.isAtIt = true;
    while (this.isAskedFor && !document.hidden && !this.signal.aborted) {
      this.isAskedFor = false;
      if (await this.once()) {
        await new Promise((resolve) => { setTimeout(resolve, EVERY); });
        this.isAskedFor = true;
      }
    }
    this.isAtIt = false;
  }

  async once() {
    try {
      const isMoreToCome = await this.look(this.signal);
      if (this.failures >= SAY_AFTER) this.lost(false);
      this.failures = 0;
      return isMoreToCome;
    } catch (reason) {
      if (this.signal.aborted) return false;
      if (!(reason instanceof Trouble) || FINAL.includes(reason.status)) {
        this.failed(reason);
        return false;
      }
      this.failures += 1;
      if (this.failures === SAY_AFTER) this.lost(true);
      return true;
    }
  }
}
