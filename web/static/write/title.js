// The title of the story, above all phases.

import { byId } from "../dom.js";
import { store } from "./store.js";

const box = byId("title");

export const retitle = (title) => store.change({ title }, { label: "the title", key: "title" });

export function setUpTitle() {
  box.addEventListener("input", () => retitle(box.value));
  store.onChange(({ title }) => { if (box.value !== title) box.value = title; });
}
