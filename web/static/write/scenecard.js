// One scene of the outline as a card: its words, its place, and a wish for another version of it.

import { element, say } from "../dom.js";

const LONGEST_INSTRUCTION = 2_000;

/** A scene's key events are a list; in the box each has a line. */
const FIELDS = [
  { name: "description", label: "What happens", rows: 3, read: (text) => text, write: (value) => value },
  {
    name: "key_events",
    label: "Key events, one on each line",
    rows: 2,
    read: (text) => text.split("\n").map((each) => each.trim()).filter(Boolean),
    write: (value) => value.join("\n"),
  },
  { name: "image_prompt", label: "What its picture shows", rows: 2, read: (text) => text, write: (value) => value },
];

let count = 0;

function button(label, name, action) {
  const made = element("button", { type: "button", className: "icon", ariaLabel: name, title: name }, label);
  made.addEventListener("click", action);
  return made;
}

export class SceneCard {
  /** @param {{change: (index: number, patch: object) => void, move: (index: number, to: number) => void,
   *           remove: (index: number) => void, refine: (index: number, instruction: string) => void}} can */
  constructor(index, can) {
    Object.assign(this, { index, can, id: `scene-${count += 1}`, scene: null });
    this.number = element("span", { className: "scene-number" });
    this.title = element("input", { type: "text", id: `${this.id}-title`, dir: "auto", placeholder: "Title of the scene" });
    this.title.dataset.bound = "";
    this.title.addEventListener("input", () => can.change(this.index, { title: this.title.value }));
    this.handle = element("button", { type: "button", className: "icon handle" }, "⠿");
    this.up = button("↑", "", () => can.move(this.index, this.index - 1));
    this.down = button("↓", "", () => can.move(this.index, this.index + 1));
    this.remove = button("×", "", () => can.remove(this.index));
    this.boxes = FIELDS.map((field) => this.#box(field));
    this.#makeRefining();
    this.root = element("li", { className: "scene-card" },
      element("div", { className: "scene-head" }, this.handle, this.number, this.title,
        element("div", { className: "scene-ways" }, this.up, this.down, this.remove)),
      ...this.boxes.map(({ root }) => root),
      this.opener, this.refining);
    this.handle.addEventListener("keydown", (event) => this.#pressed(event));
  }

  #box(field) {
    const id = `${this.id}-${field.name}`;
    const box = element("textarea", { id, className: "look one-line", rows: field.rows, dir: "auto" });
    box.dataset.bound = "";
    box.addEventListener("input", () => this.can.change(this.index, { [field.name]: field.read(box.value) }));
    const root = element("div", { className: `scene-${field.name}` },
      element("label", { className: "field", htmlFor: id }, element("span", {}, field.label)), box);
    return { ...field, box, root };
  }

  #makeRefining() {
    const id = `${this.id}-wish`;
    this.wish = element("textarea", { id, className: "look one-line", rows: 1, maxLength: LONGEST_INSTRUCTION, placeholder: "Let it happen at night" });
    this.opener = element("button", { type: "button", className: "quiet" }, "Refine this scene…");
    this.opener.setAttribute("aria-expanded", false);
    this.refining = element("form", { className: "refine", hidden: true },
      element("label", { className: "field", htmlFor: id }, element("span", {}, "How shall this scene change?")),
      element("div", { className: "with-button" }, this.wish, element("button", { type: "submit" }, "Refine")));
    this.opener.addEventListener("click", () => this.#showRefining(this.refining.hidden));
    this.refining.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.#showRefining(false);
      this.opener.focus();
    });
    this.refining.addEventListener("submit", (event) => {
      event.preventDefault();
      const instruction = this.wish.value.trim();
      if (!instruction) return;
      this.can.refine(this.index, instruction);
      this.#showRefining(false);
      this.wish.value = "";
    });
  }

  #showRefining(isShown) {
    this.refining.hidden = !isShown;
    this.opener.setAttribute("aria-expanded", isShown);
    if (isShown) this.wish.focus();
  }

  #pressed(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.can.move(this.index, this.index + step);
  }

  /** @param {number} all how many scenes there are
   *  @param {{isBusy: boolean, isHeld: boolean}} now `isHeld`: scenes must keep their places */
  show(scene, all, { isBusy, isHeld }) {
    const number = this.index + 1;
    say(this.number, String(number));
    this.root.ariaLabel = `Scene ${number}`;
    this.title.ariaLabel = `Title of scene ${number}`;
    this.handle.ariaLabel = `Move scene ${number}: arrow keys, or drag`;
    this.handle.title = "Drag to move";
    for (const [each, words] of [[this.up, "up"], [this.down, "down"]]) each.ariaLabel = each.title = `Move scene ${number} ${words}`;
    this.remove.ariaLabel = this.remove.title = `Remove scene ${number}`;
    this.up.disabled = isHeld || this.index === 0;
    this.down.disabled = isHeld || this.index === all - 1;
    this.remove.disabled = isHeld;
    this.handle.setAttribute("aria-disabled", isHeld);
    this.opener.setAttribute("aria-disabled", isBusy);
    if (scene === this.scene) return;
    this.scene = scene;
    if (this.title.value !== scene.title) this.title.value = scene.title;
    for (const { name, box, read, write } of this.boxes) {
      // A line that has just been begun is no event yet, and is left as it is.
      const isSaid = JSON.stringify(read(box.value)) === JSON.stringify(scene[name]);
      if (!isSaid) box.value = write(scene[name]);
    }
  }
}
