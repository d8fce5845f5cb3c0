// The front door: from the prompt through the wait to the story.

import { tellStory, Trouble } from "./api.js";
import { announce, byId } from "./dom.js";
import { showGallery } from "./gallery.js";
import { watchForPictures } from "./late.js";
import { setUpLightbox } from "./lightbox.js";
import { focusPrompt, promptWasTold, readPrompt, setUpPrompt } from "./prompt.js";
import { announceResult, bringBackResult, hideResult, setUpResult, showLate, showResult } from "./result.js";
import { hideProblems, hideTrouble, onRetry, showProblems, showTrouble } from "./trouble.js";
import { startWaiting } from "./wait.js";

const form = byId("wish");
const button = byId("generate");
const panel = byId("wait");
const STOPPED = Symbol("stopped");

// The service ends a request by itself at its timeout; this long after, it never will.
const GRACE = 30;

let request = null;
let watch = new AbortController();

/** The request's body, or null when the prompt is not fit to send. */
function readWish() {
  const prompt = readPrompt();
  if (!prompt) return null;
  const { style, language, words } = form.elements;
  const wish = { prompt_text: prompt, words: Number(words.value) };
  if (style.value) wish.style = style.value;
  if (language.value) wish.language = language.value;
  return wish;
}

function setBusy(busy) {
  // Not `disabled`: that would throw the keyboard's focus away.
  button.setAttribute("aria-disabled", busy);
  button.setAttribute("aria-busy", busy);
  button.textContent = busy ? "Writing and painting…" : "Generate Story";
}

const tooLate = () => new Trouble({
  title: "The farm did not answer in time",
  detail: "It should have said something long ago. Try again.",
});

/** The answer to the wish; throws STOPPED or a Trouble. */
async function answerTo(wish) {
  request = new AbortController();
  const patience = setTimeout(() => request.abort(tooLate()), (Number(panel.dataset.timeout) + GRACE) * 1000);
  const stopWaiting = startWaiting();
  setBusy(true);
  panel.scrollIntoView({ block: "nearest" });
  try {
    return await tellStory(wish, { signal: request.signal });
  } finally {
    clearTimeout(patience);
    stopWaiting();
    setBusy(false);
    request = null;
  }
}

function pictureArrived(answer, images) {
  showGallery(images);
  showLate("");
  hideProblems();
  announce("The picture has arrived.");
}

function hopeForPicture(answer) {
  showLate("The picture was not ready in time. If it still arrives it will appear here.");
  watch = new AbortController();
  watchForPictures(answer.id, {
    signal: watch.signal,
    arrived: (images) => pictureArrived(answer, images),
    gaveUp: () => showLate("The picture did not arrive."),
  });
}

function show(answer) {
  watch.abort();
  promptWasTold();
  showResult(answer);
  if (answer.status !== "partial") {
    announceResult(answer);
    return;
  }
  if (answer.problems.some(({ code }) => code === "image_timeout")) hopeForPicture(answer);
  showProblems(answer.problems);
}

function cameToNothing(reason) {
  bringBackResult();
  if (reason === STOPPED) {
    byId("note").textContent = "Stopped waiting. Your prompt is still here.";
    button.focus();
    return;
  }
  if (!(reason instanceof Trouble)) throw reason;
  showTrouble(reason);
}

async function tell() {
  const wish = !request && readWish();
  if (!wish) return;
  byId("note").textContent = "";
  hideTrouble();
  hideResult();
  try {
    const answer = await answerTo(wish);
    show(answer);
  } catch (reason) {
    cameToNothing(reason);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  tell();
});
byId("stop").addEventListener("click", () => request?.abort(STOPPED));
onRetry(tell);
setUpPrompt(form);
setUpResult({ another: focusPrompt });
setUpLightbox();
