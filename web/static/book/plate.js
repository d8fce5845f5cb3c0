// One picture place of the book: waiting, being painted, painted, or empty with the reason and a way on.

import { element, say } from "../dom.js";
import { Preview } from "../preview.js";
import { Scene } from "./scene.js";
import { Versions } from "./versions.js";

const NOT_HERE = "There is no picture yet.";
const NOT_PAINTED = "This picture could not be painted.";
const LOST = "This picture could not be loaded.";

function button(label, action) {
  const made = element("button", { type: "button" }, label);
  made.addEventListener("click", () => action(made));
  return made;
}

const WORDS = {
  again: "Draw again",
  other: "Draw again…",
  first: "Paint it",
  change: "Change the scene…",
  shows: "What the picture shows",
  send: "Draw it",
};

const percentOf = ({ percent }) => (percent === null ? "" : `${percent} %`);

export class Plate {
  /** @param {string} name such as "Page 3"
   *  @param {{enlarge: (plate: Plate) => void, redraw: ((description: string) => void) | null, words?: object}} can */
  constructor(name, { enlarge, redraw, words = WORDS }) {
    Object.assign(this, { name, redraw, words, plate: null, chosen: null, lostUrl: "" });
    this.image = element("img", { decoding: "async" });
    this.large = element("button", { type: "button", className: "thumbnail", title: "Show it large" }, this.image);
    this.large.addEventListener("click", () => enlarge(this));
    this.image.addEventListener("error", () => this.lost());
    this.layer = element("div", { className: "plate-preview", ariaHidden: "true" });
    this.preview = new Preview(this.layer);
    this.empty = element("p", { className: "plate-empty" });
    this.frame = element("div", { className: "plate-frame" }, this.empty, this.large, this.layer);
    this.bar = element("progress", { max: 100, ariaLabel: `${name}: picture` });
    this.message = element("p");
    this.progress = element("div", { className: "plate-progress" }, this.bar, this.message);
    this.fault = element("p", { className: "plate-fault" });
    this.root = element("figure", { className: "plate", tabIndex: -1, ariaLabel: `${name}: picture` }, this.frame, this.progress, this.fault);
    if (redraw) this.addWaysOn(redraw);
  }

  addWaysOn(redraw) {
    this.scene = new Scene(redraw, this.words);
    this.versions = new Versions((image) => this.view(image));
    this.paint = button(this.words.again, () => redraw(""));
    this.change = button(this.words.other, (opener) => this.scene.toggle(this.plate.description, opener));
    this.change.setAttribute("aria-expanded", false);
    this.which = element("span");
    this.older = element("p", { className: "plate-older" }, this.which,
      button("Show the newest", () => {
        this.view(this.plate.image);
        this.large.focus();
      }));
    this.foot = element("div", { className: "plate-foot" }, this.paint, this.change, this.versions.root);
    this.root.append(this.older, this.foot, this.scene.root);
  }

  /** The picture that is to be seen, with its size as loaded if nobody has told it. */
  get picture() {
    if (!this.chosen || this.chosen.url === this.lostUrl) return null;
    const { url, alt, width, height } = this.chosen;
    return {
      url,
      alt: alt || this.plate.description || this.name,
      width: width ?? this.image.naturalWidth,
      height: height ?? this.image.naturalHeight,
    };
  }

  view(image) {
    this.chosen = image;
    this.draw();
  }

  show(plate) {
    if (plate.image?.url !== this.plate?.image?.url) this.chosen = plate.image;
    else this.chosen = plate.versions.find(({ url }) => url === this.chosen?.url) ?? this.chosen;
    this.plate = plate;
    this.draw();
  }

  draw() {
    const focused = document.activeElement;
    this.drawPicture();
    this.drawProgress();
    say(this.fault, this.faultText());
    this.fault.hidden = !this.fault.textContent;
    this.root.setAttribute("aria-busy", Boolean(this.plate.painting));
    if (this.redraw) this.drawWaysOn();
    // The button that began this may be gone now, and the keyboard must stay where it was.
    if (this.root.contains(focused) && focused.closest("[hidden]")) this.root.focus({ preventScroll: true });
  }

  drawPicture() {
    const { picture } = this;
    const { painting, error } = this.plate;
    this.large.hidden = !picture;
    this.empty.hidden = Boolean(picture);
    this.frame.classList.toggle("is-empty", !picture);
    if (!picture) {
      this.image.removeAttribute("src");
      this.frame.style.aspectRatio = "";
      say(this.empty, painting ? "" : this.chosen ? LOST : error ? NOT_PAINTED : NOT_HERE);
      return;
    }
    if (this.image.getAttribute("src") !== picture.url) this.image.src = picture.url;
    this.image.alt = picture.alt;
    const { width, height } = this.chosen;
    this.frame.style.aspectRatio = width && height ? `${width} / ${height}` : "";
  }

  drawProgress() {
    const { painting } = this.plate;
    this.progress.hidden = !painting;
    if (!painting) {
      this.preview.clear();
      return;
    }
    const { percent, message } = painting;
    this.bar.hidden = percent === null && !message;
    if (percent === null) this.bar.removeAttribute("value");
    else this.bar.value = percent;
    say(this.message, [message || "Waiting for its turn.", percentOf(painting)].filter(Boolean).join(" "));
    this.preview.show(painting.preview);
  }

  faultText() {
    const { error, image } = this.plate;
    if (!error) return "";
    const why = error.detail || error.title || "Nobody knows why.";
    return image ? `The new picture could not be painted. ${why}` : why;
  }

  drawWaysOn() {
    const { painting, image, error, versions } = this.plate;
    this.foot.hidden = Boolean(painting) && versions.length < 2;
    this.paint.hidden = Boolean(painting || image);
    say(this.paint, error ? this.words.again : this.words.first);
    this.change.hidden = Boolean(painting);
    say(this.change, image ? this.words.other : this.words.change);
    if (painting) this.scene.hide();
    this.versions.show(versions, image, this.chosen);
    this.older.hidden = !image || this.chosen?.url === image.url;
    say(this.which, versions.some(({ url }) => url === this.chosen?.url) ? "This is an earlier version." : "This is one of the four.");
  }

  lost() {
    if (!this.image.hasAttribute("src")) return;
    this.lostUrl = this.image.getAttribute("src");
    this.draw();
  }
}
