// One character or background: its name, its picture, and all ways on from there.

import { Plate } from "../book/plate.js";
import { element } from "../dom.js";
import { Four } from "./four.js";

const WORDS = {
  again: "Paint again",
  other: "Paint again…",
  first: "Paint it",
  change: "Change the words…",
  shows: "What is to be painted",
  send: "Paint it",
};

export class Card extends Plate {
  /** @param {object} portrait see portraits.js
   *  @param {{enlarge: (card: Card) => void, change: (id: string, action: string, wish: object) => void}} can */
  constructor({ id, name, isMain, isCharacter }, { enlarge, change }) {
    super(name, { enlarge, words: WORDS, redraw: (prompt) => change(id, "regenerate", prompt ? { prompt } : {}) });
    this.four = new Four(name, {
      look: (picture) => this.view(picture),
      choose: (index) => change(id, "upscale", { index }),
      vary: (index) => change(id, "variation", { index }),
    });
    this.root.prepend(element("figcaption", {}, element("h3", { dir: "auto" }, name), isMain ? element("p", { className: "small" }, "Main character") : ""));
    this.foot.before(this.four.root);
    this.root.classList.toggle("is-cutout", isCharacter);
    this.item = element("li", { className: isMain ? "portrait card is-main" : "portrait card" }, this.root);
  }

  drawWaysOn() {
    super.drawWaysOn();
    this.four.show(this.plate.painting ? [] : this.plate.four, this.chosen?.url, this.plate.chosen);
  }
}
