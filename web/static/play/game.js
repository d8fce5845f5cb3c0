// The adventure that is open. Everything on the page shows it, and what the player does goes through it.

import { freshKey } from "../key.js";
import { Connection } from "./connection.js";
import { emptyTale, isAboutMessage, isNews, lastTurn, OPEN_STATES, told } from "./tale.js";

/** What answers a message of the player's. A picture may come in between. */
const ANSWERS = ["state", "history", "error"];

class Game {
  constructor() {
    Object.assign(this, { session: "", tale: emptyTale(), link: "stopped", why: "", isSending: false, connection: null, listeners: [], first: null });
    /** Said when the service refuses what was sent. @type {(message: {code: string, error: string}) => void} */
    this.refused = () => {};
  }

  /** @param {(game: Game, message: object | null) => void} listener called after each change; `message` made it */
  onChange(listener) {
    this.listeners.push(listener);
  }

  get isJoined() {
    return this.tale.seq !== null;
  }

  /** Whether an adventure is being begun. */
  get isBeginning() {
    return Boolean(this.first) && this.link !== "stopped";
  }

  get isTelling() {
    return this.tale.state === "narrating";
  }

  /** Whether anything can be sent now. */
  get isFree() {
    return this.link === "open" && !this.isSending && !this.isTelling;
  }

  get canChoose() {
    return this.isFree && OPEN_STATES.includes(this.tale.state) && Boolean(lastTurn(this.tale)?.choices.length);
  }

  get canUndo() {
    return this.isFree && this.tale.turns.length > 1;
  }

  /** @param {object | null} first sent as soon as the socket is open: the start of a new adventure */
  join(session, first = null) {
    this.leave();
    Object.assign(this, { session, first });
    this.connection = new Connection(session, {
      after: () => this.tale.seq,
      take: (message, isFirst) => this.#take(message, isFirst),
      awaits: () => this.isSending || this.isTelling,
      changed: (link, why) => this.#linked(link, why),
    });
    this.connection.open();
  }

  /** Begins a new adventure, or the one that was not begun because something was wrong with it.
   *  @param {{premise: string, style?: string, language?: string, audience?: string}} start */
  begin(start) {
    if (!this.session) {
      this.join(freshKey(), { start });
      this.tale = { ...this.tale, setup: start };
      return;
    }
    this.tale = { ...this.tale, setup: start };
    this.first = { start };
    if (this.link === "open") this.#linked("open", "");
    else this.reconnect();
  }

  /** The page goes: what it shows stays. */
  hangUp() {
    this.connection?.close();
  }

  leave() {
    this.hangUp();
    Object.assign(this, { session: "", tale: emptyTale(), link: "stopped", why: "", isSending: false, connection: null, first: null });
    this.#tell(null);
  }

  /** Whether it was sent. @param {object} message as the service takes it */
  send(message) {
    if (!this.isFree || !this.connection.send(message)) return false;
    this.isSending = true;
    this.#tell(null);
    return true;
  }

  reconnect() {
    this.connection?.retryNow();
  }

  #linked(link, why) {
    // Whether what was sent has arrived shows after the next connection: the service says what has come of it.
    Object.assign(this, { link, why, isSending: false });
    if (link === "open" && this.first && this.connection.send(this.first)) this.isSending = true;
    this.#tell(null);
  }

  #take(message, isFirst) {
    if (!isNews(this.tale, message, isFirst)) return;
    const isRefusal = isAboutMessage(this.tale, message);
    this.tale = told(this.tale, message);
    if (this.tale.turns.length) this.first = null;
    if (isRefusal) this.first = null;
    // An empty history comes before the start is answered.
    if (!this.first && ANSWERS.includes(message.type)) this.isSending = false;
    this.#tell(message);
    if (isRefusal) this.refused(message);
  }

  #tell(message) {
    for (const listener of this.listeners) listener(this, message);
  }
}

export const game = new Game();
