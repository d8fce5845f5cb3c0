// The narration for those who listen: whole sentences as they are finished, not every piece that comes.

import { byId, element } from "../dom.js";
import { lastTurn } from "./tale.js";

const region = byId("spoken");
const MOST = 30;
// “Who is there?” asks the mouse: what goes on in small letters is the same sentence.
const END = /[.!?…]["'”’»)\]]*\s+(?=[^\s\p{Ll}])|[。！？][」』”]?|\n\s*\n/gu;

/** How much of a growing text is whole sentences: a sentence counts once the next one begins. */
export function finished(text) {
  let end = 0;
  for (const found of text.matchAll(END)) end = found.index + found[0].length;
  return end;
}

let turn = 0;
let spoken = 0;

function say(text) {
  if (!text.trim()) return;
  region.append(element("p", { dir: "auto" }, text.trim()));
  while (region.children.length > MOST) region.firstElementChild.remove();
}

/** What was there when the page joined is not read out. */
function begin(last, isHistory, isTelling) {
  const isSame = last.turn === turn && last.narration.length >= spoken;
  if (isSame) return;
  turn = last.turn;
  spoken = 0;
  if (isHistory) spoken = isTelling ? finished(last.narration) : last.narration.length;
}

export function speak({ tale, isTelling }, message) {
  const last = lastTurn(tale);
  if (!last) turn = 0;
  if (!last || !message) return;
  begin(last, message.type === "history", isTelling);
  const end = isTelling ? finished(last.narration) : last.narration.length;
  if (end <= spoken) return;
  say(last.narration.slice(spoken, end));
  spoken = end;
}
