// The ways on from each phase: the main one, and what else can be done there.

import { announce, byId, element, say } from "../dom.js";
import { desk } from "./desk.js";
import { downloadLast, lastFormatName } from "./exporting.js";
import { hasOutline } from "./project.js";
import { openPhase } from "./phases.js";
import { leaveReading } from "./reading.js";
import { faultInSetup } from "./setup.js";
import { store } from "./store.js";

const main = byId("main-action");
const more = byId("more-actions");

const NEEDS = { premise: ["setup"], outline: ["setup", "premise"], start: ["setup", "premise", "outline"], continue: ["setup", "premise", "outline"], full: ["setup"] };

function leadToSetup() {
  const box = faultInSetup();
  if (!box) return false;
  openPhase("setup");
  box.focus();
  announce("Something is missing in the setup.");
  return true;
}

function leadTo(phase, missing) {
  openPhase(phase);
  announce(`First there must be ${missing}.`);
  return true;
}

/** Whether something is missing, to which the page has led then. */
const LEADS = {
  setup: leadToSetup,
  premise: ({ premise }) => !premise.trim() && leadTo("premise", "a premise"),
  outline: (state) => !hasOutline(state) && leadTo("outline", "an outline"),
};

async function make(name, details) {
  if (desk.isBusy || NEEDS[name].some((need) => LEADS[need](store.state))) return;
  const phase = { premise: "premise", outline: "outline" }[name] ?? "writing";
  if (phase === "writing") leaveReading();
  if (store.state.phase === phase) byId(`phase-${phase}`).scrollIntoView({ block: "start" });
  else openPhase(phase);
  await desk.order(name, details);
}

export const makeAnew = (name) => make(name, { isFresh: true });

const making = (label, name, isFresh = false) => ({ label, act: () => make(name, { isFresh }), needsDesk: true });
const going = (label, phase) => ({ label, act: () => openPhase(phase), needsDesk: false });
const RESUME = { label: "Resume", act: () => desk.resume(), needsDesk: true };

/** By phase: [the main way on, others]. */
const WAYS = {
  setup: ({ premise }) => (premise.trim()
    ? [{ ...going("On to the premise", "premise"), act: () => leadToSetup() || openPhase("premise") }]
    : [making("Write the premise", "premise"), making("Write it all", "full")]),
  premise: (state) => (state.premise.trim()
    ? [hasOutline(state) ? going("On to the outline", "outline") : making("Make the outline", "outline"), making("Write another premise", "premise", true)]
    : [making("Write the premise", "premise")]),
  outline: (state) => (hasOutline(state)
    ? [going("On to the writing", "writing"), making("Make another outline", "outline", true)]
    : [making("Make the outline", "outline")]),
  writing({ story, is_complete: isComplete }) {
    if (!story.trim()) return [...(desk.rest ? [RESUME] : []), making("Start writing", "start"), making("Write it all", "full")];
    const goOn = making(isComplete ? "Go on all the same" : "Continue", "continue");
    const ways = desk.rest ? [RESUME, goOn] : isComplete ? [going("On to the export", "export"), goOn] : [goOn];
    return [...ways, making("Write it all anew", "full", true)];
  },
  export: ({ story }) => [story.trim() ? { label: `Download: ${lastFormatName()}`, act: downloadLast, needsDesk: false } : going("There is no story yet: write it", "writing")],
};

const waysOn = () => WAYS[store.state.phase](store.state);

const isHeld = ({ needsDesk }) => needsDesk && desk.isBusy;

function act(way) {
  if (!isHeld(way)) way.act();
}

export const actMain = () => act(waysOn()[0]);

function dress(button, way) {
  say(button, way.label);
  button.setAttribute("aria-disabled", isHeld(way));
}

export function drawSteps() {
  const [first, ...others] = waysOn();
  dress(main, first);
  // The same buttons stay, so that the keyboard does not lose its place.
  while (more.children.length > others.length) more.lastElementChild.remove();
  while (more.children.length < others.length) {
    const index = more.children.length + 1;
    const button = element("button", { type: "button" });
    button.addEventListener("click", () => act(waysOn()[index]));
    more.append(button);
  }
  others.forEach((way, index) => dress(more.children[index], way));
}

export function setUpSteps() {
  main.addEventListener("click", actMain);
  store.onChange(drawSteps);
  desk.onChange(drawSteps);
  drawSteps();
}
