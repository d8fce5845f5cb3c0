// The pictures of a set as plates (see ../book/plates.js), made of what the service tells of it.

/** The page's own address for a picture: the service may be known by another name outside. */
const pathOf = (url) => url && new URL(url, location.href).pathname;

const STATES = ["waiting", "painting"];

function paintingOf({ status, progress, message, previewUrl }) {
  if (!STATES.includes(status)) return null;
  const isBegun = status === "painting";
  return { percent: isBegun && progress ? progress : null, message: isBegun ? message ?? "" : "", preview: pathOf(previewUrl) };
}

const errorOf = ({ status, errorMessage }, setError) => (
  status === "failed" ? { detail: errorMessage || setError || "It was not painted." } : null
);

function portrait(entry, setError, isCharacter) {
  const { id, name, prompt, main } = entry;
  const picture = (url, key) => ({ id: key, url: pathOf(url), alt: `${name}: ${prompt}` });
  const versions = entry.versions.filter(({ expired }) => !expired).map((each) => picture(each.imageUrl, each.id));
  return {
    id,
    name,
    isMain: main,
    isCharacter,
    description: prompt,
    versions,
    image: entry.imageUrl ? versions.find(({ url }) => url === pathOf(entry.imageUrl)) ?? picture(entry.imageUrl, id) : null,
    four: entry.imageUrls.length === 4 ? entry.imageUrls.map((url, index) => picture(url, index + 1)) : [],
    chosen: entry.chosen,
    painting: paintingOf(entry),
    error: errorOf(entry, setError),
  };
}

/** @param {object} status as GET /api/v1/imagine/status/<name> has it
 *  @returns {object[]} the main character first */
export const portraitsOf = ({ character, background, error }) => [
  ...character.map((each) => portrait(each, error, true)).sort((one, other) => other.isMain - one.isMain),
  ...background.map((each) => portrait(each, error, false)),
];

/** How much of them all is done, in percent. */
export function shareOf(portraits) {
  const done = portraits.reduce((sum, { painting }) => sum + (painting ? painting.percent ?? 0 : 100), 0);
  return Math.round(done / portraits.length);
}

/** What has become of those that were being painted: [portrait, whether it has a new picture]. */
export const newsOf = (before, after) => after
  .map((each) => [before.find(({ id }) => id === each.id), each])
  .filter(([was, is]) => was?.painting && !is.painting)
  .map(([was, is]) => [is, Boolean(is.image) && is.versions.length > was.versions.length]);
