// The plates of a book, as places for pictures are called: values that each event of a painting job changes.
// Plate 0 is the character's picture, the others have their page's number.

const COVER = 0;

const pictureAt = (url, versions, alt) => versions.find((each) => each.url === url) ?? { url, alt };

const plate = (number, { imageUrl, description = "", error = null, versions = [] }) => ({
  number,
  description,
  versions,
  error,
  image: imageUrl ? pictureAt(imageUrl, versions, description) : null,
  painting: null,
});

/** @param {object} book as GET /api/stories/<id> has it
 *  @returns {object[]} a plate's number is its place */
export const platesOf = ({ character, pages }) => [
  plate(COVER, { imageUrl: character.imageUrl, description: character.name }),
  ...pages.map((page) => plate(page.pageNumber, page)),
];

const changed = (plates, number, change) => plates.map((each) => (each.number === number ? { ...each, ...change(each) } : each));

const begun = (job) => ({ painting: { job, percent: null, message: "", preview: null }, error: null });

/** The plates that this job is going to paint. Without numbers: the pages that lack a picture. */
export const beginPainting = (plates, job, numbers = null) => plates.map((each) => {
  const isMeant = numbers ? numbers.includes(each.number) : each.number !== COVER && !each.image && !each.error;
  return isMeant ? { ...each, ...begun(job) } : each;
});

const isOf = (each, job) => each.painting?.job === job;
/** Nobody has said before that this one is painted, as for the character's picture. */
const isUnexpected = ({ image, error, painting }) => !image && !error && !painting;

const steps = {
  progress: (plates, job, { pages = {} }) => plates.map((each) => {
    const news = pages[each.number];
    if (!news || !(isOf(each, job) || isUnexpected(each))) return each;
    return { ...each, painting: { ...begun(job).painting, ...each.painting, ...news } };
  }),
  picture: (plates, job, { pageNumber, image }) => changed(plates, pageNumber, (each) => {
    const painting = isOf(each, job) ? null : each.painting;
    // After a reload a job tells of pictures again that the book has already.
    if (each.versions.some(({ id }) => id === image.id)) return { painting };
    return { painting, image, error: null, versions: [...each.versions, image] };
  }),
  problem: (plates, job, { pageNumber, ...error }) => changed(plates, pageNumber, (each) => (
    isOf(each, job) ? { painting: null, error: { ...error, job } } : {}
  )),
};

export const afterEvent = (plates, job, kind, data) => (steps[kind] ? steps[kind](plates, job, data) : plates);

/** Why there is nothing new on a plate; the book itself tells this only of plates without any picture. */
const whyNot = (before, fresh, job, error) => {
  if (before.error?.job === job) return before.error;
  return isOf(before, job) && error ? error : fresh.error;
};

/** What the book says after a job has ended; plates that another job still paints go on.
 *  @param {object | null} error why the job as a whole failed */
export const afterJob = (plates, job, book, error) => platesOf(book).map((fresh, index) => {
  const before = plates[index];
  if (before.painting && !isOf(before, job)) return { ...fresh, painting: before.painting };
  const isNew = fresh.versions.length > before.versions.length;
  return { ...fresh, error: isNew ? null : fresh.error ?? whyNot(before, fresh, job, error) };
});

/** Nobody knows what has become of the job. */
export const givenUp = (plates, job) => plates.map((each) => (isOf(each, job) ? { ...each, painting: null } : each));

export const failed = (plates, number, error) => changed(plates, number, () => ({ painting: null, error }));
