// The pictures that are at work: each order draws some scenes, and several orders may be under way.

import { Trouble } from "../api.js";
import { announce } from "../dom.js";
import { Errand } from "./errand.js";
import { isBegun } from "./project.js";
import { recordsOf, remember } from "./records.js";
import { store } from "./store.js";

const JOBS = "pictures";

const sentence = (problem) => (typeof problem === "string" ? problem : problem?.detail || problem?.title || "");

/** What went wrong with a picture, as a plate shows it. */
export const errorOf = ({ error }) => (error ? { detail: sentence(error) } : null);

/** The page's own address for a picture of the service, which may be known by another name outside. */
function ownPath(url) {
  const path = url ? new URL(url, location.href).pathname : "";
  return path.startsWith("/images/") ? path : url;
}

class Illustrating {
  constructor() {
    Object.assign(this, { jobs: new Set(), listeners: [], troubled: () => {} });
  }

  onChange(listener) {
    this.listeners.push(listener);
  }

  changed() {
    for (const listener of this.listeners) listener();
  }

  get isBusy() {
    return this.jobs.size > 0;
  }

  get isStopping() {
    return [...this.jobs].some(({ errand }) => errand.isStopping);
  }

  /** How far the picture of this scene is, as a plate shows it; null if nobody draws it. */
  paintingOf(number) {
    const work = [...this.jobs].find(({ open }) => open.has(number));
    if (!work) return null;
    const known = work.scenesNow[work.scenes.length === 1 ? Object.keys(work.scenesNow)[0] : number];
    return { percent: known?.percent ?? null, message: known?.message ?? "", preview: known?.preview ?? null };
  }

  /** How many of the scenes that were ordered have come. */
  get news() {
    const jobs = [...this.jobs];
    const all = jobs.reduce((sum, { scenes }) => sum + scenes.length, 0);
    const left = jobs.reduce((sum, { open }) => sum + open.size, 0);
    return { all, done: all - left };
  }

  /** Draws these scenes for the first time, or anew. @param {number[]} scenes their numbers */
  draw(scenes) {
    const { outline } = store.state;
    const wanted = outline.scenes.filter((scene) => scenes.includes(scene.scene_number) && isBegun(scene));
    if (!wanted.length) return null;
    const body = JSON.stringify({ scenes: wanted, characters: outline.characters });
    return this.#carry({ scenes: wanted.map(({ scene_number: number }) => number) }, { path: "generate-images", body }, () => this.draw(scenes));
  }

  /** Draws one scene again, as it belongs to the others that were drawn with it. */
  redraw(number) {
    const shot = store.state.shots[number];
    if (!shot?.task_id) return this.draw([number]);
    const { image_prompt: prompt } = store.state.outline.scenes[number - 1];
    const told = { task_id: shot.task_id, scene_number: shot.scene_number, ...(prompt.trim() && { image_prompt: prompt }) };
    const order = { path: "regenerate-images", body: JSON.stringify(told) };
    return this.#carry({ scenes: [number] }, order, () => this.redraw(number), () => this.draw([number]));
  }

  takeUp() {
    for (const record of Object.values(recordsOf()[JOBS] ?? {})) this.#carry(record, { job: record.job }, null);
  }

  #remember(id, record) {
    const { [id]: _gone, ...others } = recordsOf()[JOBS] ?? {};
    const records = record ? { ...others, [id]: record } : others;
    remember(JOBS, Object.keys(records).length ? records : null);
  }

  /** @param {() => void} otherwise done where the service does not know any more what the order is about */
  async #carry(record, order, again, otherwise = null) {
    const work = { ...record, open: new Set(record.scenes), message: "", scenesNow: {} };
    work.errand = new Errand(order, {
      begun: (job) => {
        work.job = job;
        this.#remember(job, { ...record, job });
      },
      happened: (kind, data) => this.#happened(work, kind, data),
      changed: () => this.changed(),
    });
    this.jobs.add(work);
    this.changed();
    try {
      this.#ended(work, await work.errand.run(), again);
    } catch (reason) {
      if (work.errand.isOver) return;
      this.#clear(work, reason.status > 0);
      if (!(reason instanceof Trouble)) throw reason;
      const isForgotten = reason.status === 404 && Boolean(work.job);
      const look = () => this.#carry({ ...record, job: work.job }, { job: work.job }, null);
      if (reason.status === 404 && otherwise) otherwise();
      else if (!isForgotten) this.troubled(reason, work.job ? look : again);
    }
  }

  #happened(work, kind, data) {
    if (kind === "progress") Object.assign(work, { message: data.message ?? "", scenesNow: data.scenes ?? {} });
    if (kind === "picture" && data.shot) this.#arrived(work, data.shot);
    if (kind === "problem" && data.scene_number) this.#arrived(work, { scene_number: data.scene_number, image_url: null, error: data.detail || data.title });
    this.changed();
  }

  /** A single scene may have another number here by now than it had when its picture was first drawn. */
  #arrived(work, given) {
    const number = work.scenes.length === 1 ? work.scenes[0] : given.scene_number;
    const before = store.state.shots[number];
    const shot = { ...given, image_url: ownPath(given.image_url) };
    const isNew = work.open.delete(number);
    // A picture that is there is not given up for one that could not be drawn.
    const kept = !shot.image_url && before?.image_url ? { ...before, error: shot.error } : { ...shot, task_id: this.#taskOf(work, before) };
    store.set({ shots: { ...store.state.shots, [number]: kept } });
    if (isNew) announce(shot.image_url ? `The picture of scene ${number} is here.` : `The picture of scene ${number} could not be drawn.`);
  }

  /** Later pictures are asked for by the order that drew all of them. */
  #taskOf(work, before) {
    return work.scenes.length === 1 && before?.task_id ? before.task_id : work.job;
  }

  #ended(work, { state, result, error }, again) {
    for (const shot of result?.results ?? []) this.#arrived(work, shot);
    this.#clear(work, true);
    if (error) this.troubled(error, again);
    else if (!this.isBusy) announce(state === "cancelled" ? "Drawing has stopped." : "The pictures are done.");
  }

  #clear(work, isForgotten) {
    this.jobs.delete(work);
    if (isForgotten && work.job) this.#remember(work.job, null);
    this.changed();
  }

  stop() {
    return Promise.all([...this.jobs].map(({ errand }) => errand.stop()));
  }

  leave() {
    for (const { errand } of this.jobs) errand.leave();
    this.jobs.clear();
    this.changed();
  }
}

export const illustrating = new Illustrating();
