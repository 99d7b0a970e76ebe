// @ts-check
/** Selecting tiles with the pointer: a rectangle drawn by mouse or pen, a long press by touch. */

import { h } from "./dom.js";
import { tilesTouched } from "./grid-layout.js";

const THRESHOLD = 6; // px that the pointer moves before a click is a drag
const EDGE = 36; // px from the edge of the board where dragging scrolls it
const SCROLL = 14; // px a frame
const LONG_PRESS = 450; // ms

/** @typedef {import("./grid-board.js").Board} Board */

export class Dragging {
  /** The click that ends a drag or a long press is none. */
  #swallow = false;
  #frame = 0;
  #press = 0;

  /** @param {Board} board @param {AbortSignal} signal */
  constructor(board, signal) {
    this.board = board;
    this.box = h("div", { class: "sl-lasso", "aria-hidden": "true", hidden: true });
    const { element } = board;
    board.sheet.append(this.box);
    element.addEventListener("pointerdown", (event) => this.#down(event), { signal });
    element.addEventListener("click", (event) => {
      if (this.#swallow) event.stopImmediatePropagation();
      this.#swallow = false;
    }, { signal, capture: true });
    for (const name of ["pointerup", "pointercancel", "scroll"]) element.addEventListener(name, () => clearTimeout(this.#press), { signal });
    element.addEventListener("contextmenu", (event) => this.#swallow && event.preventDefault(), { signal });
    signal.addEventListener("abort", () => {
      cancelAnimationFrame(this.#frame);
      clearTimeout(this.#press);
    });
  }

  /** @param {PointerEvent} event */
  #down(event) {
    this.#swallow = false;
    if (event.button || event.shiftKey || !this.board.count) return;
    if (event.pointerType === "touch") return this.#touch(event);
    if (event.target instanceof Element && event.target.closest("button")) return;
    const { element } = this.board;
    if (event.clientX - element.getBoundingClientRect().left > element.clientWidth) return; // the scroll bar
    const from = this.#place(event);
    const before = event.ctrlKey || event.metaKey ? this.board.chosen({ focus: false }) : [];
    let last = event;
    let dragging = false;
    const move = (/** @type {PointerEvent} */ at) => {
      last = at;
      if (!dragging && Math.hypot(at.clientX - event.clientX, at.clientY - event.clientY) < THRESHOLD) return;
      if (!dragging) element.setPointerCapture(event.pointerId);
      dragging = true;
      this.#draw(from, this.#place(at), before);
      this.#frame ||= requestAnimationFrame(() => this.#scroll(() => last, from, before));
    };
    const up = () => {
      element.removeEventListener("pointermove", move);
      element.removeEventListener("pointerup", up);
      element.removeEventListener("pointercancel", up);
      cancelAnimationFrame(this.#frame);
      this.#frame = 0;
      this.box.hidden = true;
      this.#swallow = dragging;
      if (dragging) element.focus({ preventScroll: true });
      if (dragging) this.board.picked(true);
    };
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", up);
    element.addEventListener("pointercancel", up);
  }

  /** A long press selects; then taps add and take away. @param {PointerEvent} event */
  #touch(event) {
    const tile = event.target instanceof Element ? event.target.closest(".sl-tile") : null;
    if (!(tile instanceof HTMLElement)) return;
    clearTimeout(this.#press);
    this.#press = setTimeout(() => {
      this.#swallow = true;
      this.board.pick(Number(tile.dataset.index));
    }, LONG_PRESS);
  }

  /** Where the pointer is on the sheet. @param {PointerEvent} event @returns {[number, number]} */
  #place(event) {
    const { left, top } = this.board.sheet.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  /** @param {[number, number]} from @param {[number, number]} to @param {number[]} before */
  #draw([x, y], [x2, y2], before) {
    const box = { left: Math.min(x, x2), right: Math.max(x, x2), top: Math.min(y, y2), bottom: Math.max(y, y2) };
    this.box.hidden = false;
    this.box.style.cssText = `left:${box.left}px;top:${box.top}px;width:${box.right - box.left}px;height:${box.bottom - box.top}px`;
    this.board.pickAll([...before, ...tilesTouched(this.board.layout, box)]);
  }

  /** Near an edge the board scrolls on, and the rectangle grows. @param {() => PointerEvent} last @param {[number, number]} from @param {number[]} before */
  #scroll(last, from, before) {
    const { element } = this.board;
    const { top, bottom } = element.getBoundingClientRect();
    const at = last();
    const way = at.clientY < top + EDGE ? -1 : at.clientY > bottom - EDGE ? 1 : 0;
    if (way) {
      element.scrollTop += way * SCROLL;
      this.#draw(from, this.#place(at), before);
    }
    this.#frame = requestAnimationFrame(() => this.#scroll(last, from, before));
  }
}
