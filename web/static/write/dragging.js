// Moving the items of a list by their handles, with the mouse, a pen or a finger.

const HANDLE = ".handle";
// So close to the window's edge the page moves along.
const EDGE = 72;
const PACE = 9;

class Drag {
  constructor(list, item, pointer) {
    Object.assign(this, { list, item, pointer, y: 0, gap: null });
    item.classList.add("is-dragged");
    this.frame = requestAnimationFrame(() => this.scroll());
  }

  get items() {
    return [...this.list.children];
  }

  /** The item falls before the one with this index; behind the last it is the number of items. */
  gapAt(y) {
    const below = this.items.findIndex((each) => {
      const { top, height } = each.getBoundingClientRect();
      return y < top + height / 2;
    });
    return below < 0 ? this.items.length : below;
  }

  move(y) {
    this.y = y;
    this.gap = this.gapAt(y);
    this.unmark();
    if (this.to === this.from) return;
    this.items[this.gap]?.classList.add("is-before");
    if (this.gap === this.items.length) this.items.at(-1).classList.add("is-after");
  }

  scroll() {
    const pace = this.gap === null ? 0 : this.y < EDGE ? -PACE : this.y > innerHeight - EDGE ? PACE : 0;
    if (pace) {
      scrollBy({ top: pace, behavior: "instant" });
      this.move(this.y);
    }
    this.frame = requestAnimationFrame(() => this.scroll());
  }

  get from() {
    return this.items.indexOf(this.item);
  }

  /** The place that the item has when it falls now. */
  get to() {
    if (this.gap === null) return this.from;
    return this.gap > this.from ? this.gap - 1 : this.gap;
  }

  unmark() {
    for (const each of this.items) each.classList.remove("is-before", "is-after");
  }

  end() {
    cancelAnimationFrame(this.frame);
    this.unmark();
    this.item.classList.remove("is-dragged");
  }
}

/** @param {HTMLElement} list its children are the items
 *  @param {(from: number, to: number) => void} moved */
export function makeSortable(list, moved) {
  let drag = null;

  const isMine = ({ pointerId }) => drag?.pointer === pointerId;
  const leave = () => {
    drag?.end();
    drag = null;
  };

  list.addEventListener("pointerdown", (event) => {
    const handle = event.button === 0 && event.target.closest(HANDLE);
    if (!handle || handle.getAttribute("aria-disabled") === "true" || drag) return;
    handle.setPointerCapture(event.pointerId);
    drag = new Drag(list, [...list.children].find((each) => each.contains(handle)), event.pointerId);
  });
  list.addEventListener("pointermove", (event) => { if (isMine(event)) drag.move(event.clientY); });
  list.addEventListener("pointerup", (event) => {
    if (!isMine(event)) return;
    const { from, to } = drag;
    leave();
    if (to !== from) moved(from, to);
  });
  list.addEventListener("pointercancel", (event) => { if (isMine(event)) leave(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") leave(); });
}
