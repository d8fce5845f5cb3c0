// A text that comes in pieces, counted in code points as the service counts. Usually a piece is simply the next one.

const lengthOf = (text) => {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
};

export class Growing {
  constructor(text = "") {
    this.text = text;
    this.length = lengthOf(text);
  }

  /** Replaces what stands at `offset` and behind. */
  take(offset, more) {
    if (offset < this.length) this.text = [...this.text].slice(0, offset).join("");
    this.text += more;
    this.length = Math.min(offset, this.length) + lengthOf(more);
  }
}
