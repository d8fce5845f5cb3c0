// The key that lets a wish be sent again, after a broken connection, without being paid for again.

let last = { wish: "", key: "" };

/** randomUUID exists only on secure origins; a farm on the home network has none. */
function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The same key as before while the same wish has had no answer. */
export function keyFor(wish) {
  const words = JSON.stringify(wish);
  if (words !== last.wish) last = { wish: words, key: freshKey() };
  return last.key;
}

/** From now on the same wish means another story. */
export function answered() {
  last = { wish: "", key: "" };
}
