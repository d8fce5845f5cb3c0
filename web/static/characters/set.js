// A set on the page: looks how far its pictures are, and lets each of them be changed.

import { cancelJob, changePicture, readJob, readSet, setDownloadUrl, Trouble } from "../api.js";
import { keepPlace } from "../attention.js";
import { announce, byId, say } from "../dom.js";
import { hasEnded } from "../follow.js";
import { Orders } from "../key.js";
import { RECONNECTING } from "../wait.js";
import { clearCards, makeCards, showCards } from "./cards.js";
import { changesOf, forgetChange, rememberChange } from "./changes.js";
import { Looking } from "./looking.js";
import { newsOf, portraitsOf, shareOf } from "./portraits.js";

const article = byId("set");
const panel = byId("painting");
const bar = byId("painting-bar");
const stop = byId("stop-painting");
const download = byId("download");
const fault = byId("set-fault");

const ORDERED = { percent: null, message: "", preview: null };

// What moves up under a finger that taps twice must not be pressed, in milliseconds.
const DOUBLE_TAP = 400;

const isWaiting = ({ painting }) => Boolean(painting);

function ending(portraits) {
  const missing = portraits.filter(({ image }) => !image).length;
  if (!missing) return "All pictures are painted.";
  return `${missing === 1 ? "One picture is" : `${missing} pictures are`} missing. Each can be painted again.`;
}

/** What no single card can tell. */
function wholeFault({ error, mainCharacterFailed }, portraits) {
  const isSomethingThere = portraits.some(({ image, painting }) => image || painting);
  if (!isSomethingThere) return error ?? "";
  const isMainMissing = mainCharacterFailed && portraits.some(({ isMain, image }) => isMain && !image);
  return isMainMissing ? "The main character could not be painted, so the others are painted without it as their model." : "";
}

export class PictureSet {
  /** @param {object} status as GET /api/v1/imagine/status/<name> has it
   *  @param {{signal: AbortSignal, troubled: (trouble: Trouble) => void}} visit */
  constructor(status, { signal, troubled }) {
    Object.assign(this, { name: status.studentTaskId, signal, troubled, status, isLost: false, isStopping: false });
    // What this page knows better than the service: what was ordered just now, and how changes ended.
    Object.assign(this, { ordered: new Set(), errors: new Map() });
    this.portraits = portraitsOf(status);
    this.looking = new Looking((reading) => this.look(reading), { signal, lost: (isLost) => this.lost(isLost), failed: (reason) => this.failed(reason) });
    makeCards(this.portraits, (id, action, wish) => this.change(id, action, wish));
    byId("set-title").textContent = this.title;
    download.href = setDownloadUrl(this.name);
    article.hidden = false;
    this.show();
    this.looking.start();
  }

  get title() {
    const [first, ...others] = this.portraits;
    return others.length ? `${first.name} and the others` : first.name;
  }

  async look(signal) {
    const status = await readSet(this.name, { signal });
    const before = this.portraits;
    if (status.jobId !== this.status.jobId) makeCards(portraitsOf(status), (id, action, wish) => this.change(id, action, wish));
    this.status = status;
    await this.settleChanges(signal);
    this.show();
    this.tell(newsOf(before, this.portraits));
    return this.portraits.some(isWaiting);
  }

  /** The set's status says of a change only that it goes on: how it ended its job knows. */
  async settleChanges(signal) {
    const painting = portraitsOf(this.status).filter(isWaiting).map(({ id }) => id);
    const open = Object.entries(changesOf(this.name)).filter(([id]) => !painting.includes(id));
    for (const [id, job] of open) {
      const { state, error } = await readJob(job, { signal }).catch((trouble) => {
        if (trouble.status === 404) return { state: "completed" };
        throw trouble;
      });
      if (hasEnded({ state })) {
        forgetChange(this.name, id);
        this.ordered.delete(id);
        if (error) this.errors.set(id, error);
      } else {
        this.ordered.add(id);
      }
    }
    // The last change may have ended after the status was read.
    if (open.length) this.status = await readSet(this.name, { signal });
  }

  show() {
    this.portraits = portraitsOf(this.status).map((each) => ({
      ...each,
      painting: each.painting ?? (this.ordered.has(each.id) ? ORDERED : null),
      error: this.ordered.has(each.id) ? null : this.errors.get(each.id) ?? each.error,
    }));
    keepPlace(() => showCards(this.portraits));
    say(fault, wholeFault(this.status, this.portraits));
    fault.hidden = !fault.textContent;
    download.hidden = !this.portraits.some(({ image }) => image);
    this.drawPanel();
  }

  drawPanel() {
    const left = this.portraits.filter(isWaiting).length;
    panel.hidden = !left;
    if (!left) this.isStopping = false;
    say(byId("painting-message"), this.isLost ? RECONNECTING : `${this.portraits.length - left} of ${this.portraits.length} pictures are done.`);
    bar.value = shareOf(this.portraits);
    say(stop, this.isStopping ? "Stopping…" : "Stop");
    stop.setAttribute("aria-disabled", this.isStopping);
  }

  tell(news) {
    const told = news.map(([{ name }, isNew]) => `${name} ${isNew ? "is painted" : "could not be painted"}.`);
    if (news.length && !this.portraits.some(isWaiting)) told.push(ending(this.portraits));
    if (told.length) announce(told.join(" "));
  }

  rest() {
    const cards = byId("cards");
    cards.style.pointerEvents = "none";
    setTimeout(() => { cards.style.pointerEvents = ""; }, DOUBLE_TAP);
  }

  lost(isLost) {
    this.isLost = isLost;
    if (isLost) announce(RECONNECTING);
    this.drawPanel();
  }

  failed(reason) {
    panel.hidden = true;
    if (!(reason instanceof Trouble)) throw reason;
    this.troubled(reason);
  }

  /** @param {"regenerate" | "upscale" | "variation"} action
   *  @param {{prompt?: string, index?: number}} wish */
  async change(id, action, wish) {
    const orders = new Orders(`characters.${action}.${id}`);
    this.errors.delete(id);
    this.ordered.add(id);
    this.show();
    this.rest();
    announce(`${this.portraits.find((each) => each.id === id).name} is being painted.`);
    try {
      const job = await orders.send(JSON.stringify({ imageId: id, ...wish }), (body, key) => changePicture(action, body, key));
      rememberChange(this.name, id, job);
      if (!this.signal.aborted) this.looking.start();
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
      if (this.signal.aborted) return;
      this.ordered.delete(id);
      this.errors.set(id, trouble);
      this.show();
      announce(trouble.title);
    }
  }

  async stop() {
    if (this.isStopping) return;
    this.isStopping = true;
    this.drawPanel();
    const jobs = [...Object.values(changesOf(this.name)), ...(this.status.completed ? [] : [this.status.jobId])];
    try {
      await Promise.all(jobs.map(cancelJob));
      this.looking.start();
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
      this.isStopping = false;
      this.drawPanel();
    }
  }
}

export function hideSet() {
  article.hidden = true;
  panel.hidden = true;
  clearCards();
}
