// Keeps the project with the service while it is worked on, and in this browser until the service has it.

import { Trouble } from "../api.js";
import { Orders } from "../key.js";
import { addProject, putProject } from "./calls.js";
import { isBlank, projectOf, stateOf } from "./project.js";
import { renameRecords } from "./records.js";
import { isSame } from "./same.js";
import { drop, fetchKept, shelve } from "./shelf.js";
import { store } from "./store.js";

const AFTER = 1_000;
const SHELVE_AFTER = 250;
const RETRY_AFTER = [2_000, 4_000, 8_000, 15_000, 30_000];
// Others may be over soon; an answer that finds something wrong with the project lasts until it is changed.
const LASTING = [400, 401, 403, 404, 413, 422];
const NEW = "new";

const unsavedOf = (id) => `unsaved.${id || NEW}`;

/** What was not saved yet of this project, as {version, title, data}, or null. */
export const unsaved = (id) => fetchKept(unsavedOf(id));

export const dropUnsaved = (id) => drop(unsavedOf(id));

/** Whether two projects say the same, wherever one is in them. */
export const isAlike = (one, other) => isSame({ ...stateOf(one), phase: "" }, { ...stateOf(other), phase: "" });

class Saving {
  constructor() {
    Object.assign(this, { id: "", version: 0, changes: 0, isSending: null, failures: 0, timer: 0, shelving: 0, isHeld: false });
    // `birth`: the order for a new project until it is answered; `sent`: what the service may have of it.
    Object.assign(this, { orders: new Orders("write.project"), birth: null, sent: null, status: "" });
    Object.assign(this, { shown: () => {}, got: () => {}, conflicted: () => {} });
  }

  get isDirty() {
    return this.changes > 0;
  }

  /** From now on it is this project, of which nothing is unsaved. */
  follow({ id = "", version = 0 } = {}) {
    clearTimeout(this.timer);
    clearTimeout(this.shelving);
    Object.assign(this, { id, version, changes: 0, failures: 0, isHeld: false, birth: null, sent: null });
    this.say("");
  }

  say(status, detail = "") {
    this.status = status;
    this.shown(status, detail);
  }

  /** The project has been changed. */
  touch() {
    if (!this.id && isBlank(store.state)) return;
    this.changes += 1;
    clearTimeout(this.shelving);
    this.shelving = setTimeout(() => this.shelve(), SHELVE_AFTER);
    if (this.isHeld) return;
    this.failures = 0;
    this.say("saving");
    this.#plan(AFTER);
  }

  /** Writes down at once what is not saved yet, as when the page is left. */
  shelve() {
    clearTimeout(this.shelving);
    if (this.isDirty) shelve(unsavedOf(this.id), { version: this.version, ...projectOf(store.state) });
  }

  #plan(after) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), after);
  }

  /** Saves what there is to save; whether all is saved then. */
  async now() {
    clearTimeout(this.timer);
    while (this.isSending) await this.isSending;
    if (!this.isDirty) return true;
    if (this.isHeld) return false;
    this.isSending = this.#send();
    await this.isSending;
    return !this.isDirty;
  }

  async #send() {
    const { id } = this;
    const project = projectOf(store.state);
    // A new one is asked for with the same words until there is an answer: it must not be made twice.
    if (!id) this.birth ??= { body: JSON.stringify(project), changes: this.changes };
    const changes = id ? this.changes : this.birth.changes;
    this.say("saving");
    try {
      const saved = await (id ? this.#put(project) : this.orders.send(this.birth.body, addProject));
      if (this.id === id) this.#saved(saved, changes);
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
      if (this.id === id) this.#failed(trouble);
    } finally {
      this.isSending = null;
    }
  }

  async #put(project) {
    const before = this.sent;
    this.sent = project;
    try {
      return await putProject(this.id, JSON.stringify({ version: this.version, ...project }));
    } catch (trouble) {
      const current = trouble.code === "version_conflict" && trouble.problem.current;
      if (!current) throw trouble;
      // Another window has saved the very same, as when both waited for it.
      if (isAlike(current, project)) return current;
      // The answer to an earlier try got lost, so that nobody else was faster.
      if (!before || !isAlike(current, before)) throw trouble;
      this.version = current.version;
      return putProject(this.id, JSON.stringify({ version: this.version, ...project }));
    }
  }

  #saved({ id, version }, changes) {
    const isNew = !this.id;
    Object.assign(this, { id, version, failures: 0, birth: null });
    this.changes -= changes;
    if (isNew) {
      renameRecords(id);
      dropUnsaved("");
      this.got(id);
    }
    if (this.isDirty) {
      this.shelve();
      this.#plan(AFTER);
      return;
    }
    clearTimeout(this.shelving);
    dropUnsaved(id);
    this.say("saved");
  }

  #failed(trouble) {
    this.shelve();
    if (trouble.code === "version_conflict") {
      this.isHeld = true;
      this.say("conflict");
      this.conflicted(trouble.problem.current);
      return;
    }
    if (LASTING.includes(trouble.status)) {
      this.birth = null;
      this.say(trouble.status === 404 ? "gone" : "refused", trouble.detail);
      return;
    }
    this.say("retrying", trouble.detail);
    this.#plan(trouble.retryAfter ? trouble.retryAfter * 1_000 : RETRY_AFTER[Math.min(this.failures, RETRY_AFTER.length - 1)]);
    this.failures += 1;
  }

  /** After a conflict: what stands here is saved over the other. */
  overwrite({ version }) {
    Object.assign(this, { version, isHeld: false });
    this.changes = Math.max(1, this.changes);
    return this.now();
  }

  /** What was deleted elsewhere is kept as a new project. */
  saveAsNew() {
    Object.assign(this, { id: "", version: 0 });
    this.changes = Math.max(1, this.changes);
    return this.now();
  }
}

export const saving = new Saving();
