// The painting of a book: follows the jobs that paint, and lets pages be drawn again.

import { cancelJob, readBook, redrawPage, Trouble } from "../api.js";
import { keepPlace } from "../attention.js";
import { announce, byId, say } from "../dom.js";
import { follow } from "../follow.js";
import { Orders } from "../key.js";
import { RECONNECTING } from "../wait.js";
import { afterEvent, afterJob, beginPainting, failed, givenUp, platesOf } from "./plates.js";
import { forgetRedraw, redrawsOf, rememberRedraw } from "./redraws.js";
import { showPlates } from "./spreads.js";

const panel = byId("painting");
const bar = byId("painting-bar");
const stop = byId("stop-painting");
const BEGINNING = "The pictures are being painted.";

/** Stands for the job that a page waits for until its order is answered. */
const ORDERED = "ordered";

function spoken(kind, { pageNumber }) {
  const name = pageNumber ? `The picture of page ${pageNumber}` : "The character’s picture";
  return kind === "picture" ? `${name} is here.` : `${name} could not be painted.`;
}

function ending(plates) {
  const missing = plates.filter(({ number, image }) => number && !image).length;
  if (!missing) return "All pictures are painted.";
  return `${missing === 1 ? "One picture is" : `${missing} pictures are`} missing. Each can be drawn again.`;
}

export class Painting {
  /** @param {object} book as GET /api/stories/<id> has it
   *  @param {{signal: AbortSignal, troubled: (trouble: Trouble) => void}} visit `troubled`: what no plate can tell */
  constructor(book, { signal, troubled }) {
    Object.assign(this, { id: book.id, signal, troubled, plates: platesOf(book), jobs: new Map(), isLost: false, isStopping: false });
    signal.addEventListener("abort", () => { panel.hidden = true; });
    this.show(this.plates);
    this.takeUp(book.metadata);
  }

  /** The jobs that were at work before this page was opened. */
  takeUp({ illustrationJobId: job, illustrationsPending: isPending }) {
    const redraws = redrawsOf(this.id);
    if (isPending && job && !(job in redraws)) this.watch(job);
    for (const [id, page] of Object.entries(redraws)) this.watch(id, [page]);
  }

  show(plates) {
    this.plates = plates;
    keepPlace(() => showPlates(plates));
    this.drawPanel();
  }

  drawPanel() {
    const [news] = this.jobs.values();
    panel.hidden = !news;
    if (!news) return;
    say(byId("painting-message"), this.isLost ? RECONNECTING : news.message || BEGINNING);
    if (news.progress === null) bar.removeAttribute("value");
    else bar.value = news.progress;
    say(stop, this.isStopping ? "Stopping…" : "Stop");
    stop.setAttribute("aria-disabled", this.isStopping);
  }

  happened(job, kind, data) {
    const before = this.plates;
    if (kind === "progress") Object.assign(this.jobs.get(job), { progress: data.progress ?? null, message: data.message });
    this.show(afterEvent(before, job, kind, data));
    if (["picture", "problem"].includes(kind)) announce(spoken(kind, data));
  }

  lost(isLost) {
    this.isLost = isLost;
    if (isLost) announce(RECONNECTING);
    this.drawPanel();
  }

  /** Follows a job to its end. @param {number[] | null} pages that it paints, if they are known */
  async watch(job, pages = null) {
    if (this.jobs.has(job)) return;
    this.jobs.set(job, { progress: null, message: "" });
    this.show(beginPainting(this.plates, job, pages));
    try {
      const ended = await follow(job, {
        signal: this.signal,
        happened: (kind, data) => this.happened(job, kind, data),
        looked: () => {},
        lost: (isLost) => this.lost(isLost),
      });
      await this.finish(job, ended);
    } catch (reason) {
      if (this.signal.aborted) return;
      this.abandon(job, reason);
    }
  }

  /** The book itself knows best how it ended. */
  async finish(job, { state, error }) {
    const book = await readBook(this.id, { signal: this.signal });
    this.end(job);
    this.show(afterJob(this.plates, job, book, state === "failed" ? error : null));
    if (!this.jobs.size) announce(ending(this.plates));
  }

  abandon(job, reason) {
    const isForgotten = reason.status === 404;
    if (isForgotten) this.end(job);
    this.jobs.delete(job);
    this.show(givenUp(this.plates, job));
    if (!(reason instanceof Trouble)) throw reason;
    if (!isForgotten) this.troubled(reason);
  }

  end(job) {
    this.jobs.delete(job);
    forgetRedraw(this.id, job);
    if (!this.jobs.size) this.isStopping = false;
  }

  /** @param {string} description what the picture shall show, or "" for the same as before */
  async redraw(page, description) {
    const orders = new Orders(`book.redraw.${this.id}.${page}`);
    const body = JSON.stringify(description ? { description } : {});
    this.show(beginPainting(this.plates, ORDERED, [page]));
    announce(`The picture of page ${page} is being drawn.`);
    try {
      const job = await orders.send(body, (text, key) => redrawPage(this.id, page, text, key));
      rememberRedraw(this.id, job, page);
      if (!this.signal.aborted) await this.watch(job, [page]);
    } catch (trouble) {
      if (this.signal.aborted) return;
      this.show(failed(this.plates, page, trouble));
      announce(`Page ${page}: ${trouble.title}`);
      if (!(trouble instanceof Trouble)) throw trouble;
    }
  }

  async stop() {
    if (this.isStopping) return;
    this.isStopping = true;
    this.drawPanel();
    try {
      await Promise.all([...this.jobs.keys()].map(cancelJob));
    } catch {
      this.isStopping = false;
      this.drawPanel();
    }
  }
}
