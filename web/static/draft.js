// The unsent prompt outlives a reload. Storage may be forbidden (private windows, policies): then it does not.

const NAME = "storyfarm.draft";

function guarded(action) {
  try {
    return action();
  } catch {
    return null;
  }
}

export const keepDraft = (text) => guarded(() => sessionStorage.setItem(NAME, text));
export const readDraft = () => guarded(() => sessionStorage.getItem(NAME)) ?? "";
export const dropDraft = () => guarded(() => sessionStorage.removeItem(NAME));
