// The page's address names what it shows: it can be reloaded, shared, and left with the back button.

export class Address {
  /** @param {string} name the parameter that holds the id, as in ?name=id */
  constructor(name) {
    this.name = name;
  }

  /** The id that the address names, or "". */
  get id() {
    return new URLSearchParams(location.search).get(this.name) ?? "";
  }

  put(id) {
    if (this.id !== id) history.pushState(null, "", `?${new URLSearchParams({ [this.name]: id })}`);
  }

  /** Names nothing any more. */
  clear() {
    if (this.id) history.pushState(null, "", location.pathname);
  }

  /** @param {(id: string) => void} action called when the reader goes back or forward */
  onMove(action) {
    addEventListener("popstate", () => action(this.id));
  }
}
