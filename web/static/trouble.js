// Saying what went wrong, and when to try again.

import { turnTo } from "./attention.js";
import { announce, byId, element } from "./dom.js";
import { inWords } from "./duration.js";

const notice = byId("trouble");
const error = byId("error");
const problems = byId("problems");
const retry = byId("retry");

// These need another prompt, address or key; the same request again would get the same answer.
const POINTLESS = [400, 401, 403, 404, 413, 422];

// A longer Retry-After (a quota's, say) is told by the problem's detail, not counted down.
const LONGEST_COUNTDOWN = 300;

let ticking = 0;
let action = null;

export function hideTrouble() {
  clearInterval(ticking);
  notice.hidden = true;
}

/** The missing half has come; an error shown since then stays. */
export function hideProblems() {
  if (!problems.hidden) hideTrouble();
}

/** @param {(() => void) | null} again what the button does; without it there is none */
function show(part, again) {
  clearInterval(ticking);
  for (const each of [error, problems]) each.hidden = each !== part;
  action = again;
  retry.hidden = !again;
  readyToRetry();
  notice.hidden = false;
  if (!turnTo(notice)) announce(part.querySelector("h2").textContent);
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

/** @param {import("./api.js").Trouble} trouble
 *  @param {boolean} isKept what was asked for still stands in its box */
export function showTrouble(trouble, again, isKept) {
  const busy = trouble.status === 503;
  byId("error-title").textContent = busy ? "The farm is busy just now" : trouble.title;
  byId("error-detail").textContent = trouble.detail;
  byId("error-request").textContent = trouble.requestId ? `Request ${trouble.requestId}` : "";
  byId("error-kept").hidden = trouble.status === 404 || !isKept;
  show(error, POINTLESS.includes(trouble.status) ? null : again);
  if (trouble.retryAfter && trouble.retryAfter <= LONGEST_COUNTDOWN) countDown(trouble.retryAfter);
}

const MISSING = {
  story_cut: "The story breaks off",
  story: "The pictures are here, but the story is missing",
  image: "The story is here, but the picture is missing",
};

/** @param {{part: "story"|"image", code: string, title: string, detail: string}[]} missing */
export function showProblems(missing, again) {
  const [{ part, code }] = missing;
  byId("problems-title").textContent = MISSING[code] ?? MISSING[part];
  byId("problems-list").replaceChildren(...missing.map(({ title, detail }) => element("li", {}, detail || title)));
  show(problems, again);
}

retry.addEventListener("click", () => action?.());
