// The versions of a picture, small, oldest first: choosing one shows it, and changes nothing else.

import { element } from "../dom.js";

export class Versions {
  /** @param {(image: object) => void} choose */
  constructor(choose) {
    this.title = element("summary");
    this.list = element("ul", { className: "versions" });
    this.root = element("details", { hidden: true }, this.title, this.list);
    Object.assign(this, { choose, shown: "" });
  }

  thumbnail(image, name, isChosen) {
    const button = element("button", { type: "button", title: name },
      element("img", { src: image.url, alt: name, decoding: "async" }));
    button.setAttribute("aria-pressed", isChosen);
    button.addEventListener("click", () => this.choose(image));
    return element("li", {}, button);
  }

  mark(chosen) {
    [...this.list.children].forEach((each, index) => each.firstChild.setAttribute("aria-pressed", index === chosen));
  }

  /** @param {object[]} images oldest first */
  show(images, newest, chosen) {
    const index = images.findIndex(({ url }) => url === chosen?.url);
    const urls = images.map(({ url }) => url).join(" ");
    this.root.hidden = images.length < 2;
    if (urls === this.shown) {
      this.mark(index);
      return;
    }
    this.shown = urls;
    this.title.textContent = `Earlier versions (${images.length - 1})`;
    this.list.replaceChildren(...images.map((image, at) => (
      this.thumbnail(image, image.url === newest?.url ? "The newest version" : `Version ${at + 1}`, at === index)
    )));
  }
}
