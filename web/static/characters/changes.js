// Which jobs change which pictures: the tab remembers it over a reload, since a set's status does not tell how they end.

import { forget, keep, recall } from "../memory.js";

const named = (set) => `characters.changes.${set}`;

/** @returns {Record<string, string>} the job for each picture's id */
export const changesOf = (set) => JSON.parse(recall(named(set)) || "{}");

export const rememberChange = (set, picture, job) => keep(named(set), JSON.stringify({ ...changesOf(set), [picture]: job }));

export function forgetChange(set, picture) {
  const { [picture]: gone, ...others } = changesOf(set);
  if (Object.keys(others).length) keep(named(set), JSON.stringify(others));
  else forget(named(set));
}
