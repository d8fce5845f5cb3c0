// What stands above the adventure: its title, what it began with, and the ways to take it along.

import { Trouble } from "../api.js";
import { byId, element, say } from "../dom.js";
import { exportUrl, readAdventure } from "./calls.js";
import { game } from "./game.js";
import { OPEN_STATES } from "./tale.js";

const title = byId("adventure-title");
const premise = byId("premise-told");
const exports = byId("exports");
const PAGE_TITLE = document.title;
const UNTITLED = "Your adventure";
const FORMATS = [["epub", "EPUB", "for e-readers"], ["pdf", "PDF", "to print"], ["html", "Web page", "for a browser"], ["md", "Markdown", "to work with"]];

let asked = "";
let found = "";
let linked = "";

/** Messages of a turn do not bring the title along: once the first turn is told, it is asked for. */
async function askForTitle({ session }) {
  asked = session;
  found = "";
  try {
    const answer = await readAdventure(session);
    if (asked === session) found = answer.title ?? "";
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
  }
  drawHeading(game);
}

function drawExports({ session }) {
  if (linked === session) return;
  linked = session;
  byId("export-list").replaceChildren(...FORMATS.map(([format, name, what]) => {
    const link = element("a", { href: exportUrl(session, format), download: "" }, element("strong", {}, name), " ", element("small", {}, what));
    link.addEventListener("click", () => { exports.open = false; });
    return element("li", {}, link);
  }));
}

export function drawHeading(now) {
  const { tale, session } = now;
  const called = tale.title || (asked === session && found) || "";
  if (!called && asked !== session && OPEN_STATES.includes(tale.state)) askForTitle(now);
  say(title, called || UNTITLED);
  document.title = called && tale.turns.length ? `${called} · Storyfarm` : PAGE_TITLE;
  say(premise, tale.setup.premise ?? "");
  drawExports(now);
}

/** The menu closes as menus do. */
export function setUpHeading() {
  document.addEventListener("click", ({ target }) => {
    if (!exports.contains(target)) exports.open = false;
  });
  exports.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    exports.open = false;
    exports.querySelector("summary").focus();
  });
}
