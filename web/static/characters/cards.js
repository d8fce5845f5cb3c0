// The set as it is looked at: the characters, the main one large, and then the backgrounds.

import { byId, element } from "../dom.js";
import { openLightbox } from "../lightbox.js";
import { Card } from "./card.js";

const place = byId("cards");

let cards = [];

/** Walks through all pictures that are there, from the one that was clicked. */
function enlarge(card) {
  const shown = cards.filter(({ picture }) => picture);
  openLightbox(shown.map(({ picture }) => picture), shown.indexOf(card), card.large);
}

function part(title, members) {
  if (!members.length) return [];
  return [element("section", {},
    element("h2", {}, title),
    element("ol", { className: "portraits" }, ...members.map(({ item }) => item)))];
}

/** @param {object[]} portraits see portraits.js
 *  @param {(id: string, action: string, wish: object) => void} change */
export function makeCards(portraits, change) {
  cards = portraits.map((each) => new Card(each, { enlarge, change }));
  const ofKind = (isCharacter) => cards.filter((_, index) => portraits[index].isCharacter === isCharacter);
  place.replaceChildren(...part("Characters", ofKind(true)), ...part("Backgrounds", ofKind(false)));
}

export const showCards = (portraits) => portraits.forEach((each, index) => cards[index].show(each));

export function clearCards() {
  place.replaceChildren();
  cards = [];
}
