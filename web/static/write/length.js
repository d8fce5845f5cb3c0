// How long the story shall be: three cards, or a number of words of one's own.

import { byId, element } from "../dom.js";
import { numberOf } from "./words.js";

const USUAL = "medium";
const SHORTEST = 300;
const LONGEST = 20_000;

let lengths = [];

const isNamed = (value, { id, label }) => [id, label].some((name) => name.toLowerCase() === value.trim().toLowerCase());

const dollars = new Intl.NumberFormat("en", { style: "currency", currency: "USD" });

/** What a whole story of this length will cost, where the models' prices are known. */
function priceOf({ estimate }) {
  if (!estimate?.cost) return [];
  const told = estimate.cost < 0.01 ? `under ${dollars.format(0.01)}` : `about ${dollars.format(estimate.cost)}`;
  return [element("small", {}, told)];
}

const numberIn = (value) => Number(/\d[\d,]*/.exec(value)?.[0].replaceAll(",", "") ?? 0);

/** The wanted number of words, or 0 if nobody knows. */
export function wantedWords(value = "") {
  const named = lengths.find((each) => isNamed(value || USUAL, each));
  return named ? named.words : numberIn(value);
}

/** @param {{id: string, label: string, words: number, estimate?: {cost: number}}[]} offered
 *  @param {(value: string) => void} chosen
 *  @returns {{root: Element, show: (value: string) => void}} */
export function lengthField(offered, chosen) {
  lengths = offered;
  const cards = offered.map((length) => {
    const { id, label, words } = length;
    const radio = element("input", { type: "radio", name: "story_length", value: id });
    radio.addEventListener("change", () => chosen(id));
    const card = element("label", {}, radio, element("span", {}, label, element("small", {}, `about ${numberOf(words)} words`), ...priceOf(length)));
    return { radio, card, length };
  });
  const own = element("input", { type: "number", id: "own-length", min: SHORTEST, max: LONGEST, step: 100, inputMode: "numeric", placeholder: "3000" });
  own.addEventListener("input", () => chosen(own.value ? `${own.value} words` : USUAL));
  const root = element("div", { className: "field length-field" },
    element("fieldset", { className: "field" }, element("legend", {}, "Length"),
      element("div", { className: "lengths" }, ...cards.map(({ card }) => card))),
    element("label", { className: "field own-length" }, element("span", {}, "or words of your own choice"), own));
  return {
    root,
    show(value) {
      const named = lengths.some((each) => isNamed(value || USUAL, each));
      for (const { radio, length } of cards) radio.checked = isNamed(value || USUAL, length);
      const number = named ? "" : String(numberIn(value) || "");
      if (own.value !== number) own.value = number;
      byId("story_length-fault").textContent = "";
    },
  };
}
