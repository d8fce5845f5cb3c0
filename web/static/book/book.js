// The page of storybooks: from the form, or an address that names a book, through the wait to the book.

import { Address } from "../address.js";
import { cancelJob, orderBook, readBook, readJob, Trouble, troubleOf } from "../api.js";
import { turnTo } from "../attention.js";
import { now } from "../clock.js";
import { announce, byId } from "../dom.js";
import { follow, hasEnded } from "../follow.js";
import { Orders } from "../key.js";
import { setUpLightbox } from "../lightbox.js";
import { hideTrouble, showTrouble } from "../trouble.js";
import { Wait } from "../wait.js";
import { focusWish, hasWish, readWish, setUpForm, showFieldFaults } from "./form.js";
import { Painting } from "./painting.js";
import { bookPlaces, bookTitle, hideBook, showBook } from "./spreads.js";
import { afterEvent, LINES, NOTHING_YET } from "./writing.js";

const form = byId("wish");
const button = byId("make");
const note = byId("note");
const panel = byId("wait");
const KIND = "storybook";
const TITLE = document.title;

const orders = new Orders("book.unanswered");
const address = new Address("story");

const unknown = () => new Trouble({
  title: "There is no such book",
  detail: "Its address may not be complete, or the book has been deleted. You can make a new one here.",
  status: 404,
});

/** What the page is about, until the next submit or address: a job that is known by and by, and the wait for it.
 *  `again`: what another try does if it fails. */
class Visit {
  constructor(again) {
    Object.assign(this, { again, job: null, wait: null, painting: null, ending: new AbortController() });
  }

  get signal() {
    return this.ending.signal;
  }

  startWaiting(since) {
    form.hidden = true;
    this.wait = new Wait(LINES, NOTHING_YET, since);
    byId("wait-title").focus({ preventScroll: true });
    panel.scrollIntoView({ block: "nearest" });
  }

  stopWaiting() {
    this.wait?.end();
    this.wait = null;
    setBusy("");
  }

  end() {
    this.ending.abort();
    this.stopWaiting();
  }
}

let visit = new Visit();
let shown = address.id;

/** @param {string} doing what the button says meanwhile; "" when it can be pressed again */
function setBusy(doing) {
  // Not `disabled`: that would throw the keyboard's focus away.
  button.setAttribute("aria-disabled", Boolean(doing));
  button.setAttribute("aria-busy", Boolean(doing));
  button.textContent = doing || "Make the Book";
}

function startVisit(again) {
  visit.end();
  hideTrouble();
  note.textContent = "";
  visit = new Visit(again);
  return visit;
}

function showForm() {
  hideBook();
  form.hidden = false;
  document.title = TITLE;
}

/** Does `action` for a new visit; its failure is shown, unless the page is about something else by then. */
async function during(again, action) {
  const mine = startVisit(again);
  try {
    await action(mine);
  } catch (reason) {
    if (mine.signal.aborted) return;
    mine.stopWaiting();
    showForm();
    if (!(reason instanceof Trouble)) throw reason;
    if (!showFieldFaults(reason)) showTrouble(reason, mine.again, hasWish());
  }
}

const retryWithForm = () => (hasWish() ? make : null);

function open(book, mine) {
  form.hidden = true;
  const redraw = (page, description) => mine.painting.redraw(page, description);
  showBook(book, redraw);
  document.title = `${bookTitle()} · Storyfarm`;
  mine.painting = new Painting(book, {
    signal: mine.signal,
    troubled: (trouble) => showTrouble(trouble, () => visitBook(book.id), false),
  });
}

const ends = {
  async completed({ id }, mine) {
    const book = await readBook(id, { signal: mine.signal });
    mine.stopWaiting();
    open(book, mine);
    turnTo(bookPlaces.article, bookPlaces.title);
    announce(`The book is written: ${bookTitle()}.${book.metadata.illustrationsPending ? " The pictures are being painted." : ""}`);
  },
  async failed({ error }, mine) {
    mine.stopWaiting();
    showForm();
    const trouble = troubleOf(error);
    if (!showFieldFaults(trouble)) showTrouble(trouble, retryWithForm(), hasWish());
  },
  async cancelled(_job, mine) {
    mine.stopWaiting();
    showForm();
    note.textContent = "This book was cancelled.";
    announce(note.textContent);
    turnTo(form, button);
  },
};

/** Waits until the book is written, and shows it. */
async function watch(job, mine) {
  let writing = { ...NOTHING_YET, state: job.state };
  const ended = await follow(job.id, {
    signal: mine.signal,
    happened: (kind, data) => {
      writing = afterEvent(writing, kind, data);
      mine.wait.show(writing);
    },
    looked: () => {},
    lost: (isLost) => mine.wait.lost(isLost),
  });
  await ends[ended.state](ended, mine);
}

async function make() {
  if (button.getAttribute("aria-disabled") === "true") return;
  await during(make, async (mine) => {
    setBusy("Making the book…");
    const wish = await readWish(() => setBusy("Sending the picture…"));
    if (mine.signal.aborted) return;
    if (!wish) {
      setBusy("");
      return;
    }
    mine.startWaiting(now());
    announce("The book is being written.");
    mine.job = orders.send(wish, orderBook);
    const job = await mine.job;
    if (mine.signal.aborted) return;
    shown = job.id;
    address.put(job.id);
    mine.again = () => visitBook(job.id);
    document.title = "A book on its way · Storyfarm";
    await watch(job, mine);
  });
}

/** The book with this id, or null while it is not written. */
async function written(id, signal) {
  try {
    return await readBook(id, { signal });
  } catch (trouble) {
    if (![404, 409].includes(trouble.status)) throw trouble;
    return null;
  }
}

async function writingJob(id, signal) {
  try {
    const job = await readJob(id, { signal });
    if (job.kind === KIND) return job;
  } catch (trouble) {
    if (trouble.status !== 404) throw trouble;
  }
  throw unknown();
}

/** Shows the book with this id, however far it is. */
async function visitBook(id) {
  await during(() => visitBook(id), async (mine) => {
    hideBook();
    form.hidden = true;
    const book = await written(id, mine.signal);
    if (book) {
      open(book, mine);
      return;
    }
    mine.job = writingJob(id, mine.signal);
    const job = await mine.job;
    if (hasEnded(job)) {
      await ends[job.state](job, mine);
      return;
    }
    mine.startWaiting(Date.parse(job.created_at));
    await watch(job, mine);
  });
}

async function stop() {
  const { wait, job } = visit;
  if (!wait || wait.isStopping) return;
  wait.stopping(true);
  try {
    await cancelJob((await job).id);
  } catch {
    wait.stopping(false);
  }
}

function move(id) {
  if (id === shown) return;
  shown = id;
  if (id) {
    visitBook(id);
    return;
  }
  startVisit();
  showForm();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  make();
});
byId("stop").addEventListener("click", stop);
byId("stop-painting").addEventListener("click", () => visit.painting?.stop());
byId("print").addEventListener("click", () => print());
byId("another").addEventListener("click", () => {
  address.clear();
  move("");
  form.scrollIntoView({ block: "start" });
  focusWish();
});
address.onMove(move);
setUpForm();
setUpLightbox();
if (shown) visitBook(shown);
