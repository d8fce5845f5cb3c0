// One order to the service, from sending it to its end: the job's events on the way, and its result.

import { cancelJob, Trouble, troubleOf } from "../api.js";
import { follow } from "../follow.js";
import { Orders } from "../key.js";
import { orderWork } from "./calls.js";

/** The id of the job that was begun, or undefined when the answer is there already. */
const jobIn = ({ id, state, task_id: task, status }) => (state ? id : status && task);

export class Errand {
  /** @param {{job?: string, path?: string, body?: string, isFresh?: boolean}} order `job` if it is at work already
   *  @param {{begun?: (job: string) => void, happened: (kind: string, data: object) => void,
   *           changed: () => void}} to */
  constructor(order, to) {
    Object.assign(this, { ...order, ...to, isLost: false, isStopping: false, ending: new AbortController() });
  }

  /** Whether the page is about something else by now. */
  get isOver() {
    return this.ending.signal.aborted;
  }

  /** @returns {Promise<{state: string, result: object | null, error: Trouble | null}>} as a job ends; throws a Trouble
   *  where it could not be begun or is out of reach */
  async run() {
    if (!this.job) {
      const orders = new Orders(`write.${this.path}`);
      const answer = await orders.send(this.body, (text, key) => orderWork(this.path, text, key, this.isFresh));
      this.job = jobIn(answer);
      if (!this.job) return { state: "completed", result: answer, error: null };
      if (!this.isOver) this.begun?.(this.job);
    }
    this.ending.signal.throwIfAborted();
    if (this.isStopping) await cancelJob(this.job);
    const { state, result, error } = await follow(this.job, {
      signal: this.ending.signal,
      happened: this.happened,
      looked: () => {},
      lost: (isLost) => {
        this.isLost = isLost;
        this.changed();
      },
    });
    return { state, result, error: state === "failed" ? troubleOf(error ?? {}) : null };
  }

  /** Asks the service to stop; the job's end says that it has. */
  async stop() {
    if (this.isStopping) return;
    this.isStopping = true;
    this.changed();
    if (!this.job) return;
    try {
      await cancelJob(this.job);
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
      this.isStopping = false;
      this.changed();
    }
  }

  /** Looks no more. The job itself goes on. */
  leave() {
    this.ending.abort();
  }
}
