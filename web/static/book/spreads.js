// The book as it is read: a cover, then for each page its picture beside its words.

import { byId, element } from "../dom.js";
import { openLightbox } from "../lightbox.js";
import { showProse } from "../prose.js";
import { Plate } from "./plate.js";

const article = byId("book");
const title = byId("book-title");
const spreads = byId("spreads");

let plates = [];

/** Walks through all pictures that are there, from the one that was clicked. */
function enlarge(plate) {
  const shown = plates.filter(({ picture }) => picture);
  openLightbox(shown.map(({ picture }) => picture), shown.indexOf(plate), plate.large);
}

function spread({ pageNumber, text }, plate) {
  const words = element("div", { className: "words" });
  showProse(words, text);
  const page = element("div", { className: "leaf-words" }, words,
    element("p", { className: "folio", ariaHidden: "true" }, String(pageNumber)));
  const made = element("li", { className: "spread sheet", ariaLabel: `Page ${pageNumber}` }, plate.root, page);
  return made;
}

/** @param {object} book as GET /api/stories/<id> has it
 *  @param {(number: number, description: string) => void} redraw */
export function showBook({ title: called, character, pages }, redraw) {
  title.textContent = called || "Your book";
  byId("book-about").textContent = `With ${character.name}`;
  const cover = new Plate(character.name, { enlarge, redraw: null });
  plates = [cover, ...pages.map(({ pageNumber }) => (
    new Plate(`Page ${pageNumber}`, { enlarge, redraw: (description) => redraw(pageNumber, description) })
  ))];
  byId("cover-plate").replaceChildren(cover.root);
  spreads.replaceChildren(...pages.map((page, index) => spread(page, plates[index + 1])));
  article.hidden = false;
}

/** @param {object[]} states see plates.js */
export function showPlates(states) {
  states.forEach((state, index) => plates[index].show(state));
  const [cover] = states;
  byId("cover-plate").hidden = !(cover.image || cover.painting || cover.error);
}

export function hideBook() {
  article.hidden = true;
  spreads.replaceChildren();
  plates = [];
}

export const bookTitle = () => title.textContent;

/** What news turn to. */
export const bookPlaces = { article, title };
