// A box for text with a limit: its counter, and what is wrong with it said right at the box.

import { byId } from "./dom.js";

const number = new Intl.NumberFormat("en");

export class TextBox {
  /** @param {string} id of the box; `<id>-fault` is there too, and `<id>-count` may be
   *  @param {string} missing said when the box is empty */
  constructor(id, missing) {
    Object.assign(this, { box: byId(id), count: byId(`${id}-count`), fault: byId(`${id}-fault`), missing });
    this.limit = Number(this.box.dataset.max);
    this.box.addEventListener("input", () => this.changed());
    this.showCount();
  }

  get text() {
    return this.box.value.trim();
  }

  /** Counted in code points and without outer blanks, as the service counts. */
  get length() {
    return [...this.text].length;
  }

  set(text) {
    this.box.value = text;
    this.changed();
  }

  changed() {
    this.showCount();
    this.showFault("");
  }

  showCount() {
    if (!this.count) return;
    const over = this.length - this.limit;
    this.count.textContent = over > 0
      ? `${number.format(over)} too many`
      : `${number.format(this.length)} of ${number.format(this.limit)}`;
    this.count.classList.toggle("over", over > 0);
  }

  showFault(text) {
    this.fault.textContent = text;
    this.box.setAttribute("aria-invalid", Boolean(text));
  }

  /** The text, or null after saying at the box what is wrong with it. */
  read() {
    if (this.text && this.length <= this.limit) return this.text;
    this.showFault(this.text ? `That is too long: at most ${number.format(this.limit)} characters.` : this.missing);
    return null;
  }

  focus() {
    this.box.focus();
  }
}

/** Ctrl or Cmd with Enter in the box sends its form. */
export function sendWithKeys(box, form) {
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit();
  });
}
