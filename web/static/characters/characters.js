// The page of characters: from the form, or an address that names a set, to its pictures.

import { Address } from "../address.js";
import { orderSet, readSet, Trouble } from "../api.js";
import { announce, byId } from "../dom.js";
import { Orders } from "../key.js";
import { setUpLightbox } from "../lightbox.js";
import { hideTrouble, showTrouble } from "../trouble.js";
import { focusWish, hasWish, readWish, setIsTaken, setUpForm, showFieldFaults } from "./form.js";
import { hideSet, PictureSet } from "./set.js";

const form = byId("wish");
const button = byId("make");
const TITLE = document.title;

const orders = new Orders("characters.unanswered");
const address = new Address("set");

const unknown = () => new Trouble({
  title: "There are no such pictures",
  detail: "Their address may not be complete, or they have been deleted. You can have new ones painted here.",
  status: 404,
});

let visiting = new AbortController();
let set = null;
let shown = address.id;

/** @param {string} doing what the button says meanwhile; "" when it can be pressed again */
function setBusy(doing) {
  // Not `disabled`: that would throw the keyboard's focus away.
  button.setAttribute("aria-disabled", Boolean(doing));
  button.textContent = doing || "Paint the Pictures";
}

function showForm() {
  hideSet();
  form.hidden = false;
  document.title = TITLE;
}

function startVisit() {
  visiting.abort();
  visiting = new AbortController();
  set = null;
  hideTrouble();
  setBusy("");
  return visiting.signal;
}

/** Does `action` for a new visit; its failure is shown, unless the page is about something else by then. */
async function during(again, action) {
  const signal = startVisit();
  try {
    await action(signal);
  } catch (reason) {
    if (signal.aborted) return;
    setBusy("");
    showForm();
    if (!(reason instanceof Trouble)) throw reason;
    if (!showFieldFaults(reason)) showTrouble(reason, again, hasWish());
  }
}

function open(status, signal) {
  form.hidden = true;
  setBusy("");
  hideSet();
  set = new PictureSet(status, {
    signal,
    troubled: (trouble) => showTrouble(trouble, () => visit(status.studentTaskId), false),
  });
  document.title = `${set.title} · Storyfarm`;
}

/** The order's answer. One that got lost may have been taken: then its pictures are in work by now. */
async function ordered(wish) {
  try {
    return await orders.send(wish, orderSet);
  } catch (trouble) {
    if (trouble.code !== "set_in_work") throw trouble;
    return readSet(JSON.parse(wish).studentTaskId);
  }
}

async function make() {
  if (button.getAttribute("aria-disabled") === "true") return;
  await during(make, async (signal) => {
    const wish = readWish();
    if (!wish) return;
    setBusy("Sending…");
    const status = await ordered(wish);
    setIsTaken();
    if (signal.aborted) return;
    shown = status.studentTaskId;
    address.put(shown);
    open(status, signal);
    byId("set-title").focus({ preventScroll: true });
    byId("set").scrollIntoView({ block: "start" });
    announce("The pictures are being painted.");
  });
}

/** Shows the set with this name, however far it is. */
async function visit(name) {
  await during(() => visit(name), async (signal) => {
    form.hidden = true;
    const status = await readSet(name, { signal }).catch((trouble) => {
      throw trouble.status === 404 ? unknown() : trouble;
    });
    open(status, signal);
  });
}

function move(name) {
  if (name === shown) return;
  shown = name;
  if (name) {
    visit(name);
    return;
  }
  startVisit();
  showForm();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  make();
});
byId("stop-painting").addEventListener("click", () => set?.stop());
byId("another").addEventListener("click", () => {
  address.clear();
  move("");
  form.scrollIntoView({ block: "start" });
  focusWish();
});
address.onMove(move);
setUpForm();
setUpLightbox();
if (shown) visit(shown);
