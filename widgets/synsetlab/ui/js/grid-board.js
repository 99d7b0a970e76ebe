// @ts-check
/** The board: rows of tiles in a scroller of their own, of which only those on the screen exist. */

import { h } from "./dom.js";
import { Dragging } from "./grid-drag.js";
import { gridLayout, moved, rowsBetween, scrolledTo, singleLayout, tilesInSight } from "./grid-layout.js";
import { makeTile, paintTile } from "./grid-tile.js";
import { keepScroll } from "./scroll-keeper.js";

/** @typedef {import("./grid-session.js").Session} Session */

const SPARE_ROWS = 2;
const LOOKING = 400; // ms on the screen after which a picture counts as looked at
const LATE = 250; // ms after which an answer that is not saved yet is shown to be on its way

export class Board {
  focus = 0;
  /** @type {number | null} where a range begins; it ends at the focus */
  anchor = null;
  layout = gridLayout(1, 0, 1, 0);
  #room = 0;
  #frame = 0;
  #looking = 0;
  #late = 0;
  /** @type {Set<number> | null} tiles selected one by one or by a rectangle, in place of a range */
  #picked = null;
  #held = false; // the keyboard was in a row that is gone for a moment
  /** @type {Map<number, HTMLElement>} */
  #rows = new Map();

