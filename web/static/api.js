// Talking to the service: every way an answer can fail becomes one Trouble in plain words.

export class Trouble extends Error {
  /** @param {{title: string, detail?: string, status?: number, retryAfter?: number, requestId?: string}} what
   *  `status` is 0 when no readable answer came; `retryAfter` is in seconds. */
  constructor({ title, detail = "", status = 0, retryAfter = 0, requestId = "" }) {
    super(title);
    Object.assign(this, { title, detail, status, retryAfter, requestId });
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

const refusal = (response, problem) => new Trouble({
  title: problem.title || problem.error || "The farm could not do that",
  detail: problem.detail || problem.error,
  status: response.status,
  retryAfter: secondsToWait(response.headers.get("Retry-After")),
  requestId: problem.request_id,
});

async function send(url, options) {
  let response, text;
  try {
    response = await fetch(url, options);
    text = await response.text();
  } catch {
    throw options.signal?.aborted ? options.signal.reason : unreachable();
  }
  const answer = parsed(text);
  if (!answer) throw unreadable(response.status);
  if (!response.ok) throw refusal(response, answer);
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

export function tellStory(wish, { signal }) {
  return send("/api/generate-story", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(wish),
    signal,
  });
}

const jobUrl = (id) => `/api/jobs/${encodeURIComponent(id)}`;

export const readJob = (id, signal) => send(jobUrl(id), { signal });

export const downloadUrl = (id) => `${jobUrl(id)}/download`;
