// Signing in and out. Where nobody needs to, the card is not on the page, and nothing here does anything.

import { byId } from "./dom.js";

const ADDRESS = "/api/session";
const card = byId("sign-in");
const form = byId("sign-in-form");
const key = byId("sign-in-key");
const fault = byId("sign-in-fault");
const button = byId("sign-in-send");
const link = byId("session");

let asking = null;
let isIn = false;

const call = (method, body) => fetch(ADDRESS, {
  method,
  headers: body ? { "Content-Type": "application/json" } : {},
  body: body && JSON.stringify(body),
});

function show(state) {
  isIn = state;
  link.textContent = isIn ? "Sign out" : "Sign in";
  link.hidden = false;
}

function say(text) {
  fault.textContent = text;
  key.setAttribute("aria-invalid", Boolean(text));
}

/** Asks for a key until one is taken or the card is closed; whether somebody is signed in then.
 *  However many calls ask, there is one card. */
export function askToSignIn() {
  if (!card) return Promise.resolve(false);
  asking ??= new Promise((resolve) => {
    say("");
    card.returnValue = "";
    card.showModal();
    card.addEventListener("close", () => {
      asking = null;
      form.reset();
      resolve(card.returnValue === "in");
    }, { once: true });
  });
  return asking;
}

async function send() {
  button.disabled = true;
  try {
    const response = await call("POST", { key: key.value.trim() });
    if (response.ok) {
      show(true);
      card.close("in");
      return;
    }
    say((await response.json()).detail);
  } catch {
    say("The farm could not be reached. Try again in a moment.");
  } finally {
    button.disabled = false;
  }
  key.select();
}

async function turn() {
  if (isIn) {
    await call("DELETE");
    location.reload();
  } else if (await askToSignIn()) {
    location.reload();
  }
}

if (card) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (key.value.trim()) send();
    else say("Paste a key or a token first.");
  });
  byId("sign-in-later").addEventListener("click", () => card.close());
  link.addEventListener("click", turn);
  call("GET").then((response) => response.json()).then(({ signed_in: state }) => show(state)).catch(() => show(false));
}
