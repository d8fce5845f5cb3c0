// What this browser remembers beyond the tab. Storage may be forbidden or full: then nothing.

const named = (name) => `storyfarm.write.${name}`;

function guarded(action) {
  try {
    return action();
  } catch {
    return null;
  }
}

/** Whether it could be kept. */
export const shelve = (name, value) => guarded(() => {
  localStorage.setItem(named(name), JSON.stringify(value));
  return true;
}) ?? false;

/** What was kept under this name, or null. */
export const fetchKept = (name) => guarded(() => JSON.parse(localStorage.getItem(named(name))));

export const drop = (name) => guarded(() => localStorage.removeItem(named(name)));
