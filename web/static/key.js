// One Idempotency-Key for each wish: sent again because no answer came, it must not be paid for twice.

import { forget, keep, recall } from "./memory.js";

const NAME = "unanswered";
const BYTES = 16;

/** Not crypto.randomUUID: that is missing on plain http, as on a home network. */
const freshKey = () => Array.from(crypto.getRandomValues(new Uint8Array(BYTES)), (byte) => byte.toString(16).padStart(2, "0")).join("");

// "<key> <body>" of the wish that is still to be answered.
let unanswered = recall(NAME);

/** @param {string} body of the request, to the letter: another wish gets another key */
export function keyFor(body) {
  const [key] = unanswered.split(" ", 1);
  if (unanswered === `${key} ${body}`) return key;
  unanswered = `${freshKey()} ${body}`;
  keep(NAME, unanswered);
  return keyFor(body);
}

/** The service has taken the wish, or refused it: the same one again is a new one. */
export function keyIsUsed() {
  unanswered = "";
  forget(NAME);
}
