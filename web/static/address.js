// The page's address names the story: it can be reloaded, shared, and left with the back button.

const NAME = "job";

/** The id of the job that the address names, or "". */
export const jobInAddress = () => new URLSearchParams(location.search).get(NAME) ?? "";

export function putJobInAddress(id) {
  if (jobInAddress() !== id) history.pushState(null, "", `?${new URLSearchParams({ [NAME]: id })}`);
}

/** @param {(id: string) => void} action called when the reader goes back or forward */
export const onMove = (action) => addEventListener("popstate", () => action(jobInAddress()));
