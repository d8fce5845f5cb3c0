// All turns from the beginning to where the player is. What stands there already is left alone.

import { byId, element, say } from "../dom.js";
import { showProse } from "../prose.js";
import { codeOf } from "./language.js";
import { TurnPicture } from "./picture.js";

const place = byId("turns");
const shown = new Map();

class TurnView {
  constructor(number, can) {
    this.did = element("h3", { className: "did", dir: "auto" });
    this.picture = new TurnPicture(can.retryImage);
    this.words = element("div", { className: "story" });
    this.back = element("button", { type: "button", className: "quiet back" }, "↶ Go back to here");
    this.back.addEventListener("click", () => can.goBack(number));
    this.root = element("li", { className: "turn" }, this.did,
      element("div", { className: "turn-body" }, this.picture.root, this.words), this.back);
  }

  /** @param {{at: number, isLast: boolean, isTelling: boolean, isFree: boolean, language: string}} about `at` counts from 1 */
  show(turn, { at, isLast, isTelling, isFree, language }) {
    say(this.did, turn.choice || "The beginning");
    this.did.classList.toggle("is-beginning", !turn.choice);
    this.did.lang = this.words.lang = language;
    this.words.classList.toggle("is-growing", isLast && isTelling);
    showProse(this.words, turn.narration);
    this.picture.show(turn, isLast && isFree);
    this.back.hidden = isLast;
    this.back.disabled = !isFree;
    this.back.ariaLabel = `Go back to here, turn ${at}`;
  }

  remove() {
    this.picture.remove();
    this.root.remove();
  }
}

function arrange(roots) {
  roots.forEach((root, index) => {
    if (place.children[index] !== root) place.insertBefore(root, place.children[index] ?? null);
  });
}

/** @param {{goBack: (turn: number) => void, retryImage: () => void}} can */
export function drawTurns({ tale, isTelling, isFree }, can) {
  const numbers = new Set(tale.turns.map(({ turn }) => turn));
  for (const [number, view] of shown) {
    if (numbers.has(number)) continue;
    view.remove();
    shown.delete(number);
  }
  const language = codeOf(tale.setup.language);
  tale.turns.forEach((turn, index) => {
    if (!shown.has(turn.turn)) shown.set(turn.turn, new TurnView(turn.turn, can));
    const isLast = index === tale.turns.length - 1;
    shown.get(turn.turn).show(turn, { at: index + 1, isLast, isTelling, isFree, language });
  });
  arrange(tale.turns.map(({ turn }) => shown.get(turn).root));
}
