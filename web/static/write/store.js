// The project that is open. Everything on the page shows it, and changes it only here.

import { History } from "./history.js";
import { stateOf } from "./project.js";
import { isSame } from "./same.js";
import { arrangedBack, rearranged } from "./shots.js";

const picked = (state, names) => Object.fromEntries(names.map((name) => [name, state[name]]));

class Store {
  constructor() {
    Object.assign(this, { state: stateOf(), history: new History(), listeners: [] });
  }

  /** @param {(state: object, changed: string[]) => void} listener called after each change */
  onChange(listener) {
    this.listeners.push(listener);
  }

  /** Shows another project, or another state of it, of which nothing can be undone. */
  open(state) {
    this.history.clear();
    this.#put(state);
  }

  /** Changes what can be undone. Parts that are equal to what is there are left alone.
   *  @param {object} patch
   *  @param {{label: string, key?: string, order?: (number | null)[], isOneStep?: boolean}} step see history.js */
  change(patch, { label, key = "", order = null, isOneStep = false }) {
    const names = Object.keys(patch).filter((name) => !isSame(patch[name], this.state[name]));
    if (!names.length) return;
    const before = { ...picked(this.state, names), ...(order && { shots: this.state.shots }) };
    const after = picked(patch, names);
    this.history.add({ label, key, before, after, order, isOneStep });
    this.#put({ ...after, ...(order && { shots: rearranged(this.state.shots, order) }) });
  }

  /** Changes what undo leaves alone: where one is, and pictures that have come. */
  set(patch) {
    this.#put(patch);
  }

  /** The step that was taken back, or undefined. */
  undo() {
    const step = this.history.back(this.state);
    if (!step) return undefined;
    const { before, order } = step;
    this.#put({ ...before, ...(order && { shots: arrangedBack(this.state.shots, order, before.shots) }) });
    return step;
  }

  redo() {
    const step = this.history.forward(this.state);
    if (!step) return undefined;
    const { after, order } = step;
    this.#put({ ...after, ...(order && { shots: rearranged(this.state.shots, order) }) });
    return step;
  }

  #put(patch) {
    this.state = { ...this.state, ...patch };
    for (const listener of this.listeners) listener(this.state, Object.keys(patch));
  }
}

export const store = new Store();
