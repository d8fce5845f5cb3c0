// The page of adventures: the form and the list to begin with, and the adventure that the address names.

import { Address } from "../address.js";
import { announce, byId } from "../dom.js";
import { setUpAdventures, showAdventures } from "./adventures.js";
import { drawChoices, setUpChoices } from "./choices.js";
import { follow, goToEnd, keepUp, setUpFollowing } from "./following.js";
import { game } from "./game.js";
import { drawHeading, setUpHeading } from "./heading.js";
import { drawLink, setUpLink } from "./link.js";
import { drawPaths } from "./paths.js";
import { setUpRefusals } from "./refusals.js";
import { drawSaves, setUpSaves } from "./saves.js";
import { speak } from "./speaking.js";
import { clearStart, drawStart, fillStart, setUpStart, showStartFault } from "./start.js";
import { hasFailedToBegin } from "./tale.js";
import { drawTurns } from "./turns.js";

const address = new Address("session");
const SESSION = /^[\w-]{8,64}$/;
const VIEWS = ["start", "loading", "adventure"];

const can = {
  goBack(turn) {
    follow();
    game.send({ branch: { turn } });
  },
  retryImage: () => game.send({ retry: "image" }),
};

let view = "";

function viewOf({ session, isJoined, first, tale }) {
  if (tale.turns.length && !hasFailedToBegin(tale)) return "adventure";
  return !session || isJoined || first ? "start" : "loading";
}

function show(now) {
  const before = view;
  view = viewOf(now);
  if (view === before) return;
  for (const each of VIEWS) byId(each).hidden = each !== view;
  if (view === "start") showAdventures();
  if (view === "adventure") clearStart();
  if (hasFailedToBegin(now.tale)) beginAgain(now.tale);
}

function beginAgain({ setup, turns }) {
  fillStart(setup);
  showStartFault(turns[0].fault.text);
  byId("premise").focus();
}

const numberOf = ({ turns }) => turns.at(-1)?.turn ?? null;

let last = null;

function draw(now, message) {
  const before = view;
  const number = numberOf(now.tale);
  const hasMoved = message?.type === "history" && last !== null && number !== last;
  show(now);
  drawLink(now);
  drawStart(now);
  drawHeading(now);
  drawTurns(now, can);
  drawPaths(now);
  drawSaves(now, message);
  if (message && view === "adventure") {
    if (before === "adventure") keepUp();
    else if (message.type === "history") goToEnd();
    else begun();
  }
  if (hasMoved) announce(`The story is at turn ${now.tale.turns.length} now.`);
  drawChoices(now, message, hasMoved);
  speak(now, message);
  last = number;
}

/** The form has made way for the story. */
function begun() {
  byId("adventure").scrollIntoView({ block: "start", behavior: "instant" });
  byId("choosing-title").focus({ preventScroll: true });
  follow();
}

function open(session) {
  game.leave();
  if (SESSION.test(session)) game.join(session);
}

game.onChange(draw);
setUpChoices();
setUpFollowing();
setUpHeading();
setUpLink();
setUpRefusals();
setUpSaves();
setUpStart((start) => {
  game.begin(start);
  address.put(game.session);
});
setUpAdventures((session) => {
  address.put(session);
  open(session);
});
byId("all-adventures").addEventListener("click", () => {
  address.clear();
  open("");
  scrollTo({ top: 0, behavior: "instant" });
  byId("premise").focus({ preventScroll: true });
});
address.onMove(open);
addEventListener("pagehide", () => game.hangUp());
addEventListener("pageshow", ({ persisted }) => { if (persisted) open(address.id); });
open(address.id);
