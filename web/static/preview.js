// The unfinished picture: each state of it fades in over the one before.

import { byId, element } from "./dom.js";

const frame = byId("preview");
// After a reload all states so far come at once; only the last one is worth a request.
const SETTLE = 100;

let wanted = null;
let pending = 0;

function load(url) {
  const image = element("img", { alt: "The picture as far as it is painted" });
  image.addEventListener("load", () => {
    if (wanted !== url) return;
    frame.append(image);
    // The one below stays until the new one covers it.
    while (frame.children.length > 2) frame.firstElementChild.remove();
  });
  image.src = url;  // one that is gone already is simply not shown
}

/** @param {string | null} url null leaves what is there */
export function showPreview(url) {
  if (!url || url === wanted) return;
  wanted = url;
  clearTimeout(pending);
  pending = setTimeout(load, SETTLE, url);
}

export function clearPreview() {
  wanted = null;
  clearTimeout(pending);
  frame.replaceChildren();
}
