// The socket to an adventure. It comes back by itself, and asks only for what it has missed.

import { askToSignIn } from "../session.js";

// Milliseconds before each attempt; the last one holds for all that follow.
const PAUSES = [500, 1_000, 2_000, 4_000, 8_000, 15_000];
// Not everybody comes back at the same moment when the service was away.
const SPREAD = 0.2;
const PATIENCE_TO_OPEN = 20_000;
// A line that broke silently is not noticed by the browser: something is said long before that while a turn is told.
const PATIENCE_FOR_WORDS = 45_000;
// A socket that held so long counts as a good one.
const STEADY = 5_000;

const POLICY = 1008;
const TOO_LARGE = 1009;
const RESTARTING = 1012;
const NOT_SIGNED_IN = 4401;

const BROKE = "The connection broke. Trying again…";
const NO_NETWORK = "There is no network. The adventure goes on when it is back.";
const REASONS = {
  [RESTARTING]: "The farm is starting anew. Trying again…",
  [TOO_LARGE]: "That was too long for the farm, so it hung up. Trying again; then say it in fewer words.",
};
const REFUSED = "The farm does not take this connection.";
const SIGN_IN = "Sign in to go on with this adventure.";

const lasting = (milliseconds) => milliseconds * (1 - SPREAD * Math.random());

function addressOf(session, after) {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const query = after === null ? "" : `?after=${after}`;
  return `${scheme}//${location.host}/ws/adventure/${encodeURIComponent(session)}${query}`;
}

/** The JSON object in the text, or null. */
function read(text) {
  try {
    const value = JSON.parse(text);
    return Number.isInteger(value?.seq) ? value : null;
  } catch {
    return null;
  }
}

export class Connection {
  /** @param {string} session
   *  @param {{after: () => number | null, take: (message: object, isFirst: boolean) => void, awaits: () => boolean,
   *    changed: (link: "connecting" | "open" | "broken" | "stopped", why: string) => void}} does
   *    `after`: the highest number that has come; `awaits`: whether the service should be saying something */
  constructor(session, does) {
    Object.assign(this, { session, does, socket: null, failures: 0, openTimer: 0, wordsTimer: 0, retryTimer: 0 });
    this.end = new AbortController();
    const { signal } = this.end;
    addEventListener("online", () => this.retryNow(), { signal });
    addEventListener("offline", () => this.#lose(NO_NETWORK), { signal });
  }

  open() {
    clearTimeout(this.retryTimer);
    const socket = new WebSocket(addressOf(this.session, this.does.after()));
    let isFirst = true;
    let openedAt = Infinity;
    const mine = (action) => (event) => { if (this.socket === socket) action(event); };
    this.socket = socket;
    this.openTimer = setTimeout(() => this.#lose(BROKE), PATIENCE_TO_OPEN);
    this.does.changed("connecting", "");
    socket.addEventListener("open", mine(() => {
      clearTimeout(this.openTimer);
      openedAt = performance.now();
      this.does.changed("open", "");
      this.#listen();
    }));
    socket.addEventListener("message", mine(({ data }) => {
      this.failures = 0;
      const message = read(data);
      if (message) this.does.take(message, isFirst);
      isFirst = false;
      this.#listen();
    }));
    socket.addEventListener("close", mine(({ code, reason }) => {
      if (performance.now() - openedAt > STEADY) this.failures = 0;
      this.#closed(code, reason);
    }));
  }

  /** Whether it could be sent. @param {object} message */
  send(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    this.#listen();
    return true;
  }

  /** Tries at once, where it is waiting to or has given up. */
  retryNow() {
    if (this.socket || this.end.signal.aborted) return;
    this.failures = 0;
    this.open();
  }

  /** For good. */
  close() {
    this.end.abort();
    this.#drop();
  }

  #drop() {
    for (const timer of [this.openTimer, this.wordsTimer, this.retryTimer]) clearTimeout(timer);
    const { socket } = this;
    this.socket = null;
    socket?.close();
  }

  #listen() {
    clearTimeout(this.wordsTimer);
    this.wordsTimer = setTimeout(() => {
      if (this.does.awaits()) this.#lose(BROKE);
      else this.#listen();
    }, PATIENCE_FOR_WORDS);
  }

  #lose(why) {
    this.#drop();
    // The browser tells when the network is back, but may be wrong about there being none.
    const pause = why === NO_NETWORK ? PAUSES.at(-1) : PAUSES[Math.min(this.failures, PAUSES.length - 1)];
    this.failures += 1;
    this.retryTimer = setTimeout(() => this.open(), lasting(pause));
    this.does.changed("broken", why);
  }

  #stop(why) {
    this.#drop();
    this.does.changed("stopped", why);
  }

  #closed(code, reason) {
    if (code === NOT_SIGNED_IN) this.#askWho();
    else if (code === POLICY) this.#stop(reason ? `${REFUSED} ${reason}` : REFUSED);
    else this.#lose(navigator.onLine ? REASONS[code] ?? BROKE : NO_NETWORK);
  }

  async #askWho() {
    this.#stop(SIGN_IN);
    if (await askToSignIn()) this.retryNow();
  }
}
