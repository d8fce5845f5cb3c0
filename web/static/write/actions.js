// What can be ordered from the service: what is sent, what is to be seen meanwhile, and what the answer changes.

import { madeNow, stampOf } from "./lineage.js";
import { isBegun, numbered, outlineOf, PHASES } from "./project.js";
import { carriedOver } from "./shots.js";

const FIRST_PHASE = PHASES[0].id;

const END = /\s+$/;

/** A story and what follows it, as paragraphs of their own. */
export const joined = (story, more) => [story.replace(END, ""), more.replace(/^\s+/, "")].filter(Boolean).join("\n\n");

/** The outline without scenes of which there is nothing yet. */
const begun = (outline) => ({ ...outline, scenes: numbered(outline.scenes.filter(isBegun)) });

const plot = ({ setup, premise, outline }) => ({ ...setup, premise, outline: begun(outline) });

const withTitle = ({ title }, outline) => (title.trim() ? {} : { title: outline.title });

function newOutline(state, result, { name, stamp }) {
  const outline = outlineOf(result.outline);
  const shots = carriedOver(state.shots, state.outline.scenes, outline.scenes, name === "refine");
  return { outline, shots, ...withTitle(state, outline), ...(stamp && madeNow("outline", state, stamp)) };
}

/** What the service made on the way to a story, where the project had nothing. */
function onTheWay(state, { premise, outline }) {
  const isOutlineMissing = outline && !state.outline.scenes.length;
  return {
    ...(premise && !state.premise.trim() && { premise }),
    ...(isOutlineMissing && { outline: outlineOf(outline), ...withTitle(state, outlineOf(outline)) }),
  };
}

function newStory(state, result, { stamp }) {
  const found = onTheWay(state, result);
  const made = Object.keys(found).length ? stampOf("story", { ...state, ...found }) : stamp;
  const scenes = (found.outline ?? state.outline).scenes.length;
  return {
    ...found,
    story: result.story ?? "",
    summary: result.summary ?? "",
    scenes_told: result.scenes_told ?? (result.is_complete ? scenes : 0),
    is_complete: result.is_complete ?? false,
    ...madeNow("story", state, made),
  };
}

/** A story that was broken off: it can be gone on with, and what is not known of it is found out then. */
const brokenOff = (state, text, { stamp }) => ({
  story: text,
  summary: "",
  scenes_told: 0,
  is_complete: false,
  ...madeNow("story", state, stamp),
});

/**
 * By name:
 * `path`, `body`: of the request, made of the project and the details of the order
 * `makes`: the part that is new when it is done; `phase`: where that is to be seen
 * `part`: the text that grows meanwhile, of the service's events; `shows`: where, as a part of the project
 * `take`: the patch that the result is; `keep`: the patch that the text so far is when it is broken off
 * `doing`, `done`, `label`: for the reader
 */
export const ACTIONS = {
  setup: {
    path: "generate-setup",
    body: (state, { idea, language }) => ({ idea, ...(language && { language }) }),
    phase: FIRST_PHASE,
    take: (_state, { setup }) => ({ setup }),
    doing: "The form is being filled.",
    done: "The form is filled.",
    label: "the filled form",
  },
  ideas: {
    path: "enhance-idea",
    body: (state, { idea, language }) => ({ idea, ...(language && { language }) }),
    phase: FIRST_PHASE,
    take: () => ({}),
    isBrief: true,
    doing: "Three ideas are being thought up.",
    done: "Three ideas are here.",
    label: "",
  },
  premise: {
    path: "generate-premise",
    body: ({ setup }) => setup,
    makes: "premise",
    phase: "premise",
    part: "premise",
    shows: "premise",
    take: (state, { premise }, { stamp }) => ({ premise, ...madeNow("premise", state, stamp) }),
    doing: "The premise is being written.",
    done: "The premise is here.",
    label: "the new premise",
  },
  outline: {
    path: "generate-outline",
    body: ({ setup, premise }) => ({ ...setup, premise, use_structured: true }),
    makes: "outline",
    phase: "outline",
    take: newOutline,
    doing: "The outline is being made.",
    done: "The outline is here.",
    label: "the new outline",
  },
  refine: {
    path: "refine-outline",
    body: (state, { instruction, scene }) => ({ ...plot(state), instruction, ...(scene && { scene_number: scene }) }),
    phase: "outline",
    take: newOutline,
    doing: "The outline is being refined.",
    done: "The outline is refined.",
    label: "the refined outline",
  },
  start: {
    path: "generate-start",
    body: plot,
    makes: "story",
    phase: "writing",
    part: "story",
    shows: "story",
    take: newStory,
    keep: brokenOff,
    doing: "The story is being begun.",
    done: "The beginning is written.",
    label: "the beginning of the story",
  },
  continue: {
    path: "continue",
    body: (state) => ({
      ...plot(state),
      story_text: state.story,
      ...(state.summary && { summary: state.summary, scenes_told: state.scenes_told }),
    }),
    phase: "writing",
    part: "continuation",
    shows: "story",
    goesOn: true,
    take: (state, result, { base }) => ({
      story: joined(state.story.slice(0, base), result.continuation ?? ""),
      summary: result.summary ?? "",
      scenes_told: result.scenes_told ?? state.scenes_told,
      is_complete: result.is_complete ?? false,
      ...(state.made_from.story ? {} : madeNow("story", state)),
    }),
    keep: (state, text) => ({ story: text, summary: "", scenes_told: 0 }),
    doing: "The story goes on.",
    done: "The next part is written.",
    label: "the next part of the story",
  },
  full: {
    path: "generate-full",
    body: ({ setup, premise, outline }) => ({
      ...setup,
      ...(premise.trim() && { premise }),
      ...(outline.scenes.some(isBegun) && { outline: begun(outline) }),
    }),
    makes: "story",
    phase: "writing",
    part: "story",
    shows: "story",
    take: newStory,
    keep: brokenOff,
    canResume: true,
    doing: "The whole story is being written.",
    done: "The story is written.",
    label: "the whole story",
  },
};

/** Takes up a full story where it stopped. */
ACTIONS.resume = { ...ACTIONS.full, path: ({ job }) => `task/${encodeURIComponent(job)}/resume`, body: () => ({}) };
