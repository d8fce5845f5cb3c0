// What a project has at work, remembered by this browser: a reload takes it up again.

import { drop, fetchKept, shelve } from "./shelf.js";

const NEW = "new";
const named = (key) => `work.${key}`;

/** The id of the open project, or "new" before the service has given it one. */
let key = NEW;

/** From now on the records are this project's. */
export function useRecords(id) {
  key = id || NEW;
}

/** The open project has got its id. */
export function renameRecords(id) {
  const records = recordsOf();
  drop(named(key));
  useRecords(id);
  if (Object.keys(records).length) shelve(named(key), records);
}

export const recordsOf = () => fetchKept(named(key)) ?? {};

/** @param {object | null} record null when there is nothing to remember any more */
export function remember(name, record) {
  const { [name]: _gone, ...others } = recordsOf();
  const records = record ? { ...others, [name]: record } : others;
  if (Object.keys(records).length) shelve(named(key), records);
  else drop(named(key));
}

export const forgetRecords = (id) => drop(named(id));
