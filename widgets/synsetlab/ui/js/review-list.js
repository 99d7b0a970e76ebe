// @ts-check
/** A list of any length in its own scroll container: only the rows near the window exist. */

import { h } from "./dom.js";
import { keepScroll } from "./scroll-keeper.js";

/**
 * The rows that must exist.
 *
 * @param {number} top scrolled distance, px
 * @param {number} height of the window, px
 * @param {number} rowHeight px
 * @param {number} count rows in all
 * @param {number} overscan rows kept above and below
 * @returns {[number, number]} first row, and the one after the last
 */
export function windowOf(top, height, rowHeight, count, overscan) {
  const first = Math.max(0, Math.floor(top / rowHeight) - overscan);
  const last = Math.min(count, Math.ceil((top + height) / rowHeight) + overscan);
  return [Math.min(first, last), last];
}

/** Rows of one height, made when they come near the window and thrown away when they leave it. */
export class RowList {
  /** @type {Map<number, HTMLElement>} */
  #rows = new Map();
  #canvas = h("div", { class: "sl-rows-canvas", role: "presentation" });
  #count = 0;
  #frame = 0;
  #overscan = 6;
  #pinned = -1;
  #height = 0;

  /**
   * @param {HTMLElement} scroller scrolls; the rows are put into it
   * @param {number} rowHeight px
   * @param {(index: number) => HTMLElement} paint makes one row
   * @param {AbortSignal} signal ends it
   */
  constructor(scroller, rowHeight, paint, signal) {
    this.scroller = scroller;
    this.rowHeight = rowHeight;
    this.paint = paint;
    scroller.append(this.#canvas);
    scroller.addEventListener("scroll", () => this.#later(), { signal, passive: true });
    const watch = new ResizeObserver(() => this.#resized());
    watch.observe(scroller);
    keepScroll(scroller, () => this.#fill(), signal);
    signal.addEventListener("abort", () => {
      watch.disconnect();
      cancelAnimationFrame(this.#frame);
    });
  }

  /** Rows in all; the ones on the screen are made anew. @param {number} count */
  show(count) {
    this.#count = count;
    this.#canvas.style.height = `${count * this.rowHeight}px`;
    this.#rows.clear();
    this.#canvas.replaceChildren();
    this.#fill();
  }

  /** Make one row anew, if it exists. @param {number} index */
  repaint(index) {
    const old = this.#rows.get(index);
    if (!old) return;
    const row = this.#make(index);
    old.replaceWith(row);
  }

  /** Let one row stay when it leaves the window, for it may have the focus; -1: none. @param {number} index */
  pin(index) {
    this.#pinned = index;
    this.#fill();
  }

  /** The row, if it exists. @param {number} index */
  at(index) {
    return this.#rows.get(index);
  }

  /** Rows on the screen (with those just outside it). @returns {number[]} */
  present() {
    return [...this.#rows.keys()];
  }

  /** Rows that fit in the window. @returns {number} */
  pageSize() {
    return Math.max(1, Math.floor(this.scroller.clientHeight / this.rowHeight) - 1);
  }

  /** Scroll as little as needed, or to the middle. @param {number} index @param {"nearest" | "centre"} where */
  reveal(index, where = "nearest") {
    const { scroller, rowHeight } = this;
    const top = index * rowHeight;
    const bottom = top + rowHeight;
    const outside = top < scroller.scrollTop || bottom > scroller.scrollTop + scroller.clientHeight;
    if (outside && where === "centre") scroller.scrollTop = top - (scroller.clientHeight - rowHeight) / 2;
    else if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (outside) scroller.scrollTop = bottom - scroller.clientHeight;
    this.#fill();
  }

  /** A lower window keeps the pinned row in sight, if it was there before. */
  #resized() {
    const [before, now] = [this.#height, this.scroller.clientHeight];
    this.#height = now || before;
    const top = this.#pinned * this.rowHeight - this.scroller.scrollTop;
    const seen = this.#pinned >= 0 && top >= 0 && top + this.rowHeight <= before;
    if (seen && now > 0 && now < before) this.reveal(this.#pinned);
    else this.#later();
  }

  #later() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#fill());
  }

  /** @param {number} index */
  #make(index) {
    const row = this.paint(index);
    row.style.transform = `translateY(${index * this.rowHeight}px)`;
    row.style.height = `${this.rowHeight}px`;
    this.#rows.set(index, row);
    return row;
  }

  #fill() {
    const { scrollTop, clientHeight } = this.scroller;
    if (clientHeight === 0 && this.#rows.size > 0) return; // out of sight, where scrollTop reads 0 whatever it is
    const [first, last] = windowOf(scrollTop, clientHeight, this.rowHeight, this.#count, this.#overscan);
    for (const [index, row] of this.#rows) {
      if ((index >= first && index < last) || index === this.#pinned) continue;
      row.remove();
      this.#rows.delete(index);
    }
    // From the last to the first, each before the next one: the order of the list is that of the page.
    for (let index = last - 1; index >= first; index--) {
      if (this.#rows.has(index)) continue;
      const next = this.#rows.get(index + 1) ?? null;
      this.#canvas.insertBefore(this.#make(index), next);
    }
    if (this.#pinned >= 0 && this.#pinned < this.#count && !this.#rows.has(this.#pinned)) {
      this.#canvas.append(this.#make(this.#pinned));
    }
  }
}
