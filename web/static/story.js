// The front door: from the prompt, or an address that names a story, through the wait to the story.

import { Address } from "./address.js";
import { cancelJob, orderStory, readJob, readNews, Trouble, troubleOf } from "./api.js";
import { keepPlace, turnTo } from "./attention.js";
import { now } from "./clock.js";
import { announce, byId } from "./dom.js";
import { inWords } from "./duration.js";
import { follow, hasEnded } from "./follow.js";
import { showGallery } from "./gallery.js";
import { Orders } from "./key.js";
import { watchForPictures } from "./late.js";
import { setUpLightbox } from "./lightbox.js";
import { LINES, usualSeconds } from "./lines.js";
import { afterEvent, afterLook, NOTHING_YET } from "./making.js";
import { Preview } from "./preview.js";
import { focusPrompt, hasPrompt, promptText, promptWasTold, setUpPrompt } from "./prompt.js";
import {
  announceResult, bringBackResult, clearResult, hideResult, setUpResult, showLate, showMaking, showResult, showUnfinished,
} from "./result.js";
import { hideProblems, hideTrouble, showProblems, showTrouble } from "./trouble.js";
import { Wait } from "./wait.js";
import { readWish } from "./wish.js";

const form = byId("wish");
const button = byId("generate");
const note = byId("note");
const panel = byId("wait");
const preview = new Preview(byId("preview"));
const orders = new Orders("unanswered");
const address = new Address("job");
const KIND = "story";
const TITLE = document.title;

const unknown = () => new Trouble({
  title: "There is no such story",
  detail: "Its address may not be complete, or the story has been deleted. You can tell a new one here.",
  status: 404,
});

/** What the page is about, until the next submit or address: a job that is known by and by, and the wait for it.
 *  `again`: what another try does if it fails. */
class Visit {
  constructor(again) {
    Object.assign(this, { again, job: null, wait: null, ending: new AbortController() });
  }

  get signal() {
    return this.ending.signal;
  }

  startWaiting(making, since) {
    preview.clear();
    this.wait = new Wait(LINES, making, since);
    setBusy(true);
    byId("wait-title").focus({ preventScroll: true });
    panel.scrollIntoView({ block: "nearest" });
  }

  stopWaiting() {
    this.wait?.end();
    this.wait = null;
    setBusy(false);
  }

  end() {
    this.ending.abort();
    this.stopWaiting();
  }
}

let visit = new Visit();
let shown = address.id;

function setBusy(busy) {
  // Not `disabled`: that would throw the keyboard's focus away.
  button.setAttribute("aria-disabled", busy);
  button.setAttribute("aria-busy", busy);
  button.textContent = busy ? "Writing and painting…" : "Generate Story";
}

function startVisit(again) {
  visit.end();
  hideTrouble();
  note.textContent = "";
  visit = new Visit(again);
  return visit;
}

/** Does `action` for a new visit; its failure is shown, unless the page is about something else by then. */
async function during(again, action) {
  const mine = startVisit(again);
  try {
    await action(mine);
  } catch (reason) {
    if (mine.signal.aborted) return;
    mine.stopWaiting();
    if (!(reason instanceof Trouble)) throw reason;
    showTrouble(reason, mine.again, hasPrompt());
  }
}

const retryWithPrompt = () => (hasPrompt() ? tell : null);

function pictureArrived(images) {
  keepPlace(() => {
    showGallery(images);
    showLate("");
    hideProblems();
  });
  announce("The picture has arrived.");
}

function hopeForPicture(job, signal) {
  showLate("The picture was not ready in time. If it still arrives it will appear here.");
  watchForPictures(job, { signal, arrived: pictureArrived, gaveUp: () => showLate("The picture did not arrive.") });
}

function showTold(job, signal) {
  const answer = job.result;
  showResult(answer);
  document.title = `${byId("story-title").textContent} · Storyfarm`;
  if (!answer.problems.length) {
    announceResult(answer);
    return;
  }
  if (answer.problems.some(({ code }) => code === "image_timeout")) hopeForPicture(job, signal);
  showProblems(answer.problems, retryWithPrompt());
}

const ends = {
  completed: (job, making, signal) => showTold(job, signal),
  failed: (job, making) => {
    showUnfinished(making, job);
    showTrouble(troubleOf(job.error), retryWithPrompt(), hasPrompt());
  },
  cancelled: (job, making) => {
    showUnfinished(making, job);
    const kept = making.story || making.images.length ? " What was made so far is below." : "";
    note.textContent = `This story was cancelled.${kept}`;
    announce(note.textContent);
    turnTo(form, button);
  },
};

/** Shows the story while it is made, and how it ends. */
async function watch(job, mine) {
  const prompt = promptText();
  let making = afterLook({ ...NOTHING_YET, state: job.state }, job);
  const grow = (more) => {
    if (more.images.length && !making.images.length) announce("The picture is here.");
    making = more;
    mine.wait.show(making);
    preview.show(making.painting?.preview);
    keepPlace(() => showMaking(making));
  };
  grow(making);
  panel.scrollIntoView({ block: "start" });
  const ended = await follow(job.id, {
    signal: mine.signal,
    happened: (kind, data) => grow(afterEvent(making, kind, data)),
    looked: (seen) => grow(afterLook(making, seen)),
    lost: (isLost) => mine.wait.lost(isLost),
  });
  if (ended.state === "completed") promptWasTold(prompt);
  keepPlace(() => mine.stopWaiting());
  ends[ended.state](ended, making, mine.signal);
}

async function tell() {
  const wish = visit.wait ? null : readWish(form);
  if (!wish) return;
  await during(tell, async (mine) => {
    hideResult();
    mine.startWaiting(NOTHING_YET, now());
    announce(`Story and picture are being made. Usually that takes about ${inWords(usualSeconds)}.`);
    mine.job = orders.send(wish, orderStory);
    const job = await mine.job.catch((trouble) => {
      bringBackResult();
      throw trouble;
    });
    if (mine.signal.aborted) return;
    shown = job.id;
    address.put(job.id);
    mine.again = () => open(job.id);
    document.title = "A story on its way · Storyfarm";
    await watch(job, mine);
  });
}

/** What a job that came to no good end has left behind. */
async function remains(job, signal) {
  const { events } = await readNews(job.id, 0, { signal });
  return afterLook(events.reduce((making, { kind, data }) => afterEvent(making, kind, data), NOTHING_YET), job);
}

async function read(id, signal) {
  try {
    const job = await readJob(id, { signal });
    if (job.kind === KIND) return job;
  } catch (trouble) {
    if (trouble.status !== 404) throw trouble;
  }
  throw unknown();
}

/** Shows the story with this id, however far it is. */
async function open(id) {
  await during(() => open(id), async (mine) => {
    clearResult();
    mine.job = read(id, mine.signal);
    const job = await mine.job;
    if (hasEnded(job)) {
      ends[job.state](job, job.state === "completed" ? NOTHING_YET : await remains(job, mine.signal), mine.signal);
      return;
    }
    mine.startWaiting(NOTHING_YET, Date.parse(job.created_at));
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
  document.title = TITLE;
  if (id) {
    open(id);
    return;
  }
  startVisit();
  clearResult();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  tell();
});
byId("stop").addEventListener("click", stop);
address.onMove(move);
setUpPrompt(form);
setUpResult({ another: focusPrompt });
setUpLightbox();
if (shown) open(shown);
