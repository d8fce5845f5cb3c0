// The adventure as far as it is told, and what each message of the service makes of it. Nothing here knows the page.

/** @typedef {{text: string, canRetry: boolean}} Fault
 *  @typedef {{src: string, url: string, width: number, height: number, alt: string}} Picture
 *  @typedef {{turn: number, parent: number | null, choice: string, narration: string, choices: string[],
 *    image: Picture | null, fault: Fault | null, imageFault: Fault | null, isDrawn: boolean}} Turn
 *    `fault` is about its words; `isDrawn`: its picture is still to come */

export const OPEN_STATES = ["choosing", "illustrating"];
const PICTURES = ["image/png", "image/webp", "image/gif", "image/jpeg"];

export const emptyTale = () => ({ seq: null, title: "", state: "waiting", setup: {}, turns: [], saves: [], others: [] });

const blank = (turn, parent, choice) => ({
  turn, parent, choice, narration: "", choices: [], image: null, fault: null, imageFault: null, isDrawn: true,
});

const changed = (tale, number, change) => ({
  ...tale, turns: tale.turns.map((each) => (each.turn === number ? { ...each, ...change(each) } : each)),
});

/** The turn that is told or was told last, or undefined. */
export const lastTurn = ({ turns }) => turns.at(-1);

const isTold = ({ choices }) => choices.length > 0;

/** Whether any turn has been told to its end. */
export const hasBegun = ({ turns }) => turns.some(isTold);

/** Whether the first turn could not be told: then the adventure may be begun with other words. */
export const hasFailedToBegin = ({ turns }) => turns.length === 1 && Boolean(turns[0].fault);

/** A picture that has come stays as it is when the service names it again. */
function kept(image, before) {
  if (!image) return null;
  return before?.image?.url === image.url ? before.image : { ...image, src: image.url };
}

function turnOf({ turn, parent, choice, narration, choices, image, problem }, tale, isBeingMade) {
  const given = { ...blank(turn, parent, choice ?? ""), narration: narration ?? "", choices: choices ?? [] };
  const fault = problem ? { text: problem, canRetry: true } : null;
  return {
    ...given,
    image: kept(image, tale.turns.find((each) => each.turn === turn)),
    fault: isTold(given) ? null : fault,
    imageFault: isTold(given) ? fault : null,
    isDrawn: isBeingMade && !image && !fault,
  };
}

const isMaking = (state) => state === "narrating" || state === "illustrating";

/** Begins the turn, or begins it anew. One that could not be told makes way for it. */
function begun(tale, number, choice) {
  const at = tale.turns.findIndex(({ turn }) => turn === number);
  const before = at < 0 ? tale.turns.filter(isTold) : tale.turns.slice(0, at);
  return [...before, blank(number, before.at(-1)?.turn ?? null, choice ?? tale.turns[at]?.choice ?? "")];
}

/** What a failure is about, by its code; others are about what the turn still lacks. */
const PARTS = { narration_failed: "fault", image_failed: "imageFault" };

/** What each kind of message does. */
const HAPPENS = {
  history(tale, { title, state, setup, turns, saves, others }) {
    const told = turns.map((each, index) => turnOf(each, tale, index === turns.length - 1 && isMaking(state)));
    return { ...tale, title: title ?? "", state, setup: setup ?? tale.setup, turns: told, saves: saves ?? [], others: others ?? [] };
  },
  state(tale, { turn, state, choice }) {
    if (state === "narrating") return { ...tale, state, turns: begun(tale, turn, choice) };
    if (state === "illustrating") return changed({ ...tale, state }, turn, ({ image }) => ({ isDrawn: !image, imageFault: null }));
    return { ...tale, state, turns: tale.turns.map((each) => (each.isDrawn ? { ...each, isDrawn: false } : each)) };
  },
  narration: (tale, { turn, text }) => changed(tale, turn, ({ narration }) => ({ narration: narration + text })),
  choices: (tale, { turn, choices }) => changed(tale, turn, () => ({ choices })),
  image(tale, { turn, image, mime, url, width, height, alt }) {
    const src = image && PICTURES.includes(mime) ? `data:${mime};base64,${image}` : url;
    return changed(tale, turn, () => ({ image: { src, url, width, height, alt }, imageFault: null, isDrawn: false }));
  },
  /** Only failures of a turn have a number of their own; what is wrong with one message has the last one. */
  error(tale, { turn, seq, code, error, retry }) {
    if (seq === tale.seq && !(code in PARTS)) return tale;
    const fault = { text: error, canRetry: Boolean(retry) };
    return changed(tale, turn, (each) => ({ [PARTS[code] ?? (isTold(each) ? "imageFault" : "fault")]: fault, isDrawn: false }));
  },
};

/** Whether the message tells something new. What comes again after a broken connection does not; a socket that
 *  begins with the history replaces everything. */
export const isNews = (tale, { type, seq }, isFirst) => (
  seq > (tale.seq ?? -1) || (type === "error" && seq === tale.seq) || (type === "history" && isFirst)
);

/** Whether the error is about the message that was sent, not about the turn. */
export const isAboutMessage = (tale, { type, seq, code }) => type === "error" && seq === tale.seq && !(code in PARTS);

/** @returns the tale with the message; unknown kinds change nothing but the number */
export function told(tale, message) {
  const happens = Object.hasOwn(HAPPENS, message.type) ? HAPPENS[message.type] : () => tale;
  return { ...happens(tale, message), seq: message.seq };
}

/** How far from the beginning each turn is, by its number: those of other paths too. */
export function places({ turns, others }) {
  const found = new Map(turns.map(({ turn }, index) => [turn, index + 1]));
  const byNumber = new Map(others.map((each) => [each.turn, each]));
  const placeOf = (number) => {
    if (found.has(number) || !byNumber.has(number)) return found.get(number) ?? 0;
    found.set(number, 1);  // a ring, which there should not be, must not go on for ever
    found.set(number, placeOf(byNumber.get(number).parent) + 1);
    return found.get(number);
  };
  for (const { turn } of others) placeOf(turn);
  return found;
}