  /**
   * @param {Session} session
   * @param {AbortSignal} signal
   * @param {{ least: () => number, onclick: (index: number, extend: boolean) => void, onzoom: (index: number) => void, onselect: () => void }} options
   */
  constructor(session, signal, { least, onclick, onzoom, onselect }) {
    this.session = session;
    this.least = least;
    this.onselect = onselect;
    this.sheet = h("div", { class: "sl-sheet", role: "presentation" });
    this.element = h("div", {
      class: "sl-board", role: "grid", tabindex: "-1", "aria-multiselectable": "true", "aria-label": "Pictures",
    }, this.sheet);
    this.element.addEventListener("scroll", () => this.paint(), { signal, passive: true });
    new Dragging(this, signal);
    let touched = false;
    this.element.addEventListener("pointerdown", (event) => (touched = event.pointerType === "touch"), { signal });
    this.element.addEventListener("click", (event) => {
      const index = indexOf(event.target);
      if (index === null) return;
      if (event.target instanceof Element && event.target.closest(".sl-zoom")) onzoom(index);
      else if (event.ctrlKey || event.metaKey || (touched && this.#picked)) this.pick(index);
      else onclick(index, event.shiftKey);
    }, { signal });
    // Shift+click would select text between the tiles.
    this.element.addEventListener("mousedown", (event) => event.shiftKey && event.preventDefault(), { signal });
    document.addEventListener("visibilitychange", () => this.paint(), { signal });
    const watch = new ResizeObserver(() => this.#measure());
    watch.observe(this.element);
    keepScroll(this.element, () => this.paint(), signal);
    signal.addEventListener("abort", () => {
      watch.disconnect();
      cancelAnimationFrame(this.#frame);
      clearTimeout(this.#looking);
      clearTimeout(this.#late);
    });
  }

  get count() {
    return this.session.page?.count ?? 0;
  }

  /** The selected pictures, in order; without any the one with the focus. @param {{ focus?: boolean }} [how] @returns {number[]} */
  chosen({ focus = true } = {}) {
    if (this.#picked) return [...this.#picked].sort((a, b) => a - b);
    const range = this.range();
    if (!range) return focus ? [this.focus] : [];
    return Array.from({ length: range[1] - range[0] + 1 }, (_, i) => range[0] + i);
  }

  /** How many are selected. */
  get selected() {
    const range = this.range();
    return this.#picked?.size ?? (range ? range[1] - range[0] + 1 : 0);
  }

  /** Select one more, or one less. @param {number} index */
  pick(index) {
    const picked = new Set(this.chosen({ focus: false }));
    if (!picked.delete(index)) picked.add(index);
    this.focus = index;
    this.pickAll([...picked]);
    this.picked(true);
  }

  /** Select these. @param {number[]} indices */
  pickAll(indices) {
    this.anchor = null;
    this.#picked = indices.length ? new Set(indices) : null;
    this.paint();
    this.onselect();
  }

  /** The selection stands: the keyboard goes to its end. @param {boolean} keyboard */
  picked(keyboard) {
    if (this.#picked && !this.#picked.has(this.focus)) this.focus = Math.max(...this.#picked);
    this.#paint();
    if (keyboard) this.#tile(this.focus)?.focus({ preventScroll: true });
  }

  /** @returns {[number, number] | null} */
  range() {
    return this.anchor === null ? null : [Math.min(this.anchor, this.focus), Math.max(this.anchor, this.focus)];
  }

  /** A new page: from the top. */
  reset() {
    this.focus = 0;
    this.anchor = null;
    this.#picked = null;
    this.element.scrollTop = 0;
    this.#clear();
    this.#measure();
  }

  /** Tiles were made larger or smaller: the focused one stays in sight. */
  resize() {
    this.#measure();
    this.#reveal();
  }

  /** @param {number} index @param {{ extend?: boolean, quiet?: boolean }} [how] extend: the range grows */
  moveTo(index, { extend = false, quiet = false } = {}) {
    if (!this.count) return;
    if (extend) this.anchor ??= this.focus;
    else this.anchor = null;
    this.#picked = null;
    this.focus = Math.max(0, Math.min(this.count - 1, index));
    this.#reveal();
    this.#paint();
    if (!quiet) this.#tile(this.focus)?.focus({ preventScroll: true });
  }

  /** @param {import("./grid-keys.js").Move} way @param {boolean} extend */
  move(way, extend) {
    this.moveTo(moved(this.layout, this.focus, way, this.#room), { extend });
  }

  selectAll() {
    this.#picked = null;
    this.anchor = 0;
    this.focus = this.count - 1;
    this.paint();
  }

  selectNone() {
    this.anchor = null;
    this.#picked = null;
    this.paint();
  }

  /** Soon, once, however often it is called. */
  paint() {
    this.#frame ||= requestAnimationFrame(() => this.#paint());
  }

  /** @param {number} index @returns {HTMLElement | null} */
  #tile(index) {
    const row = this.#rows.get(Math.floor(index / this.layout.columns));
    return /** @type {HTMLElement | null} */ (row?.children[index % this.layout.columns] ?? null);
  }

  /** Drop all rows; the keyboard comes back to the focused tile when they are made anew. */
  #clear() {
    this.#held ||= this.element.contains(document.activeElement);
    for (const row of this.#rows.values()) row.remove();
    this.#rows.clear();
  }

  #measure() {
    const style = getComputedStyle(this.element);
    const side = parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
    const width = this.element.clientWidth - side;
    if (width <= 0) return;
    const gap = parseFloat(style.getPropertyValue("--sl-tile-gap")) || 10;
    const before = this.layout;
    this.#room = this.element.clientHeight;
    const room = this.#room - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
    const { single } = this.session;
    this.layout = single ? singleLayout(width, this.count, room, gap) : gridLayout(width, this.count, this.least(), gap);
    this.element.dataset.view = single ? "single" : "grid";
    if (before.columns !== this.layout.columns || before.size !== this.layout.size || before.wide !== this.layout.wide || before.count !== this.count) {
      if (before.columns !== this.layout.columns) this.#clear();
      this.sheet.style.height = `${this.layout.height}px`;
      this.sheet.style.setProperty("--sl-columns", String(this.layout.columns));
      this.sheet.style.setProperty("--sl-size", `${this.layout.size}px`);
      this.sheet.style.setProperty("--sl-wide", `${this.layout.wide}px`);
      this.element.setAttribute("aria-rowcount", String(this.layout.rows));
      this.element.setAttribute("aria-colcount", String(this.layout.columns));
    }
    this.paint();
  }

  #reveal() {
    const top = this.element.scrollTop - this.sheet.offsetTop;
    const wanted = scrolledTo(this.layout, this.focus, top, this.#room, 12);
    if (wanted !== top) this.element.scrollTop = wanted + this.sheet.offsetTop;
  }

  #paint() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const { session, layout } = this;
    if (!session.page || !layout.columns) return;
    const top = this.element.scrollTop - this.sheet.offsetTop;
    const [first, last] = rowsBetween(layout, top, this.#room, SPARE_ROWS);
    const focusRow = Math.floor(this.focus / layout.columns);
    const pending = { all: session.outbox?.keys() ?? new Set(), late: session.outbox?.keys(LATE) ?? new Set() };
    if (pending.all.size > pending.late.size) this.#lookAgain();
    for (const [number, row] of this.#rows) {
      // The focused row stays, or the keys would go nowhere after scrolling it away.
      if ((number < first || number >= last) && number !== focusRow) {
        row.remove();
        this.#rows.delete(number);
      }
    }
    for (let number = first; number < last; number += 1) this.#row(number, pending);
    if (this.count && (focusRow < first || focusRow >= last)) this.#row(focusRow, pending);
    if (this.#held) this.#tile(this.focus)?.focus({ preventScroll: true });
    this.#held = false;
    this.#want(top, first, last);
    this.#look(top);
  }

  /** @param {number} index */
  #isSelected(index) {
    if (this.#picked) return this.#picked.has(index);
    const range = this.range();
    return range !== null && range[0] <= index && index <= range[1];
  }

  /** Mostly answers are saved before: a layer for something that turns would have the whole board drawn anew. */
  #lookAgain() {
    this.#late ||= setTimeout(() => {
      this.#late = 0;
      this.paint();
    }, LATE);
  }

  /** @param {number} number @param {{ all: Set<string>, late: Set<string> }} pending */
  #row(number, pending) {
    const { session, layout } = this;
    const page = /** @type {import("./grid-page.js").Page} */ (session.page);
    const start = number * layout.columns;
    const tiles = Math.min(layout.columns, layout.count - start);
    let row = this.#rows.get(number);
    if (!row) {
      row = h("div", { class: "sl-tiles", role: "row", "aria-rowindex": number + 1 }, ...Array.from({ length: tiles }, makeTile));
      this.#rows.set(number, row);
      const after = [...this.#rows].filter(([other]) => other > number).sort(([a], [b]) => a - b)[0];
      this.sheet.insertBefore(row, after?.[1] ?? null);
    }
    row.style.transform = `translateY(${number * layout.pitch}px)`;
    for (let i = 0; i < tiles; i += 1) {
      const index = start + i;
      const item = session.item(index);
      paintTile(/** @type {HTMLElement} */ (row.children[i]), {
        index, item, count: layout.count,
        answer: page.answerOf(index),
        seen: page.isSeen(index),
        pending: item !== undefined && pending.all.has(item.key),
        late: item !== undefined && pending.late.has(item.key),
        implied: session.implied,
        choices: session.choices,
        selected: this.#isSelected(index),
        focused: index === this.focus,
        thumb: item ? session.image(item.key) : { state: "loading" },
      });
    }
  }

  /** Ask for the pictures on the screen, then for those next to it. @param {number} top @param {number} first @param {number} last */
  #want(top, first, last) {
    const [from, to] = rowsBetween(this.layout, top, this.#room);
    const { columns } = this.layout;
    const keys = (/** @type {number} */ a, /** @type {number} */ b) => {
      const found = [];
      for (let i = a * columns; i < Math.min(b * columns, this.count); i += 1) {
        const key = this.session.page?.items.get(i)?.key;
        if (key !== undefined) found.push(key);
      }
      return found;
    };
    const wanted = [...keys(from, to), ...keys(to, last), ...keys(first, from)];
    this.session.thumbs.want(wanted);
    if (this.session.single) this.session.large.want(wanted);
  }

  /** Count as looked at what stays on the screen for a while. @param {number} top */
  #look(top) {
    const { session } = this;
    const page = session.page;
    clearTimeout(this.#looking);
    if (!page || document.hidden || !this.#room) return;
    const [from, to] = tilesInSight(this.layout, top, this.#room);
    /** @type {number[]} */
    const shown = [];
    for (let index = from; index < to; index += 1) {
      const item = page.items.get(index);
      if (item && session.thumbs.get(item.key).state !== "loading") shown.push(index);
    }
    page.show(shown, new Date().toISOString());
    if (shown.every((index) => page.isSeen(index))) return;
    this.#looking = setTimeout(() => page === session.page && page.see(shown) && session.changed(), LOOKING);
  }
}

/** @param {EventTarget | null} target @returns {number | null} */
function indexOf(target) {
  const tile = target instanceof Element ? target.closest(".sl-tile") : null;
  return tile instanceof HTMLElement ? Number(tile.dataset.index) : null;
}
