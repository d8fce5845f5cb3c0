// What was changed, for undo and redo: of each step only the parts that it changed, so that the rest stays as it is.

const MOST = 200;
// Typing without a pause is one step.
const ONE_STEP = 800;

export class History {
  constructor() {
    this.clear();
  }

  clear() {
    Object.assign(this, { done: [], undone: [] });
  }

  /** @param {{label: string, key: string, before: object, after: object, order: (number | null)[] | null,
   *           isOneStep: boolean}} step
   *  `key`: steps with the same one that follow at once are one; "" for a step of its own
   *  `isOneStep`: however long ago the one before was
   *  `order`: how scenes changed places, see shots.js */
  add(step) {
    const last = this.done.at(-1);
    const now = performance.now();
    this.undone = [];
    if (step.key && last?.key === step.key && (step.isOneStep || now - last.at < ONE_STEP)) {
      Object.assign(last, { before: { ...step.before, ...last.before }, after: { ...last.after, ...step.after }, at: now });
      return;
    }
    this.done.push({ ...step, at: now });
    if (this.done.length > MOST) this.done.shift();
  }

  /** The step that is to be taken back, or undefined. What is there now comes back with `forward`: pictures may
   *  have come since that step. */
  back(state) {
    return this.#move(this.done, this.undone, "after", state);
  }

  forward(state) {
    return this.#move(this.undone, this.done, "before", state);
  }

  #move(from, to, side, state) {
    const step = from.pop();
    if (!step) return undefined;
    const now = Object.fromEntries(Object.keys(step[side]).map((name) => [name, state[name]]));
    to.push({ ...step, [side]: now, at: -Infinity });
    return step;
  }
}
