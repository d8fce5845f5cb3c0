// One Idempotency-Key for each order: sent again because no answer came, it must not be paid for twice.

import { forget, keep, recall } from "./memory.js";

const BYTES = 16;
// From here on it is the service that failed: it may have taken the order all the same.
const FAILURE = 500;

/** Not crypto.randomUUID: that is missing on plain http, as on a home network. */
export const freshKey = () => Array.from(crypto.getRandomValues(new Uint8Array(BYTES)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** The orders of one place on the page. */
export class Orders {
  /** @param {string} name what the tab remembers it by: "<key> <body>" of the order that is still to be answered */
  constructor(name) {
    Object.assign(this, { name, unanswered: recall(name) });
  }

  /** @param {string} body of the request, to the letter: another order gets another key */
  keyFor(body) {
    const [key] = this.unanswered.split(" ", 1);
    if (this.unanswered === `${key} ${body}`) return key;
    this.unanswered = `${freshKey()} ${body}`;
    keep(this.name, this.unanswered);
    return this.keyFor(body);
  }

  /** The service has taken the order, or refused it: the same one again is a new one. */
  answered() {
    this.unanswered = "";
    forget(this.name);
  }

  /** The answer to the order: the same one if it was sent before and the answer got lost.
   *  @param {(body: string, key: string) => Promise<object>} send */
  async send(body, send) {
    try {
      const answer = await send(body, this.keyFor(body));
      this.answered();
      return answer;
    } catch (trouble) {
      if (trouble.status && trouble.status < FAILURE) this.answered();
      throw trouble;
    }
  }
}
