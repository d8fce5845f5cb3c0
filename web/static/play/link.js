// How the connection is, in words, where that needs any.

import { announce, byId, say } from "../dom.js";
import { game } from "./game.js";

const note = byId("link-note");
const text = byId("link-text");
const again = byId("link-again");

const SHOWN = ["broken", "stopped"];

let last = "";

export function drawLink({ session, link, why }) {
  // While it tries, what was said before stays: a note that flickers cannot be read.
  if (link === "connecting" && !note.hidden && session) return;
  const isShown = Boolean(session && why) && SHOWN.includes(link);
  note.hidden = !isShown;
  say(text, isShown ? why : "");
  say(again, link === "stopped" ? "Connect again" : "Try now");
  if (why !== last && isShown) announce(why);
  if (last && link === "open") announce("The connection is back.");
  last = isShown ? why : "";
}

export function setUpLink() {
  again.addEventListener("click", () => game.reconnect());
}
