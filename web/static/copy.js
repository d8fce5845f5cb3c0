// Copying text, also where the clipboard API is not to be had (plain http on the home network).

import { element } from "./dom.js";

function copyTheOldWay(text) {
  const area = element("textarea", { value: text, className: "unseen" });
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  return copied;
}

/** Whether it worked. */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyTheOldWay(text);
  }
}
