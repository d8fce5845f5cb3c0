// Talking to the service: every way an answer can fail becomes one Trouble in plain words.

import { setClock } from "./clock.js";

// No answer is worked on for long, so one that takes longer got lost.
const PATIENCE = 20_000;
// Ten megabytes over a slow line.
const PATIENCE_FOR_UPLOADS = 180_000;

export class Trouble extends Error {
  /** @param {{title: string, detail?: string, status?: number, code?: string, fields?: {field: string, detail: string}[],
   *           retryAfter?: number, requestId?: string}} what
   *  `status` is 0 when no readable answer came; `retryAfter` is in seconds. */
  constructor({ title, detail = "", status = 0, code = "", fields = [], retryAfter = 0, requestId = "" }) {
    super(title);
    Object.assign(this, { title, detail, status, code, fields, retryAfter, requestId });
  }
}

const unreachable = () => new Trouble({
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
});

/** The response and its text. Throws the signal's reason if that ends it. */
async function fetched(url, { signal, patience = PATIENCE, ...options }) {
  signal?.throwIfAborted();
  const call = new AbortController();
  const end = () => call.abort();
  const timer = setTimeout(end, patience);
  signal?.addEventListener("abort", end);
  try {
    const response = await fetch(url, { ...options, signal: call.signal });
    return [response, await response.text()];
  } catch {
    throw signal?.aborted ? signal.reason : unreachable();
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
}

async function send(url, options = {}) {
  const [response, text] = await fetched(url, options);
  const answer = parsed(text);
  if (!answer) throw unreadable(response.status);
  setClock(response.headers.get("Date"));
  if (!response.ok) throw troubleOf({ ...answer, status: response.status }, secondsToWait(response.headers.get("Retry-After")));
  return answer;
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

const post = (url, body, headers = {}) => send(url, {
  method: "POST",
  headers: { "Content-Type": "application/json", ...headers },
  body,
});

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
