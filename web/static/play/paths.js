// Turns on other paths: what the player did there, to go back and see what would have come of it.

import { byId, element, say } from "../dom.js";
import { follow } from "./following.js";
import { game } from "./game.js";
import { places } from "./tale.js";

const panel = byId("paths");
const list = byId("path-list");

let shown = null;

function rowOf({ turn, choice }, at) {
  const button = element("button", { type: "button", className: "path" },
    element("small", {}, `Turn ${at}`), element("span", { dir: "auto" }, choice || "The beginning"));
  button.addEventListener("click", () => {
    follow();
    game.send({ branch: { turn } });
  });
  return element("li", {}, button);
}

export function drawPaths({ tale, isFree }) {
  panel.hidden = !tale.others.length;
  say(byId("path-count"), String(tale.others.length));
  if (tale.others !== shown) {
    const at = places(tale);
    const inOrder = [...tale.others].sort((one, other) => at.get(one.turn) - at.get(other.turn));
    list.replaceChildren(...inOrder.map((each) => rowOf(each, at.get(each.turn))));
  }
  shown = tale.others;
  for (const button of list.querySelectorAll("button")) button.disabled = !isFree;
}
