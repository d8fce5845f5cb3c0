// Two versions of a project, of which one can stay.

import { byId } from "../dom.js";
import { store } from "./store.js";
import { projectOf } from "./project.js";
import { countWords, inWordsOf } from "./words.js";

const dialog = byId("conflict");

let current = null;

const time = (date) => new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" }).format(date);

const described = (title, data, when) => `“${title}”, ${inWordsOf(countWords(data.story ?? ""))}, ${when}`;

/** @param {object} other the project as the service has it */
export function showConflict(other) {
  current = other;
  const { title, data } = projectOf(store.state);
  byId("conflict-mine").textContent = described(title, data, "changed just now");
  byId("conflict-other").textContent = described(other.title, other.data, `saved ${time(new Date(other.updated_at))}`);
  if (!dialog.open) dialog.showModal();
}

/** @param {{keepMine: (other: object) => void, takeOther: (other: object) => void}} can */
export function setUpConflict({ keepMine, takeOther }) {
  const choices = { "keep-mine": keepMine, "take-other": takeOther };
  for (const [id, choose] of Object.entries(choices)) {
    byId(id).addEventListener("click", () => {
      dialog.close();
      choose(current);
    });
  }
}

export const chooseAgain = () => current && showConflict(current);
