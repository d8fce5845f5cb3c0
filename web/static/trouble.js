// Saying what went wrong, and when to try again.

import { announce, byId, element } from "./dom.js";
import { inWords } from "./duration.js";

const notice = byId("trouble");
const error = byId("error");
const problems = byId("problems");
const retry = byId("retry");

// These need another prompt or a key; the same request again would get the same answer.
const POINTLESS = [400, 401, 403, 413, 422];

// A longer Retry-After (a quota's, say) is told by the problem's detail, not counted down.
const LONGEST_COUNTDOWN = 300;

let ticking = 0;

export function hideTrouble() {
  clearInterval(ticking);
  notice.hidden = true;
}

/** The missing half has come; an error shown since then stays. */
export function hideProblems() {
  if (!problems.hidden) hideTrouble();
}

function show(part) {
  clearInterval(ticking);
  for (const each of [error, problems]) each.hidden = each !== part;
  retry.hidden = false;
  readyToRetry();
  notice.hidden = false;
  notice.focus();
  notice.scrollIntoView({ block: "start" });
}

function readyToRetry() {
  retry.disabled = false;
  retry.textContent = "Try again";
}

function countDown(seconds) {
  const until = performance.now() + seconds * 1000;
  const tick = () => {
    const left = Math.ceil((until - performance.now()) / 1000);
    if (left > 0) {
      retry.textContent = `Try again in ${inWords(left)}`;
      return;
    }
    clearInterval(ticking);
    readyToRetry();
    announce("You can try again now.");
  };
  retry.disabled = true;
  tick();
  ticking = setInterval(tick, 250);
}

/** @param {import("./api.js").Trouble} trouble */
export function showTrouble(trouble) {
  const busy = trouble.status === 503;
  byId("error-title").textContent = busy ? "The farm is busy just now" : trouble.title;
  byId("error-detail").textContent = trouble.detail;
  byId("error-request").textContent = trouble.requestId ? `Request ${trouble.requestId}` : "";
  show(error);
  retry.hidden = POINTLESS.includes(trouble.status);
  if (trouble.retryAfter && trouble.retryAfter <= LONGEST_COUNTDOWN) countDown(trouble.retryAfter);
}

const MISSING = {
  story: "The pictures are here, but the story is missing",
  image: "The story is here, but the picture is missing",
};

/** @param {{part: "story"|"image", title: string, detail: string}[]} missing */
export function showProblems(missing) {
  byId("problems-title").textContent = MISSING[missing[0].part];
  byId("problems-list").replaceChildren(...missing.map(({ title, detail }) => element("li", {}, detail || title)));
  show(problems);
}

export function onRetry(action) {
  retry.addEventListener("click", action);
}
