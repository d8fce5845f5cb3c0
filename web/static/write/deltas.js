// What the assistant changes of the project, as a patch.

import { madeNow } from "./lineage.js";
import { partsOf } from "./project.js";
import { isSame } from "./same.js";
import { carriedOver } from "./shots.js";

const PARTS = ["setup", "premise", "outline", "story", "summary", "scenes_told", "is_complete", "phase"];
const MAKES = { generate_premise: "premise", generate_outline: "outline", refine_outline: "outline", start_writing: "story" };

const pick = (state, names) => Object.fromEntries(names.filter((name) => name in state).map((name) => [name, state[name]]));

/** What the assistant is told of the project. */
export const toldOf = (state) => pick(state, ["title", "setup", "premise", "outline", "story", "summary", "scenes_told", "phase"]);

/** The parts of a snapshot that the assistant has changed: what the reader wrote meanwhile is not taken back.
 *  @param {object} sent what it was told */
export const snapshotPatch = (snapshot, sent) => Object.fromEntries(
  Object.entries(partsOf(pick(snapshot ?? {}, PARTS))).filter(([name, value]) => !isSame(value, sent[name])),
);

/** @param {{op: string, path: string, value: unknown}[]} delta a JSON Patch of whole parts */
export function deltaPatch(delta) {
  const changes = (Array.isArray(delta) ? delta : []).filter(({ op }) => op === "add" || op === "replace");
  const given = Object.fromEntries(changes.map(({ path, value }) => [path.slice(1), value]));
  return partsOf(pick(given, PARTS));
}

/** The same with what goes with it: what the new part was made from, and the pictures of scenes that stay.
 *  @param {string} tool that is at work */
export function completed(state, patch, tool) {
  const part = MAKES[tool];
  const { outline } = patch;
  return {
    ...patch,
    ...(outline && { shots: carriedOver(state.shots, state.outline.scenes, outline.scenes, tool === "refine_outline") }),
    ...(part && part in patch && madeNow(part, { ...state, ...patch })),
  };
}
