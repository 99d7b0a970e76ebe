// @ts-check
/** A picture that is made larger: by wheel, double click, two fingers or keys; and moved about while it is. */

const LARGEST = 12;
const DOUBLE = 2.5;
const WHEEL = 1.15;

/** @typedef {{ clientX: number, clientY: number }} Point of the window, px */
/**
 * @typedef {object} ZoomOptions
 * @property {boolean} [eager] the wheel zooms from the start; else only with Ctrl (as fingers on a touchpad
 *   send it), so that a page under the picture can be scrolled
 * @property {(factor: number) => void} [onchange]
 * @property {AbortSignal} signal
 */

export class Zoom {
  factor = 1;
  #x = 0;
  #y = 0;
  /** @type {Map<number, Point>} fingers, or the mouse, by pointer id */
  #held = new Map();

  /** @param {HTMLElement} stage hides what does not fit @param {HTMLElement} image in its middle @param {ZoomOptions} options */
  constructor(stage, image, { eager = false, onchange = () => {}, signal }) {
    this.stage = stage;
    this.image = image;
    this.onchange = onchange;
    stage.addEventListener("wheel", (event) => {
      if (!eager && !event.ctrlKey && this.factor === 1) return;
      event.preventDefault();
      this.by(event.deltaY < 0 ? WHEEL : 1 / WHEEL, event);
    }, { passive: false, signal });
    stage.addEventListener("dblclick", (event) => (this.factor > 1 ? this.fit() : this.by(DOUBLE, event)), { signal });
    stage.addEventListener("pointerdown", (event) => this.#down(event), { signal });
    stage.addEventListener("pointermove", (event) => this.#move(event), { signal });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      stage.addEventListener(end, (event) => this.#held.delete(/** @type {PointerEvent} */ (event).pointerId), { signal });
    }
  }

  /** Larger or smaller by a factor, around a point or the middle. @param {number} factor @param {Point} [at] */
  by(factor, at) {
    const box = this.stage.getBoundingClientRect();
    const [x, y] = at ? [at.clientX - box.left - box.width / 2, at.clientY - box.top - box.height / 2] : [0, 0];
    const next = Math.max(1, Math.min(LARGEST, this.factor * factor));
    const scale = next / this.factor;
    this.factor = next;
    if (next === 1) this.#place(0, 0);
    else this.#place(x - (x - this.#x) * scale, y - (y - this.#y) * scale);
  }

  /** As large as the stage. */
  fit() {
    this.factor = 1;
    this.#place(0, 0);
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.button || (event.pointerType === "mouse" && this.factor === 1)) return;
    this.stage.setPointerCapture(event.pointerId);
    this.#held.set(event.pointerId, event);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.#held.has(event.pointerId)) return;
    const before = spread([...this.#held.values()]);
    this.#held.set(event.pointerId, event);
    const after = spread([...this.#held.values()]);
    if (this.#held.size > 1) this.by(after.apart / before.apart, after);
    if (this.factor > 1) this.#place(this.#x + after.clientX - before.clientX, this.#y + after.clientY - before.clientY);
  }

  /** @param {number} x @param {number} y */
  #place(x, y) {
    const [w, t] = [(this.stage.clientWidth * this.factor) / 2, (this.stage.clientHeight * this.factor) / 2];
    this.#x = Math.max(-w, Math.min(w, x));
    this.#y = Math.max(-t, Math.min(t, y));
    this.image.style.transform = this.factor === 1 ? "" : `translate(${this.#x}px, ${this.#y}px) scale(${this.factor})`;
    this.stage.classList.toggle("zoomed", this.factor > 1);
    this.onchange(this.factor);
  }
}

/** The middle of one or two fingers and how far they are from each other. @param {Point[]} points @returns {Point & { apart: number }} */
function spread([one, other = one]) {
  return {
    clientX: (one.clientX + other.clientX) / 2,
    clientY: (one.clientY + other.clientY) / 2,
    apart: Math.max(1, Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY)),
  };
}
