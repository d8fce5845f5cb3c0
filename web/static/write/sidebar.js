// Whether the assistant is to be seen: beside the page, or as a sheet over it where there is little room.

import { byId } from "../dom.js";
import { fetchKept, shelve } from "./shelf.js";

const KEPT = "assistant";
const side = byId("assistant");
const opener = byId("open-assistant");
const writer = byId("writer");
const hasRoom = matchMedia("(min-width: 70rem)");

function show(isOpen) {
  side.hidden = !isOpen;
  writer.classList.toggle("has-assistant", isOpen);
  opener.setAttribute("aria-expanded", isOpen);
}

function open() {
  show(true);
  if (hasRoom.matches) shelve(KEPT, true);
  byId(hasRoom.matches ? "chat-text" : "assistant-title").focus();
}

function close() {
  show(false);
  if (hasRoom.matches) shelve(KEPT, false);
  opener.focus();
}

export function setUpSidebar() {
  show(hasRoom.matches && fetchKept(KEPT) !== false);
  opener.addEventListener("click", () => (side.hidden ? open() : close()));
  byId("close-assistant").addEventListener("click", close);
  side.addEventListener("keydown", ({ key }) => { if (key === "Escape") close(); });
}
