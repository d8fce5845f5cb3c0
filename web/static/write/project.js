// A project as a value: its title, and what the service keeps as its data.

export const PHASES = [
  { id: "setup", name: "Setup" },
  { id: "premise", name: "Premise" },
  { id: "outline", name: "Outline" },
  { id: "writing", name: "Writing" },
  { id: "export", name: "Export" },
];

export const UNTITLED = "Untitled story";
const LONGEST_TITLE = 200;

const text = (value) => (typeof value === "string" ? value : "");
const list = (value) => (Array.isArray(value) ? value : []);
const texts = (value) => list(value).filter((each) => typeof each === "string");
const record = (value) => (value && typeof value === "object" && !Array.isArray(value) ? value : {});
const wholeNumber = (value) => (Number.isInteger(value) && value > 0 ? value : 0);

export const blankScene = () => ({
  title: "",
  description: "",
  image_prompt: "",
  audio_narration: "",
  character_descriptions: [],
  key_events: [],
});

/** Whether there is anything of a scene yet. */
export const isBegun = ({ title, description }) => Boolean(title.trim() || description.trim());

/** The scenes with the numbers of their places, from 1. */
export const numbered = (scenes) => scenes.map((scene, index) => ({ ...scene, scene_number: index + 1 }));

function sceneOf(given) {
  const scene = record(given);
  return {
    title: text(scene.title),
    description: text(scene.description),
    image_prompt: text(scene.image_prompt),
    audio_narration: text(scene.audio_narration),
    character_descriptions: texts(scene.character_descriptions),
    key_events: texts(scene.key_events),
  };
}

/** Any outline that the service gives: an object, a list of scenes, or a text, which becomes one scene. */
export function outlineOf(given) {
  if (text(given).trim()) return { title: "", characters: [], scenes: numbered([{ ...blankScene(), description: given }]) };
  const { title, characters, scenes } = Array.isArray(given) ? { scenes: given } : record(given);
  return {
    title: text(title),
    characters: list(characters).map(record).map(({ name, description }) => ({ name: text(name), description: text(description) })),
    scenes: numbered(list(scenes).map(sceneOf)),
  };
}

const setupOf = (given) => Object.fromEntries(Object.entries(record(given)).filter(([, value]) => typeof value === "string"));

/** What a value from outside becomes, for each part of a project. */
const READERS = {
  phase: (given) => (PHASES.some(({ id }) => id === given) ? given : "setup"),
  setup: setupOf,
  premise: text,
  outline: outlineOf,
  story: text,
  summary: text,
  scenes_told: wholeNumber,
  is_complete: (given) => given === true,
  shots: record,
  made_from: setupOf,
};

/** Those of the given parts that a project has, in their right shape. */
export const partsOf = (given) => Object.fromEntries(
  Object.entries(READERS).filter(([name]) => name in given).map(([name, read]) => [name, read(given[name])]),
);

/** @param {{title?: string, data?: object}} project as the service has it
 *  @returns {object} the title and all parts of the data, side by side */
export function stateOf({ title = "", data = {} } = {}) {
  const parts = Object.fromEntries(Object.entries(READERS).map(([name, read]) => [name, read(record(data)[name])]));
  return { title: title === UNTITLED ? "" : text(title), ...parts };
}

/** The same the other way round. */
export const projectOf = ({ title, ...data }) => ({ title: titleOf(title), data });

const titleOf = (title) => [...title.trim()].slice(0, LONGEST_TITLE).join("") || UNTITLED;

export const hasOutline = ({ outline }) => outline.scenes.length > 0;

/** Whether nobody has put anything into it yet. */
export const isBlank = (state) => (
  !state.title.trim() && !Object.values(state.setup).some((value) => value.trim())
  && !state.premise.trim() && !hasOutline(state) && !state.story.trim()
);
