// Talking to the service: every way an answer can fail becomes one Trouble in plain words.

import { setClock } from "./clock.js";
import { askToSignIn } from "./session.js";

// No answer is worked on for long, so one that takes longer got lost.
const PATIENCE = 20_000;
// Ten megabytes over a slow line.
const PATIENCE_FOR_UPLOADS = 180_000;
// A book with forty pictures is put together first.
const PATIENCE_FOR_FILES = 180_000;
const NO_CONTENT = 204;
const JSON_BODY = { "Content-Type": "application/json" };

export class Trouble extends Error {
  /** @param {{title: string, detail?: string, status?: number, code?: string, fields?: {field: string, detail: string}[],
   *           retryAfter?: number, requestId?: string, problem?: object}} what
   *  `status` is 0 when no readable answer came; `retryAfter` is in seconds; `problem` is all that was answered. */
  constructor({ title, detail = "", status = 0, code = "", fields = [], retryAfter = 0, requestId = "", problem = {} }) {
    super(title);
    Object.assign(this, { title, detail, status, code, fields, retryAfter, requestId, problem });
  }
}

export const unreachable = () => new Trouble({
  title: "The farm could not be reached",
  detail: "The connection broke or there is no network. Check it, then try again.",
});

const unreadable = (status) => new Trouble({
  title: "The answer could not be read",
  detail: status >= 500
    ? `Something between here and the farm gave up (${status}). Trying again usually helps.`
    : `Something other than the farm seems to have answered (${status}).`,
});

/** Retry-After is a number of seconds or a date. */
function secondsToWait(header) {
  if (!header) return 0;
  const seconds = Number(header);
  const wait = Number.isNaN(seconds) ? (Date.parse(header) - Date.now()) / 1000 : seconds;
  return Math.max(0, Math.ceil(wait)) || 0;
}

/** @param {object} problem as in application/problem+json */
export const troubleOf = (problem, retryAfter = 0) => new Trouble({
  title: problem.title || problem.error || "The farm could not do that",
  detail: problem.detail || problem.error,
  status: problem.status,
  code: problem.code,
  fields: problem.fields ?? (problem.field ? [{ field: problem.field, detail: problem.detail }] : []),
  retryAfter,
  requestId: problem.request_id,
  problem,
});

/** The response and what `read` makes of it. Throws the signal's reason if that ends it. */
async function fetched(url, { signal, patience = PATIENCE, read = (response) => response.text(), ...options }) {
  signal?.throwIfAborted();
  const call = new AbortController();
  const end = () => call.abort();
  const timer = setTimeout(end, patience);
  signal?.addEventListener("abort", end);
  try {
    const response = await fetch(url, { ...options, signal: call.signal });
    return [response, await read(response)];
  } catch {
    throw signal?.aborted ? signal.reason : unreachable();
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
}

/** What the text of an answer that is no success says. */
function troubleIn(response, text) {
  const answer = parsed(text);
  if (!answer) return unreadable(response.status);
  return troubleOf({ ...answer, status: response.status }, secondsToWait(response.headers.get("Retry-After")));
}

/** The JSON object that is answered; {} for an answer without a body. */
export async function send(url, options = {}) {
  const [response, text] = await fetched(url, options);
  setClock(response.headers.get("Date"));
  if (response.status === 401 && await askToSignIn()) return send(url, options);
  if (!response.ok) throw troubleIn(response, text);
  const answer = response.status === NO_CONTENT ? {} : parsed(text);
  if (!answer) throw unreadable(response.status);
  return answer;
}

/** @param {string} body of the request
 *  @returns {Promise<{file: Blob, name: string}>} `name` is "" if the answer gives none */
export async function postForFile(url, body) {
  const options = { method: "POST", headers: JSON_BODY, body, patience: PATIENCE_FOR_FILES, read: (response) => response.blob() };
  const [response, file] = await fetched(url, options);
  if (!response.ok) throw troubleIn(response, await file.text());
  const [, name = ""] = /filename="?([^";]+)"?/.exec(response.headers.get("Content-Disposition") ?? "") ?? [];
  return { file, name };
}

/** The response to a POST, to be read as it comes. */
export async function postForStream(url, body, { signal }) {
  let response;
  try {
    response = await fetch(url, { method: "POST", headers: { ...JSON_BODY, Accept: "text/event-stream" }, body, signal });
  } catch {
    throw signal.aborted ? signal.reason : unreachable();
  }
  if (!response.ok) throw troubleIn(response, await response.text().catch(() => ""));
  return response;
}

/** The JSON object in the text, or null. */
function parsed(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

export const post = (url, body, headers = {}) => send(url, { method: "POST", headers: { ...JSON_BODY, ...headers }, body });

export const put = (url, body) => send(url, { method: "PUT", headers: JSON_BODY, body });

const jobUrl = (id) => `/api/jobs/${encodeURIComponent(id)}`;

/** The job that tells the story, now or as it was when the same key came before.
 *  @param {string} wish the request's body */
export const orderStory = (wish, key) => post("/api/generate-story", wish, { Prefer: "respond-async", "Idempotency-Key": key });

export const orderBook = (wish, key) => post("/api/stories/generate", wish, { Prefer: "respond-async", "Idempotency-Key": key });

const bookUrl = (id) => `/api/stories/${encodeURIComponent(id)}`;

/** The book as far as it is; a Trouble with the code "not_written_yet" before it has words. */
export const readBook = async (id, { signal } = {}) => (await send(bookUrl(id), { signal })).data;

/** The id of the job that paints the page once more.
 *  @param {string} body of the request: what the picture shall show, or nothing new */
export const redrawPage = async (id, page, body, key) => (
  (await post(`${bookUrl(id)}/pages/${page}/illustration`, body, { "Idempotency-Key": key })).data.illustrationJobId
);

/** @param {File} file a picture
 *  @returns {Promise<{imageUrl: string, width: number, height: number}>} */
export function uploadPicture(file, { signal }) {
  const body = new FormData();
  body.append("file", file);
  return send("/api/uploads", { method: "POST", body, signal, patience: PATIENCE_FOR_UPLOADS });
}

export const readJob = (id, { signal } = {}) => send(jobUrl(id), { signal });

/** The job and its `events` behind the one with the number `after`. */
export const readNews = (id, after, { signal }) => send(`${jobUrl(id)}?after=${after}`, { signal });

export const cancelJob = (id) => post(`${jobUrl(id)}/cancel`, "{}");

export const eventsUrl = (id, after) => `${jobUrl(id)}/events?after=${after}`;

export const readOptions = async () => (await send("/api/v1/styles/options")).groups;

/** The set as it is begun. */
export const orderSet = (wish, key) => post("/api/v1/imagine/generate", wish, { "Idempotency-Key": key });

export const readSet = (name, { signal } = {}) => send(`/api/v1/imagine/status/${encodeURIComponent(name)}`, { signal });

/** The id of the job that changes one picture of a set.
 *  @param {"regenerate" | "upscale" | "variation"} action */
export const changePicture = async (action, body, key) => (
  (await post(`/api/v1/imagine/${action}`, body, { "Idempotency-Key": key })).jobId
);

export const setDownloadUrl = (name) => `/api/v1/imagine/download/${encodeURIComponent(name)}`;

export const downloadUrl = (id) => `${jobUrl(id)}/download`;
