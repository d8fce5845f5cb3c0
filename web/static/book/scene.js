// The small form below a picture: have it drawn again, with the scene described anew or as it was.

import { element } from "../dom.js";

const LONGEST = 1_000;

let count = 0;

export class Scene {
  /** @param {(description: string) => void} draw called with "" if the description is as it was
   *  @param {{shows: string, send: string}} words the label of the text and of the button */
  constructor(draw, { shows, send }) {
    const id = `scene-${count += 1}`;
    this.text = element("textarea", { id, rows: 4, dir: "auto", maxLength: LONGEST });
    this.root = element("form", { className: "scene", hidden: true },
      element("label", { htmlFor: id }, shows),
      this.text,
      element("div", { className: "actions" },
        element("button", { type: "submit" }, send),
        this.button("Leave it", () => this.close())));
    Object.assign(this, { draw, opener: null, before: "" });
    this.root.addEventListener("submit", (event) => this.submitted(event));
    this.root.addEventListener("keydown", ({ key }) => { if (key === "Escape") this.close(); });
  }

  button(label, action) {
    const made = element("button", { type: "button" }, label);
    made.addEventListener("click", action);
    return made;
  }

  submitted(event) {
    event.preventDefault();
    const described = this.text.value.trim();
    this.close();
    this.draw(described === this.before.trim() ? "" : described);
  }

  /** @param {HTMLButtonElement} opener where the focus returns to */
  open(description, opener) {
    Object.assign(this, { opener, before: description });
    this.text.value = description;
    this.root.hidden = false;
    opener.setAttribute("aria-expanded", true);
    this.text.focus();
  }

  hide() {
    this.root.hidden = true;
    this.opener?.setAttribute("aria-expanded", false);
  }

  close() {
    if (this.root.hidden) return;
    this.hide();
    this.opener.focus();
  }

  toggle(description, opener) {
    if (this.root.hidden) this.open(description, opener);
    else this.close();
  }
}
