// The picture of a turn: to come, there, or failed. Pixels stay square, and are enlarged by whole factors.

import { element, say } from "../dom.js";

// Turns of one adventure have pictures of one shape: the place for the next one is kept free.
let shape = "1";

/** The width in CSS pixels at which each of the picture's pixels is a whole number of the screen's; null if it is too large. */
export function crispWidth(width, room, density) {
  const factor = Math.floor((room * density) / width);
  return factor < 1 ? null : (factor * width) / density;
}

export class TurnPicture {
  /** @param {() => void} retry */
  constructor(retry) {
    this.image = element("img", { hidden: true, loading: "lazy", decoding: "async" });
    this.note = element("p", { className: "picture-note" });
    this.button = element("button", { type: "button", className: "quiet" }, "Try again");
    this.button.addEventListener("click", retry);
    this.frame = element("div", { className: "picture-frame" }, this.image, this.note, this.button);
    this.root = element("figure", { className: "picture" }, this.frame);
    this.observer = new ResizeObserver(() => this.#fit());
    this.observer.observe(this.frame);
  }

  /** @param {import("./tale.js").Turn} turn
   *  @param {boolean} canRetry the service draws only the picture of the last turn anew */
  show({ image, imageFault, isDrawn }, canRetry) {
    const kind = image ? "image" : imageFault ? "fault" : isDrawn ? "wait" : "";
    this.root.hidden = !kind;
    this.root.dataset.shows = kind;
    this.image.hidden = kind !== "image";
    this.note.hidden = kind === "image";
    this.button.hidden = kind !== "fault" || !canRetry || !imageFault.canRetry;
    say(this.note, kind === "fault" ? `The picture could not be drawn. ${imageFault.text}` : "The picture is being drawn…");
    if (image) this.#put(image);
    this.root.style.setProperty("--shape", shape);
  }

  remove() {
    this.observer.disconnect();
    this.root.remove();
  }

  #put({ src, width, height, alt }) {
    const { image } = this;
    if (width > 0 && height > 0) shape = `${width} / ${height}`;
    image.alt = alt ?? "";
    if (image.getAttribute("src") === src) return;
    Object.assign(image, { width, height, src });
    this.#fit();
  }

  #fit() {
    const { image, frame } = this;
    if (image.hidden || !image.width) return;
    const width = crispWidth(Number(image.getAttribute("width")), frame.clientWidth, devicePixelRatio);
    image.classList.toggle("is-crisp", width !== null);
    image.style.width = width === null ? "" : `${width}px`;
  }
}
