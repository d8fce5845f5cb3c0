// What this tab remembers over a reload. Storage may be forbidden (private windows, policies): then nothing.

const named = (name) => `storyfarm.${name}`;

function guarded(action) {
  try {
    return action();
  } catch {
    return null;
  }
}

export const keep = (name, text) => guarded(() => sessionStorage.setItem(named(name), text));
export const recall = (name) => guarded(() => sessionStorage.getItem(named(name))) ?? "";
export const forget = (name) => guarded(() => sessionStorage.removeItem(named(name)));
