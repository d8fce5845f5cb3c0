// Which project the page is about: a new one, or the one that the address names.

import { Address } from "../address.js";
import { Trouble } from "../api.js";
import { announce, byId } from "../dom.js";
import { keep, recall } from "../memory.js";
import { hideTrouble } from "../trouble.js";
import { forgetTalk } from "./assistant.js";
import { readProject } from "./calls.js";
import { showConflict } from "./conflict.js";
import { desk } from "./desk.js";
import { forgetIdea } from "./ideas.js";
import { illustrating } from "./illustrating.js";
import { openPhase } from "./phases.js";
import { partsOf, stateOf } from "./project.js";
import { leaveReading } from "./reading.js";
import { forgetRecords, useRecords } from "./records.js";
import { dropUnsaved, isAlike, saving, unsaved } from "./saving.js";
import { store } from "./store.js";
import { showCard } from "./troubles.js";

const address = new Address("project");
const PAGE_TITLE = document.title;
const PLACES = ["phases", "phase-actions"].map(byId);

let shown = "";
let isQuiet = false;

/** Which phase is open is no reason to save: looking must not compete with another window's changes. */
const SILENT = ["phase"];
const phaseName = () => `write.phase.${saving.id}`;

/** Changes what is shown, not what is to be saved. */
function quietly(action) {
  isQuiet = true;
  action();
  isQuiet = false;
}

function noteChange(state, changed) {
  document.title = state.title.trim() ? `${state.title.trim()} · Storyfarm` : PAGE_TITLE;
  if (isQuiet) return;
  if (changed.includes("phase")) keep(phaseName(), state.phase);
  if (changed.some((name) => !SILENT.includes(name))) saving.touch();
}

function leave() {
  saving.shelve();
  desk.leave();
  illustrating.leave();
  hideTrouble();
  leaveReading();
}

/** @param {object} project as the service has it, or {} for a new one */
function show(project, state) {
  saving.follow(project);
  useRecords(saving.id);
  quietly(() => store.open({ ...state, ...partsOf({ phase: recall(phaseName()) || state.phase }) }));
  bringBack(project);
  desk.takeUp();
  illustrating.takeUp();
}

/** What this browser has written down of the project and the service has not got yet. */
function bringBack(project) {
  const mine = unsaved(project.id);
  if (!mine) return;
  if (isAlike(mine, project)) {
    dropUnsaved(project.id);
    return;
  }
  saving.version = mine.version;
  store.open({ ...stateOf(mine), phase: store.state.phase });
  saving.touch();
  announce("What was not saved yet is here again.");
}

function skeleton(isShown) {
  byId("loading").hidden = !isShown;
  for (const place of PLACES) place.hidden = isShown;
}

const showNew = () => show({}, stateOf());

async function open(id) {
  leave();
  shown = id;
  skeleton(true);
  try {
    const project = await readProject(id);
    if (shown !== id) return;
    show(project, stateOf(project));
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    if (shown === id) notOpened(id, trouble);
  } finally {
    if (shown === id || !shown) skeleton(false);
  }
}

function notOpened(id, trouble) {
  const mine = trouble.status === 404 ? null : unsaved(id);
  if (mine) {
    show({ id, version: mine.version }, stateOf(mine));
    return;
  }
  shown = "";
  showNew();
  const unknown = { title: "There is no such story", detail: "Its address may not be complete, or it has been deleted. You can begin a new one here." };
  showCard(trouble.status === 404 ? new Trouble({ ...unknown, status: 404 }) : trouble, () => open(id));
}

export function openProject(id) {
  if (id === shown) return;
  forgetIdea();
  forgetTalk();
  address.put(id);
  open(id);
}

export async function beginNew() {
  // One without an id would be lost: only one such is written down.
  if (!saving.id && !await saving.now()) {
    showCard(new Trouble({ title: "The open story is not saved yet", detail: "It has not reached the farm, and would be lost with a new one." }), beginNew);
    return;
  }
  leave();
  forgetIdea();
  forgetTalk();
  address.clear();
  shown = "";
  // What was begun and never got an id is given up for the new one.
  if (!saving.id) forgetRecords("new");
  dropUnsaved("");
  show({}, stateOf());
  openPhase("setup");
}

/** The open project is being deleted: nothing of it is to be saved any more. */
export function leaveDeleted() {
  desk.leave();
  illustrating.leave();
  const { id } = saving;
  saving.follow();
  dropUnsaved(id);
  forgetRecords(id);
}

export function afterDeletion(id) {
  dropUnsaved(id);
  forgetRecords(id);
  if (id === shown) beginNew();
}

export function takeOther(other) {
  quietly(() => store.change({ ...partsOf(other.data), title: stateOf(other).title }, { label: "the change to the other version" }));
  dropUnsaved(other.id);
  saving.follow(other);
  saving.say("saved");
}

function move(id) {
  if (id === shown) return;
  if (id) open(id);
  else {
    leave();
    shown = "";
    showNew();
  }
}

export function setUpSession() {
  saving.got = (id) => {
    shown = id;
    keep(phaseName(), store.state.phase);
    address.put(id);
  };
  saving.conflicted = showConflict;
  store.onChange(noteChange);
  addEventListener("pagehide", () => saving.shelve());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return;
    saving.shelve();
    saving.now();
  });
  addEventListener("online", () => saving.now());
  address.onMove(move);
  if (address.id) return open(address.id);
  return showNew();
}

