// A picture that missed its deadline may still arrive: looking for it now and then.

import { readJob } from "./api.js";
import { now } from "./clock.js";
import { singlePictures } from "./gallery.js";

const EVERY = 5_000;
const AT_MOST = 10 * 60_000;

/** A look that fails is followed by the next one, unless the job itself is unknown. */
async function look(id, signal) {
  try {
    return { images: (await readJob(id, { signal })).result?.images ?? [] };
  } catch (trouble) {
    return { images: [], hopeless: trouble.status === 404 };
  }
}

/**
 * @param {{id: string, updated_at: string}} job that has ended
 * @param {(images: object[]) => void} arrived called once with the pictures
 * @param {() => void} gaveUp called once when there is nothing more to hope for
 */
export function watchForPictures({ id, updated_at }, { arrived, gaveUp, signal }) {
  const isOver = () => now() > Date.parse(updated_at) + AT_MOST;
  const next = async () => {
    const { images, hopeless } = await look(id, signal);
    if (signal.aborted) return;
    if (singlePictures(images).length) arrived(images);
    else if (hopeless || isOver()) gaveUp();
    else setTimeout(next, EVERY);
  };
  if (isOver()) gaveUp();
  else setTimeout(next, EVERY);
}
