// One picture large, in a dialog: arrow keys walk, Esc closes, focus goes back to where it came from.

import { byId } from "./dom.js";

const dialog = byId("lightbox");
const picture = byId("lightbox-picture");
const caption = byId("lightbox-caption");
const steps = { ArrowLeft: -1, ArrowRight: 1 };

let pictures = [];
let at = 0;
let opener = null;

function show(index) {
  at = (index + pictures.length) % pictures.length;
  const { url, alt, width, height } = pictures[at];
  Object.assign(picture, { src: url, alt, width, height });
  caption.textContent = pictures.length > 1 ? `Picture ${at + 1} of ${pictures.length}` : alt;
}

/** @param {{url: string, alt: string, width: number, height: number}[]} all */
export function openLightbox(all, index, from) {
  pictures = all;
  opener = from;
  for (const id of ["lightbox-previous", "lightbox-next"]) byId(id).hidden = all.length < 2;
  show(index);
  dialog.showModal();
}

export function setUpLightbox() {
  byId("lightbox-previous").addEventListener("click", () => show(at - 1));
  byId("lightbox-next").addEventListener("click", () => show(at + 1));
  byId("lightbox-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("keydown", ({ key }) => { if (key in steps) show(at + steps[key]); });
  // Only the backdrop is the dialog itself; everything else inside it is a child.
  dialog.addEventListener("click", ({ target }) => { if (target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => opener?.focus());
}
