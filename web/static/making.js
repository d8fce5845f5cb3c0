// What there is of a story while it is made: a value that each event of its job changes.

/** `begun` counts how often somebody took the job in hand, `painting` is the picture's newest progress. */
export const NOTHING_YET = Object.freeze({
  state: "queued",
  begun: 0,
  title: "",
  story: "",
  isWritten: false,
  painting: null,
  images: [],
});

/** The service counts characters as code points, where JavaScript's strings have UTF-16 units. */
const spliced = (text, offset, more) => [...text].slice(0, offset).join("") + more;

const steps = {
  state: (making, { state }) => ({ ...making, state, begun: making.begun + (state === "running" ? 1 : 0) }),
  progress: (making, { image }) => (image ? { ...making, painting: image } : making),
  text: (making, { part, offset, text }) => ({ ...making, [part]: spliced(making[part], offset, text) }),
  picture: (making, { images }) => ({ ...making, images }),
};

export const afterEvent = (making, kind, data) => (steps[kind] ? steps[kind](making, data) : making);

/** The job itself knows what no event says: whether the story is whole. */
export function afterLook(making, { result }) {
  const { title, story, images } = result ?? {};
  return {
    ...making,
    ...(story && { title, story, isWritten: true }),
    ...(images?.length && { images }),
  };
}
