// A short list of words: typed with Enter or a comma, or picked from suggestions; each can be removed.

import { announce, byId, element } from "../dom.js";

const same = (one, other) => one.toLowerCase() === other.toLowerCase();

export class Chips {
  /** @param {() => void} changed called after the list has changed */
  constructor(id, changed) {
    const field = byId(id);
    Object.assign(this, { changed, words: [], input: byId(`${id}-input`), fault: byId(`${id}-fault`) });
    this.list = field.querySelector(".chosen");
    this.suggestions = [...field.querySelectorAll(".suggestions button")];
    this.most = Number(field.dataset.most);
    this.longest = Number(field.dataset.longest);
    this.hint = this.input.placeholder;
    this.listen(field);
  }

  listen(field) {
    this.input.addEventListener("keydown", (event) => this.pressed(event));
    // Keyboards of phones do not always tell which key it was.
    this.input.addEventListener("input", () => {
      this.showFault("");
      if (this.input.value.includes(",")) this.take();
    });
    this.input.addEventListener("change", () => this.take());
    field.querySelector(".chips-box").addEventListener("click", ({ target }) => {
      if (target.matches(".chips-box, .chosen")) this.input.focus();
    });
    for (const button of this.suggestions) button.addEventListener("click", () => this.suggested(button));
  }

  pressed(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      this.take();
    }
    if (event.key === "Backspace" && !this.input.value && this.words.length) this.remove(this.words.at(-1));
  }

  suggested(button) {
    if (!this.add(button.textContent)) return;
    const next = this.suggestions.find(({ hidden }) => !hidden) ?? this.input;
    next.focus();
  }

  /** Makes words of what is typed; whether they all fitted. */
  take() {
    const typed = this.input.value.split(",").map((each) => each.trim()).filter(Boolean);
    this.input.value = "";
    const refused = typed.filter((word) => !this.add(word));
    if (refused.length) this.input.value = refused.join(" ");
    return !refused.length;
  }

  add(word) {
    if (this.words.some((each) => same(each, word))) return true;
    const fault = this.faultOf(word);
    this.showFault(fault);
    if (fault) return false;
    this.set([...this.words, word]);
    announce(`Added ${word}.`);
    return true;
  }

  faultOf(word) {
    if (this.words.length >= this.most) return `That is enough: at most ${this.most}. Remove one to add another.`;
    return [...word].length > this.longest ? `That is too long: at most ${this.longest} characters each.` : "";
  }

  remove(word) {
    this.set(this.words.filter((each) => each !== word));
    this.showFault("");
    this.input.focus();
    announce(`Removed ${word}.`);
  }

  set(words) {
    this.words = words;
    this.input.placeholder = words.length ? "and …" : this.hint;
    this.list.replaceChildren(...words.map((word) => this.chip(word)));
    for (const button of this.suggestions) button.hidden = words.some((word) => same(word, button.textContent));
    this.changed();
  }

  chip(word) {
    const remove = element("button", { type: "button", ariaLabel: `Remove ${word}` }, "×");
    remove.addEventListener("click", () => this.remove(word));
    return element("li", {}, element("span", { dir: "auto" }, word), remove);
  }

  showFault(text) {
    this.fault.textContent = text;
    this.input.setAttribute("aria-invalid", Boolean(text));
  }

  focus() {
    this.input.focus();
  }
}
