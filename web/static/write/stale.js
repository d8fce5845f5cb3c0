// Says of a part that it was made from something that has changed since, with the two ways on.

import { announce, element } from "../dom.js";
import { desk } from "./desk.js";
import { changedSince, madeNow } from "./lineage.js";
import { makeAnew } from "./steps.js";
import { store } from "./store.js";

const PARTS = {
  premise: { part: "premise", name: "premise", action: "premise" },
  outline: { part: "outline", name: "outline", action: "outline" },
  writing: { part: "story", name: "story", action: "start" },
};

const inWords = (inputs) => [inputs.slice(0, -1).join(", "), inputs.at(-1)].filter(Boolean).join(" and ");

function button(label, action) {
  const made = element("button", { type: "button" }, label);
  made.addEventListener("click", action);
  return made;
}

class Stale {
  constructor(place) {
    Object.assign(this, { place, ...PARTS[place.dataset.stale] });
    this.words = element("p");
    this.anew = button("Make it anew", () => makeAnew(this.action));
    this.place.append(this.words, element("div", { className: "actions start" }, this.anew, button("Keep it", () => this.keep())));
  }

  keep() {
    store.change(madeNow(this.part, store.state), { label: `keeping the ${this.name}` });
    announce(`The ${this.name} is kept.`);
    this.place.closest("section").querySelector("h2").focus({ preventScroll: true });
  }

  draw() {
    const inputs = changedSince(this.part, store.state);
    this.place.hidden = !inputs.length || desk.isAt(this.action);
    if (inputs.length) this.words.textContent = `This ${this.name} was made from an earlier ${inWords(inputs)}.`;
    this.anew.setAttribute("aria-disabled", desk.isBusy);
  }
}

export function setUpStale() {
  const all = [...document.querySelectorAll("[data-stale]")].filter(({ dataset }) => dataset.stale in PARTS).map((place) => new Stale(place));
  const draw = () => { for (const each of all) each.draw(); };
  store.onChange(draw);
  desk.onChange(draw);
  draw();
}
