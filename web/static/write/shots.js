// The pictures of the scenes, by the scenes' numbers as text: they follow their scenes when these change places.

const FIRST = 1;

/** @param {Record<string, object>} shots
 *  @param {(number | null)[]} order for each scene the place (from 0) that it had before; null for a new one */
export function rearranged(shots, order) {
  const moved = order.map((from, to) => [to + FIRST, from === null ? undefined : shots[from + FIRST]]);
  return Object.fromEntries(moved.filter(([, shot]) => shot));
}

/** The pictures of those scenes that are still there in another outline.
 *  @param {boolean} keepsPlaces whether a scene in the same place is the same one, whatever it is called now */
export function carriedOver(shots, before, after, keepsPlaces) {
  const isRefined = keepsPlaces && before.length === after.length;
  const order = after.map(({ title }, index) => {
    const same = before.findIndex((each) => each.title === title);
    return same >= 0 ? same : isRefined ? index : null;
  });
  return rearranged(shots, order);
}

/** Back again; scenes that had been dropped get the pictures that they had.
 *  @param {Record<string, object>} before the shots as they were before `rearranged` */
export function arrangedBack(shots, order, before) {
  const dropped = Object.entries(before).filter(([number]) => !order.includes(Number(number) - FIRST));
  const moved = order.map((from, to) => [from, shots[to + FIRST]]).filter(([from, shot]) => from !== null && shot);
  return Object.fromEntries([...dropped, ...moved.map(([from, shot]) => [from + FIRST, shot])]);
}
