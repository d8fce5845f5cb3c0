// A box for free text with suggestions: a button beside it opens their list, and choosing one writes it into the box.

import { element } from "../dom.js";

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

export class Suggesting {
  /** @param {HTMLTextAreaElement} box
   *  @param {string} label of the box
   *  @param {string[]} values
   *  @param {(value: string) => void} chosen */
  constructor(box, label, values, chosen) {
    Object.assign(this, { box, chosen });
    this.opener = element("button", { type: "button", className: "icon opener", ariaLabel: `Suggestions: ${label}`, title: "Suggestions" }, "▾");
    this.opener.setAttribute("aria-expanded", false);
    this.list = element("ul", { className: "suggesting-list", hidden: true }, ...values.map((value) => this.#choice(value)));
    this.root = element("div", { className: "suggesting" }, box, this.opener, this.list);
    this.opener.addEventListener("click", () => (this.list.hidden ? this.open() : this.close()));
    this.root.addEventListener("keydown", (event) => this.#pressed(event));
    this.root.addEventListener("focusout", ({ relatedTarget }) => {
      if (!this.root.contains(relatedTarget)) this.close();
    });
  }

  #choice(value) {
    const button = element("button", { type: "button", tabIndex: -1 }, value);
    button.addEventListener("click", () => {
      this.close();
      this.box.focus();
      this.chosen(value);
    });
    return element("li", {}, button);
  }

  get #choices() {
    return [...this.list.querySelectorAll("button")];
  }

  open() {
    this.list.hidden = false;
    this.opener.setAttribute("aria-expanded", true);
    const now = this.#choices.find((each) => each.textContent === this.box.value.trim());
    (now ?? this.#choices[0]).focus();
  }

  close() {
    this.list.hidden = true;
    this.opener.setAttribute("aria-expanded", false);
  }

  #pressed(event) {
    if (event.key === "Escape" && !this.list.hidden) {
      event.stopPropagation();
      this.close();
      this.opener.focus();
      return;
    }
    if (!(event.key in STEPS)) return;
    if (this.list.hidden) {
      if (!event.altKey) return;
      event.preventDefault();
      this.open();
      return;
    }
    event.preventDefault();
    const at = this.#choices.indexOf(document.activeElement);
    this.#choices.at((at + STEPS[event.key]) % this.#choices.length)?.focus();
  }
}
