// The unfinished picture: each state of it fades in over the one before.

import { element } from "./dom.js";

// After a reload all states so far come at once; only the last one is worth a request.
const SETTLE = 100;

export class Preview {
  constructor(frame) {
    Object.assign(this, { frame, wanted: null, pending: 0 });
  }

  load(url) {
    const image = element("img", { alt: "The picture as far as it is painted" });
    image.addEventListener("load", () => {
      if (this.wanted !== url) return;
      this.frame.append(image);
      // The one below stays until the new one covers it.
      while (this.frame.children.length > 2) this.frame.firstElementChild.remove();
    });
    image.src = url;  // one that is gone already is simply not shown
  }

  /** @param {string | null} url null leaves what is there */
  show(url) {
    if (!url || url === this.wanted) return;
    this.wanted = url;
    clearTimeout(this.pending);
    this.pending = setTimeout(() => this.load(url), SETTLE);
  }

  clear() {
    this.wanted = null;
    clearTimeout(this.pending);
    this.frame.replaceChildren();
  }
}
