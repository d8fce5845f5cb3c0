// The phases, one of which is open: the stepper leads to each of them at any time.

import { byId, element, say } from "../dom.js";
import { hideTrouble } from "../trouble.js";
import { ACTIONS } from "./actions.js";
import { desk } from "./desk.js";
import { illustrating } from "./illustrating.js";
import { changedSince } from "./lineage.js";
import { hasOutline, PHASES } from "./project.js";
import { lacksSetup } from "./setup.js";
import { store } from "./store.js";

const list = byId("stepper");
const PART = { premise: "premise", outline: "outline", writing: "story" };

const isDone = {
  setup: () => !lacksSetup(),
  premise: ({ premise }) => premise.trim() !== "",
  outline: hasOutline,
  writing: ({ is_complete: isComplete, story }) => isComplete && story.trim() !== "",
  export: () => false,
};

const isBusyIn = (phase) => (desk.work && ACTIONS[desk.work.name].phase === phase) || (phase === "writing" && illustrating.isBusy);

/** What the stepper says of a phase beyond its name: [sign, words]. */
function markOf(phase, state) {
  if (isBusyIn(phase)) return ["…", "at work"];
  if (PART[phase] && changedSince(PART[phase], state).length) return ["!", "made from an earlier version"];
  return isDone[phase](state) ? ["✓", "done"] : ["", ""];
}

const steps = PHASES.map(({ id, name }, index) => {
  const sign = element("span", { className: "step-sign", ariaHidden: "true" });
  const words = element("span", { className: "unseen" });
  const button = element("button", { type: "button", title: `${name} (Alt+${index + 1})` },
    sign, element("span", { className: "step-name" }, name), words);
  button.addEventListener("click", () => openPhase(id));
  list.append(element("li", {}, button));
  return { id, index, button, sign, words };
});

function draw(state) {
  for (const { id, index, button, sign, words } of steps) {
    const [mark, said] = markOf(id, state);
    say(sign, mark || String(index + 1));
    say(words, said && `, ${said}`);
    button.dataset.mark = mark;
    if (id === state.phase) button.setAttribute("aria-current", "step");
    else button.removeAttribute("aria-current");
  }
  for (const { id } of PHASES) byId(`phase-${id}`).hidden = id !== state.phase;
}

export function openPhase(id) {
  if (store.state.phase !== id) {
    hideTrouble();
    store.set({ phase: id });
  }
  byId(`phase-${id}-title`).focus({ preventScroll: true });
  byId("writer").scrollIntoView({ block: "start" });
}

export function setUpPhases() {
  const redraw = () => draw(store.state);
  store.onChange(redraw);
  desk.onChange(redraw);
  illustrating.onChange(redraw);
  redraw();
}
