// The text that is at work: one order at a time. What comes back changes the project, and can be undone.

import { Trouble } from "../api.js";
import { announce } from "../dom.js";
import { ACTIONS, joined } from "./actions.js";
import { Errand } from "./errand.js";
import { Growing } from "./growing.js";
import { printOf } from "./hash.js";
import { stampOf } from "./lineage.js";
import { recordsOf, remember } from "./records.js";
import { store } from "./store.js";

const JOB = "text";
const REST = "rest";

class Desk {
  constructor() {
    Object.assign(this, { work: null, listeners: [], troubled: () => {} });
  }

  /** @param {() => void} listener called whenever something is to be drawn anew */
  onChange(listener) {
    this.listeners.push(listener);
  }

  changed() {
    for (const listener of this.listeners) listener();
  }

  get isBusy() {
    return this.work !== null;
  }

  /** Whether this action, or one that makes the same part, is at work. */
  isAt(...names) {
    return names.includes(this.work?.name);
  }

  /** The text that grows in this part of the project, or null. */
  growing(part) {
    return this.work && ACTIONS[this.work.name].shows === part ? this.textOf(this.work) : null;
  }

  textOf({ name, live, before }) {
    return ACTIONS[name].goesOn ? joined(before, live.text) : live.text;
  }

  /** A full story that was stopped and can be gone on with, or null: one that was changed since is another story. */
  get rest() {
    const rest = recordsOf()[REST];
    return rest && !this.isBusy && rest.print === printOf(store.state.story) ? rest : null;
  }

  /** The answer when it is done; null if it was not to be had, which was said then.
   *  @param {keyof typeof ACTIONS} name
   *  @param {object} details of the order; `isFresh`: an earlier answer will not do */
  async order(name, { isFresh = false, ...details } = {}) {
    if (this.isBusy) return null;
    const action = ACTIONS[name];
    const { state } = store;
    const path = typeof action.path === "string" ? action.path : action.path(details);
    const body = JSON.stringify(action.body(state, details));
    const record = { name, details, base: state.story.length, stamp: action.makes ? stampOf(action.makes, state) : "" };
    return this.#carry(record, { path, body, isFresh }, () => this.order(name, { isFresh, ...details }));
  }

  /** Takes a job in hand that is at work already, as after a reload. */
  attach(record) {
    if (this.isBusy || !(record.name in ACTIONS)) return null;
    return this.#carry(record, { job: record.job }, null);
  }

  /** The same for a job that somebody else has begun. */
  attachTo(job, name) {
    const { state } = store;
    const { makes } = ACTIONS[name];
    return this.attach({ job, name, details: {}, base: state.story.length, stamp: makes ? stampOf(makes, state) : "" });
  }

  /** Goes on with the full story that was stopped. */
  resume() {
    return this.rest && this.order("resume", { job: this.rest.job });
  }

  /** Follows what the project that is open now has at work. */
  takeUp() {
    const record = recordsOf()[JOB];
    if (record) this.attach(record);
  }

  async #carry(record, order, again) {
    const { name, base } = record;
    const action = ACTIONS[name];
    const before = store.state.story.slice(0, base);
    // A story that is taken up again may go on behind what is there.
    const live = new Growing(name === "resume" ? before : "");
    const work = { ...record, before, live, progress: null, message: "", round: null };
    work.errand = new Errand(order, {
      begun: (job) => {
        work.job = job;
        if (action.makes === "story") remember(REST, null);
        if (!action.isBrief) remember(JOB, { ...record, job });
      },
      happened: (kind, data) => this.#happened(work, kind, data),
      changed: () => this.changed(),
    });
    this.work = work;
    announce(action.doing);
    this.changed();
    try {
      return this.#ended(work, await work.errand.run(), again);
    } catch (reason) {
      if (work.errand.isOver) return null;
      const isForgotten = reason.status === 404 && Boolean(work.job);
      this.#clear(work, reason.status > 0);
      if (!(reason instanceof Trouble)) throw reason;
      // What is at work must not be paid for again only because nobody could look at it.
      const look = () => this.attach({ ...record, job: work.job });
      if (!isForgotten) this.troubled(reason, work.job ? look : again);
      return null;
    }
  }

  #happened(work, kind, data) {
    const { part } = ACTIONS[work.name];
    if (kind === "text" && data.part === part) work.live.take(data.offset, data.text);
    if (kind === "progress") {
      Object.assign(work, { progress: data.progress ?? null, message: data.message ?? "", round: data.round ?? work.round });
    }
    this.changed();
  }

  #ended(work, { state, result, error }, again) {
    const action = ACTIONS[work.name];
    this.#clear(work, true);
    if (state === "completed") {
      store.change(action.take(store.state, result, work), { label: action.label });
      announce(action.done);
    } else {
      this.#keepWhatCame(work, action);
      if (error) this.troubled(error, this.rest ? () => this.resume() : again);
      else announce("Stopped.");
    }
    this.changed();
    return state === "completed" ? result : null;
  }

  #keepWhatCame(work, action) {
    const text = this.textOf(work);
    if (action.keep && work.live.text.trim()) {
      store.change(action.keep(store.state, text, work), { label: "the part that was written" });
    }
    if (action.canResume) remember(REST, { job: work.job, print: printOf(store.state.story) });
  }

  #clear(work, isForgotten) {
    if (this.work === work) this.work = null;
    if (isForgotten) remember(JOB, null);
    this.changed();
  }

  stop() {
    return this.work?.errand.stop();
  }

  /** Looks no more at what is at work: another project is opened. */
  leave() {
    this.work?.errand.leave();
    this.work = null;
    this.changed();
  }
}

export const desk = new Desk();
