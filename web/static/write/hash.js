// A short print of a text: equal texts have equal prints.

/** FNV-1a over the UTF-16 units, as eight hexadecimal digits. */
export function printOf(text) {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}
