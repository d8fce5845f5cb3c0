// Finding and making elements. Text goes in as text nodes only: a model wrote it.

export const byId = (id) => document.getElementById(id);

/** @param {Record<string, unknown>} properties set as DOM properties, not attributes */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Changes a text only where it differs: selections and screen readers are left alone. */
export function say(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

let sayLater = 0;

/** Tells a screen reader, politely. */
export function announce(text) {
  const announcer = byId("announcer");
  announcer.textContent = "";
  clearTimeout(sayLater);
  // The same words twice are only spoken again when the region was empty in between.
  sayLater = setTimeout(() => { announcer.textContent = text; }, 100);
}
