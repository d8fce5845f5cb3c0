// Which pages are being drawn again: the tab remembers it over a reload, since the book itself does not say.

import { forget, keep, recall } from "../memory.js";

const named = (book) => `book.redraws.${book}`;

/** @returns {Record<string, number>} the page for each job's id */
export const redrawsOf = (book) => JSON.parse(recall(named(book)) || "{}");

export const rememberRedraw = (book, job, page) => keep(named(book), JSON.stringify({ ...redrawsOf(book), [job]: page }));

export function forgetRedraw(book, job) {
  const { [job]: gone, ...others } = redrawsOf(book);
  if (gone === undefined) return;
  if (Object.keys(others).length) keep(named(book), JSON.stringify(others));
  else forget(named(book));
}
