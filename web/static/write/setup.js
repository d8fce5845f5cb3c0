// The form of the first phase, as the service describes it.

import { byId, element } from "../dom.js";
import { lengthField } from "./length.js";
import { Suggesting } from "./suggesting.js";
import { store } from "./store.js";

const form = byId("setup-form");
const place = byId("fields");
const LENGTH = "story_length";
const LONGEST = 2_000;
// What is told rather than picked has the whole width.
const TOLD = ["story_setting", "character_input", "plot_elements"];
/** What the service takes beyond the fields that it tells of. */
const FURTHER = [
  { name: "language", label: "Language", help: "Without one: that of the words above.", required: false, values: place.dataset.languages.split(",") },
  { name: LENGTH, label: "Length" },
];

/** By name: {label, isRequired, box, fault, show(value)}. Empty until the service has told its fields. */
let fields = {};

const valueOf = (name) => store.state.setup[name] ?? "";

function write(name, value) {
  const { setup } = store.state;
  store.change({ setup: { ...setup, [name]: value } }, { label: `the change of “${fields[name].label}”`, key: `setup.${name}` });
}

const isTold = (name) => TOLD.includes(name);

function textField({ name, label, help, required, values }) {
  const id = `setup-${name}`;
  const note = help ? element("small", { id: `${id}-help`, className: "help" }, help) : "";
  const box = element("textarea", { id, className: "look one-line", rows: isTold(name) ? 2 : 1, dir: "auto" });
  box.dataset.bound = "";
  box.setAttribute("aria-describedby", `${id}-fault ${help ? `${id}-help` : ""}`.trim());
  if (required) box.setAttribute("aria-required", true);
  const fault = element("p", { id: `${id}-fault`, className: "fault", role: "alert" });
  const named = element("label", { className: "field", htmlFor: id }, element("span", {}, label, required ? "" : element("small", {}, " (optional)")));
  const filled = values.length ? new Suggesting(box, label, values, (value) => write(name, value)).root : box;
  box.addEventListener("input", () => write(name, box.value));
  const root = element("div", { className: isTold(name) ? "whole" : "" }, named, filled, note, fault);
  const show = (value) => {
    if (box.value === value) return;
    box.value = value;
    showFault(name, "");
  };
  box.addEventListener("input", () => showFault(name, ""));
  return { root, label, isRequired: required, box, fault, show };
}

function lengthEntry({ label }, lengths) {
  const { root, show } = lengthField(lengths, (value) => write(LENGTH, value));
  root.classList.add("whole");
  return { root, label, isRequired: false, box: root.querySelector("input"), fault: byId(`${LENGTH}-fault`), show };
}

function showFault(name, text) {
  const { box, fault } = fields[name];
  fault.textContent = text;
  box.setAttribute("aria-invalid", Boolean(text));
}

const show = () => Object.entries(fields).forEach(([name, field]) => field.show(valueOf(name)));

/** @param {{fields: object[], lengths: object[]}} choices as GET /api/story/options has them */
export function makeSetup(choices) {
  const further = FURTHER.filter(({ name }) => !choices.fields.some((each) => each.name === name));
  const told = [...choices.fields, ...further];
  fields = Object.fromEntries(told.map((each) => [
    each.name,
    each.name === LENGTH ? lengthEntry(each, choices.lengths) : textField({ values: [], help: "", ...each }),
  ]));
  // What is told comes first, then what is picked.
  const rowsOf = (wanted) => Object.entries(fields).filter(([name]) => isTold(name) === wanted).map(([, { root }]) => root);
  place.replaceChildren(...rowsOf(true), ...rowsOf(false));
  place.setAttribute("aria-busy", false);
  show();
}

/** Whether something that is needed is not filled in; while nobody knows what is needed, too. */
export function lacksSetup() {
  const all = Object.entries(fields);
  return !all.length || all.some(([name, { isRequired }]) => isRequired && !valueOf(name).trim());
}

function faultOf(value, { isRequired }) {
  if (isRequired && !value) return "Please fill this in, or take a suggestion.";
  const over = [...value].length - LONGEST;
  return over > 0 ? `That is too long: at most 2,000 characters, ${over} too many.` : "";
}

/** The first field at which something is wrong, after saying it at all of them; or undefined. */
export function faultInSetup() {
  const wrong = Object.entries(fields).map(([name, field]) => [name, faultOf(valueOf(name).trim(), field)]).filter(([, fault]) => fault);
  for (const [name, fault] of wrong) showFault(name, fault);
  return wrong[0] && fields[wrong[0][0]].box;
}

/** Says at the fields what the service found wrong with them.
 *  @returns {Element | undefined} the first of them */
export function showSetupFaults(faults) {
  const known = faults.map(({ field, detail }) => [field.replace(/^setup\./, ""), detail]).filter(([name]) => name in fields);
  for (const [name, detail] of known) showFault(name, detail);
  return known[0] && fields[known[0][0]].box;
}

export function setUpSetup() {
  form.addEventListener("submit", (event) => event.preventDefault());
  store.onChange((_state, changed) => {
    if (changed.includes("setup")) show();
  });
}
