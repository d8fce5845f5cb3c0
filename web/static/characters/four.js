// The four pictures that were painted at once: one is looked at, and then chosen or varied.

import { element, say } from "../dom.js";

let count = 0;

export class Four {
  /** @param {{look: (picture: object) => void, choose: (index: number) => void, vary: (index: number) => void}} can
   *  `index` 1 to 4 */
  constructor(name, can) {
    const id = `four-${count += 1}`;
    Object.assign(this, { name, can, pictures: [], picked: null });
    this.title = element("h3", { id }, "Pick one of the four");
    this.list = element("ul", { className: "versions" });
    this.list.setAttribute("aria-labelledby", id);
    this.choice = this.button("Choose", () => this.can.choose(this.picked));
    this.variation = this.button("Vary", () => this.can.vary(this.picked));
    this.ways = element("div", { className: "four-ways" }, this.choice, this.variation);
    this.root = element("section", { className: "four", hidden: true }, this.title, this.list, this.ways);
  }

  button(label, action) {
    const made = element("button", { type: "button" }, label);
    made.addEventListener("click", action);
    return made;
  }

  thumbnail(picture, index) {
    const name = `Picture ${index + 1}`;
    const button = element("button", { type: "button", title: name }, element("img", { src: picture.url, alt: name, decoding: "async" }));
    button.addEventListener("click", () => {
      this.pick(index + 1);
      this.can.look(picture);
    });
    return element("li", {}, button, element("p", { className: "four-mark", hidden: true }, "Chosen"));
  }

  pick(index) {
    this.picked = index;
    [...this.list.children].forEach((each, at) => each.firstChild.setAttribute("aria-pressed", at + 1 === index));
    this.ways.hidden = !index;
    this.choice.ariaLabel = `Choose picture ${index}`;
    this.variation.ariaLabel = `Vary picture ${index}`;
  }

  /** @param {object[]} pictures four, or none
   *  @param {string | undefined} url of the picture that is to be seen
   *  @param {number | null} chosen which of the four counts, 1 to 4 */
  show(pictures, url, chosen) {
    this.root.hidden = !pictures.length;
    if (pictures.map((each) => each.url).join() !== this.pictures.map((each) => each.url).join()) {
      this.pictures = pictures;
      this.list.replaceChildren(...pictures.map((each, index) => this.thumbnail(each, index)));
      this.pick(null);
    }
    [...this.list.children].forEach((each, at) => { each.lastChild.hidden = at + 1 !== chosen; });
    // Something else is being looked at.
    if (this.picked && pictures[this.picked - 1]?.url !== url) this.pick(null);
  }
}
