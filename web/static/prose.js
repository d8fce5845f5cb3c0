// A text as paragraphs. What stands there already is left alone, so a growing text neither flickers nor
// loses what somebody has selected in it.

import { element } from "./dom.js";

const paragraphs = (text) => text.split(/\n\s*\n/).map((each) => each.trim()).filter(Boolean);

function write(paragraph, text) {
  const before = paragraph.textContent;
  if (before === text) return;
  if (before && text.startsWith(before)) paragraph.firstChild.appendData(text.slice(before.length));
  else paragraph.textContent = text;
}

export function showProse(place, text) {
  const wanted = paragraphs(text);
  while (place.children.length > wanted.length) place.lastElementChild.remove();
  while (place.children.length < wanted.length) place.append(element("p", { dir: "auto" }));
  wanted.forEach((each, index) => write(place.children[index], each));
}
