// The view goes along with the story while somebody reads at its end, and stays where it is for whoever reads elsewhere.

import { byId } from "../dom.js";

const turns = byId("turns");
const panel = byId("choosing");
// How far below the window the end may lie and still be followed, in pixels.
const SLACK = 120;
const MARGIN = 16;

let follows = false;

const bottomOf = (place) => place.getBoundingClientRect().bottom;

const move = (top) => { if (top > 0) scrollBy({ top, behavior: "instant" }); };

function look() {
  follows = turns.childElementCount > 0 && bottomOf(turns) < innerHeight + SLACK && bottomOf(turns) > 0;
}

/** The player has done something: what comes of it is to be seen. */
export const follow = () => { follows = true; };

/** Shows what has been added to the story, if its end is what is being read. */
export function keepUp() {
  if (follows) move(bottomOf(turns) - innerHeight + MARGIN);
}

/** Shows what can be chosen, as far as the beginning of the turn stays in view. */
export function showPanel() {
  const start = turns.lastElementChild?.getBoundingClientRect().top ?? 0;
  if (follows) move(Math.min(bottomOf(panel) - innerHeight + MARGIN, start - MARGIN));
}

/** Where an adventure goes on when one comes back to it. */
export function goToEnd() {
  const last = turns.lastElementChild;
  if (turns.childElementCount > 1) last.scrollIntoView({ block: "start", behavior: "instant" });
  look();
}

export function setUpFollowing() {
  addEventListener("scroll", look, { passive: true });
}
