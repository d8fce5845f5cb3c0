// The pictures of a story, small, each a button that opens it large.

import { byId, element } from "./dom.js";
import { openLightbox } from "./lightbox.js";

const gallery = byId("gallery");

let shown = null;

/** The grid is the four pictures once more, on one sheet. */
export const singlePictures = (images) => images.filter(({ role }) => role !== "grid");

function thumbnail(pictures, index) {
  const { url, alt, width, height } = pictures[index];
  const image = element("img", { src: url, alt: alt || `Picture ${index + 1}`, width, height, decoding: "async" });
  const button = element("button", { type: "button", className: "thumbnail", title: "Show it large" }, image);
  button.addEventListener("click", () => openLightbox(pictures, index, button));
  image.addEventListener("error", () => {
    button.replaceWith(element("p", { className: "lost" }, `This picture could not be loaded: ${image.alt}`));
  });
  return element("li", {}, button);
}

export function showGallery(images) {
  const pictures = singlePictures(images);
  const urls = pictures.map(({ url }) => url).join(" ");
  if (urls === shown) return;
  shown = urls;
  gallery.replaceChildren(...pictures.map((_, index) => thumbnail(pictures, index)));
  gallery.hidden = pictures.length === 0;
}
