// Whether the project is kept: a few words beside its title.

import { announce, byId, element } from "../dom.js";
import { saving } from "./saving.js";

const place = byId("saved");

const WORDS = {
  "": "",
  saving: "Saving…",
  saved: "Saved",
  retrying: "Not saved yet — trying again",
  refused: "Not saved",
  conflict: "Not saved: changed elsewhere",
  gone: "Not saved: deleted elsewhere",
};

const WORRIES = ["retrying", "refused", "conflict", "gone"];

/** @param {{choose: () => void}} can `choose` shows the two versions again */
export function setUpSaved({ choose }) {
  const ways = {
    conflict: ["Choose…", choose],
    gone: ["Keep it as a new story", () => saving.saveAsNew()],
  };
  saving.shown = (status, detail) => {
    if (place.dataset.status === status && place.title === detail) return;
    place.dataset.status = status;
    place.title = detail;
    const text = status === "refused" && detail ? `${WORDS.refused}: ${detail}` : WORDS[status];
    const way = ways[status];
    const button = way && element("button", { type: "button", className: "quiet" }, way[0]);
    button?.addEventListener("click", way[1]);
    // Somebody listening is told only what is out of the ordinary.
    if (WORRIES.includes(status)) announce(text);
    place.replaceChildren(text, ...(button ? [" ", button] : []));
  };
}
