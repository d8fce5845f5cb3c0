// The service's clock, as far as its answers tell it: a visitor's own may be wrong by hours.

// A Date header has whole seconds and was on its way for a while: less than this is no difference.
const GRAIN = 3_000;

let ahead = 0;

/** @param {string | null} date an answer's Date header */
export function setClock(date) {
  const difference = Date.parse(date ?? "") - Date.now();
  ahead = Math.abs(difference) > GRAIN ? difference : 0;
}

/** Milliseconds since 1970, there. */
export const now = () => Date.now() + ahead;
