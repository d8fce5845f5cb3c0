// The character's picture: chosen, dropped or pasted, sent at once, and shown while that lasts.

import { Trouble, uploadPicture } from "../api.js";
import { announce, byId } from "../dom.js";

const place = byId("picker");
const input = byId("picture");
const drop = place.querySelector(".drop");
const picked = place.querySelector(".picked");
const image = picked.querySelector("img");
const fault = byId("picture-fault");
const note = byId("picture-note");
const again = byId("picture-again");

const KINDS = ["image/png", "image/jpeg", "image/webp"];
const MOST_BYTES = 10 * 1024 * 1024;
const HINT = note.textContent;

let imageUrl = "";
let file = null;
let sending = null;
let changed = () => {};

function showFault(text) {
  fault.textContent = text;
  input.setAttribute("aria-invalid", Boolean(text));
  again.hidden = true;
}

function showPicture(url) {
  if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
  drop.hidden = Boolean(url);
  picked.hidden = !url;
  if (url) image.src = url;
  else image.removeAttribute("src");
}

function setSending(call) {
  sending = call;
  place.setAttribute("aria-busy", Boolean(call));
  note.textContent = call ? "The picture is being sent…" : imageUrl ? "The pictures will be painted after this one." : HINT;
}

const faultOf = ({ type, size }) => {
  if (!KINDS.includes(type)) return "That is no PNG, JPEG or WebP picture. Choose another file.";
  return size > MOST_BYTES ? "That picture is larger than 10 MB. Choose a smaller one." : "";
};

async function transfer({ signal }) {
  try {
    imageUrl = (await uploadPicture(file, { signal })).imageUrl;
    file = null;
    announce("The character’s picture is here.");
  } catch (trouble) {
    if (signal.aborted) return;
    if (!(trouble instanceof Trouble)) throw trouble;
    showFault(trouble.detail || trouble.title);
    again.hidden = trouble.status !== 0 && trouble.status < 500;
  } finally {
    if (!signal.aborted) setSending(null);
  }
  changed();
}

function send() {
  showFault("");
  sending?.end.abort();
  const end = new AbortController();
  setSending({ end });
  sending.done = transfer(end);
}

function choose(chosen) {
  const why = faultOf(chosen);
  if (why) {
    showFault(why);
    return;
  }
  file = chosen;
  imageUrl = "";
  showPicture(URL.createObjectURL(chosen));
  send();
}

export function removePicture() {
  sending?.end.abort();
  imageUrl = "";
  file = null;
  setSending(null);
  showFault("");
  showPicture("");
  changed();
}

/** The picture's address as soon as it is sent, "" without one, or null if it could not be sent. */
export async function readPicture() {
  while (sending) await sending.done;
  return file ? null : imageUrl;
}

export const pictureUrl = () => imageUrl;

export const isSendingPicture = () => Boolean(sending);

/** A picture that was sent before. */
export function setPicture(url) {
  imageUrl = url;
  showPicture(url);
  setSending(null);
}

export const pictureField = { showFault, focus: () => (picked.hidden ? input : picked.querySelector(".remove")).focus() };

const pictureIn = (transfer) => [...(transfer?.files ?? [])][0];

/** Beside the form too: a file that misses its place would else be opened by the browser. */
function takeDrops(form) {
  const isForUs = ({ dataTransfer }) => !form.hidden && dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => {
    if (!isForUs(event)) return;
    event.preventDefault();
    place.classList.add("is-over");
  });
  addEventListener("dragleave", ({ relatedTarget }) => { if (!relatedTarget) place.classList.remove("is-over"); });
  addEventListener("drop", (event) => {
    place.classList.remove("is-over");
    if (!isForUs(event)) return;
    event.preventDefault();
    const dropped = pictureIn(event.dataTransfer);
    if (dropped) choose(dropped);
  });
}

/** Text that comes with a picture of itself, as from a word processor, is pasted as text. */
function takePastes(form) {
  addEventListener("paste", ({ clipboardData }) => {
    const pasted = pictureIn(clipboardData);
    if (pasted && !form.hidden && !clipboardData.types.includes("text/plain")) choose(pasted);
  });
}

/** @param {() => void} then called after the picture has come or gone */
export function setUpPicker(form, then) {
  changed = then;
  takeDrops(form);
  takePastes(form);
  input.addEventListener("change", () => {
    if (input.files.length) choose(input.files[0]);
    input.value = "";  // the same file can be chosen again
  });
  picked.querySelector("button").addEventListener("click", () => {
    removePicture();
    input.focus();
  });
  again.addEventListener("click", send);
  // One that was sent long ago may be gone.
  image.addEventListener("error", () => { if (image.src && !image.src.startsWith("blob:")) removePicture(); });
}
