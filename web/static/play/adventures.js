// The player's adventures: to go on with, or to delete.

import { Trouble } from "../api.js";
import { announce, byId, element } from "../dom.js";
import { deleteAdventure, listAdventures } from "./calls.js";

const place = byId("adventures");
const list = byId("adventure-list");
const fault = byId("adventures-fault");
const UNTITLED = "An adventure without a title";

const dates = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

let goOn = () => {};

const titleOf = ({ title }) => title || UNTITLED;

function button(label, name, action) {
  const made = element("button", { type: "button", className: "quiet", ariaLabel: name }, label);
  made.addEventListener("click", action);
  return made;
}

async function remove(adventure, adventures) {
  const left = adventures.filter((each) => each !== adventure);
  fault.textContent = "";
  draw(left);
  byId("adventures-title").focus();
  announce(`“${titleOf(adventure)}” is deleted.`);
  try {
    await deleteAdventure(adventure.session);
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    draw(adventures);
    fault.textContent = `“${titleOf(adventure)}” could not be deleted. ${trouble.detail || trouble.title}`;
  }
}

function askWhether(row, adventure, adventures) {
  const title = titleOf(adventure);
  const no = button("Keep it", `Keep “${title}”`, () => draw(adventures));
  row.replaceChildren(
    element("p", {}, `Delete “${title}” for good?`),
    element("div", { className: "project-ways" }, button("Delete", `Delete “${title}” for good`, () => remove(adventure, adventures)), no),
  );
  no.focus();
}

function rowOf(adventure, adventures) {
  const { session, turns, updated_at: updated } = adventure;
  const row = element("li");
  const open = element("button", { type: "button", className: "project-open" },
    element("strong", { dir: "auto" }, titleOf(adventure)),
    element("small", {}, `${turns === 1 ? "1 turn" : `${turns} turns`} · ${dates.format(new Date(updated))}`));
  open.addEventListener("click", () => goOn(session));
  row.append(open, element("div", { className: "project-ways" },
    button("Delete", `Delete “${titleOf(adventure)}”`, () => askWhether(row, adventure, adventures))));
  return row;
}

function draw(adventures) {
  place.hidden = !adventures.length && !fault.textContent;
  list.replaceChildren(...adventures.map((each) => rowOf(each, adventures)));
}

export async function showAdventures() {
  fault.textContent = "";
  try {
    draw(await listAdventures());
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    fault.textContent = `Your adventures could not be listed. ${trouble.detail || trouble.title}`;
    draw([]);
  }
}

/** @param {(session: string) => void} open */
export function setUpAdventures(open) {
  goOn = open;
}
