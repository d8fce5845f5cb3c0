// What to do when the service refuses a message, said where the player is.

import { announce, byId } from "../dom.js";
import { showAnswerFault } from "./choices.js";
import { game } from "./game.js";
import { showSavesFault } from "./saves.js";
import { showStartFault } from "./start.js";
import { hasFailedToBegin } from "./tale.js";

/** By the code; what is not here says it in its own sentence. */
const ADVICE = {
  busy_turn: "Wait until the turn is told, then choose.",
  no_such_turn: "It may have been left in another window. Load the page again to see what there is.",
  no_such_save: "Choose one of those that are listed.",
  not_started: "Begin a new adventure.",
  rate_limited: "Wait a moment, then do it again.",
  too_large: "Say it in fewer words.",
};

function showRefusal({ code, error }) {
  if (code === "already_started" && game.tale.turns.length) return;
  const text = ADVICE[code] ? `${error} ${ADVICE[code]}` : error;
  if (!game.tale.turns.length || hasFailedToBegin(game.tale)) showStartFault(text);
  else if (byId("saves").open) showSavesFault(text);
  else showAnswerFault(text);
  announce(text);
}

export function setUpRefusals() {
  game.refused = showRefusal;
}
