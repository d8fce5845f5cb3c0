// The conversation as it is seen. All of it goes in as text.

import { byId, element, say } from "../dom.js";
import { showProse } from "../prose.js";

const place = byId("talk");
const TOOLS = {
  fill_setup: ["Filling the form…", "The form is filled."],
  generate_premise: ["Writing a premise…", "The premise is written."],
  generate_outline: ["Making the outline…", "The outline is made."],
  refine_outline: ["Refining the outline…", "The outline is refined."],
  start_writing: ["Beginning the story…", "The story is begun."],
  continue_writing: ["Going on with the story…", "The story goes on."],
  export: ["Opening the export…", "The export is open."],
};

function put(node) {
  place.append(node);
  place.scrollTop = place.scrollHeight;
  return node;
}

export function showMine(text) {
  const node = element("div", { className: "said is-mine" });
  showProse(node, text);
  put(node);
}

/** @returns {(text: string) => void} shows the answer as far as it is */
export function beginAnswer() {
  const node = put(element("div", { className: "said is-waiting" }));
  return (text) => {
    node.classList.toggle("is-waiting", !text);
    showProse(node, text);
    place.scrollTop = place.scrollHeight;
  };
}

/** @returns {() => void} says that the tool has done it */
export function beginTool(name) {
  const [doing, done] = TOOLS[name] ?? ["At work…", "Done."];
  const node = put(element("p", { className: "said-tool" }, doing));
  return () => say(node, done);
}

export function showFault(text, again) {
  const button = element("button", { type: "button", className: "quiet" }, "Try again");
  const node = put(element("div", { className: "said-fault" }, element("p", {}, text), ...(again ? [button] : [])));
  button.addEventListener("click", () => {
    node.remove();
    again();
  });
}

export function clearTalk(hint) {
  place.replaceChildren(element("p", { className: "said-hint" }, hint));
}

export const dropHint = () => place.querySelector(".said-hint")?.remove();
