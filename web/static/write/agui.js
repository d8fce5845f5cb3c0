// The AG-UI protocol over server-sent events: one run of the assistant, event by event.

import { postForStream, Trouble } from "../api.js";

const ADDRESS = "/agui";
// A run may think for a while, but not say nothing for so long.
const PATIENCE = 120_000;

const silent = () => new Trouble({ title: "The assistant has gone silent", detail: "The connection may be broken. Try again." });

/** The next piece of the stream, unless it takes too long. */
function nextOf(reader) {
  let timer = 0;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(silent()), PATIENCE); });
  return Promise.race([reader.read(), late]).finally(() => clearTimeout(timer));
}

function parsed(block) {
  const data = block.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim()).join("\n");
  try {
    return data ? JSON.parse(data) : null;
  } catch {
    return null;
  }
}

/** The events of the stream that can be read. */
async function* eventsIn(stream, signal) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await nextOf(reader);
      if (done) return;
      const blocks = (rest + value).split(/\r?\n\r?\n/);
      rest = blocks.pop();
      yield* blocks.map(parsed).filter(Boolean);
    }
  } catch (reason) {
    if (signal.aborted) throw signal.reason;
    if (reason instanceof Trouble) throw reason;
    throw new Trouble({ title: "The connection broke", detail: "What the assistant has done so far is kept. Try again." });
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** @param {{threadId: string, runId: string, state: object, messages: object[]}} input
 *  @yields {{type: string}} the events of the protocol */
export async function* runAssistant(input, signal) {
  const body = JSON.stringify({ ...input, tools: [], context: [], forwardedProps: {} });
  const response = await postForStream(ADDRESS, body, { signal });
  yield* eventsIn(response.body, signal);
}
