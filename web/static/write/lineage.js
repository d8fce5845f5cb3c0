// What a part was made from, and whether that has changed since.

import { printOf } from "./hash.js";
import { hasOutline } from "./project.js";

const MADE_FROM = {
  premise: ["setup"],
  outline: ["setup", "premise"],
  story: ["setup", "premise", "outline"],
};

const trimmed = (setup) => Object.entries(setup).map(([name, value]) => [name, value.trim()]).filter(([, value]) => value).sort();

/** What of a part matters to those that are made from it. A scene's picture does not change the story. */
const ESSENCE = {
  setup: ({ setup }) => JSON.stringify(trimmed(setup)),
  premise: ({ premise }) => premise.trim(),
  outline: ({ outline: { characters, scenes } }) => JSON.stringify([
    characters,
    scenes.map(({ title, description, key_events }) => [title, description, key_events]),
  ]),
};

const EXISTS = {
  premise: ({ premise }) => premise.trim() !== "",
  outline: hasOutline,
  story: ({ story }) => story.trim() !== "",
};

/** Remembers what the part would be made from just now, as "setup:8hexdigits premise:…". */
export const stampOf = (part, state) => MADE_FROM[part].map((input) => `${input}:${printOf(ESSENCE[input](state))}`).join(" ");

/** The inputs of the part that have changed since it was made. Of one that was written by hand nobody knows any. */
export function changedSince(part, state) {
  const stamp = state.made_from[part];
  if (!stamp || !EXISTS[part](state)) return [];
  const now = stampOf(part, state).split(" ");
  const then = stamp.split(" ");
  return MADE_FROM[part].filter((_, index) => now[index] !== then[index]);
}

/** The patch that says: this part was made from what is there now. */
export const madeNow = (part, state, stamp = stampOf(part, state)) => ({ made_from: { ...state.made_from, [part]: stamp } });
