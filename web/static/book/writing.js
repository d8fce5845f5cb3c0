// What the wait for a book's words says: a value that each event of its job changes, and its line.

export const NOTHING_YET = Object.freeze({ state: "queued", begun: 0, progress: null, message: "" });

const steps = {
  state: (writing, { state }) => ({ ...writing, state, begun: writing.begun + (state === "running" ? 1 : 0) }),
  progress: (writing, { progress = null, message = "" }) => ({ ...writing, progress, message }),
};

export const afterEvent = (writing, kind, data) => (steps[kind] ? steps[kind](writing, data) : writing);

function book({ state, progress, message }) {
  if (state === "queued") return { hint: "Waiting in line." };
  return { share: progress === null ? null : progress / 100, hint: message || "A storyteller is thinking it up." };
}

export const LINES = { lines: { book }, spoken: ({ message }) => message };
