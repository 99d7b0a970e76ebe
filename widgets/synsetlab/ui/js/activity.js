// @ts-check
/** Time in which someone works: the window is visible and focused, and something was touched lately. */

const IDLE = 30_000;

/**
 * A clock that stops when the window is left, and `idle` ms after the last sign of life.
 * Pure: all times are given, in ms.
 */
export class ActiveClock {
  #sum = 0;
  #since = 0;
  #alive = 0;
  #running = false;

  /** @param {number} now @param {number} [idle] */
  constructor(now, idle = IDLE) {
    this.idle = idle;
    this.resume(now);
  }

  /** Active ms until `now`. @param {number} now */
  read(now) {
    return this.#sum + (this.#running ? Math.max(0, Math.min(now, this.#alive + this.idle) - this.#since) : 0);
  }

  /** A key, a click, a scroll. @param {number} now */
  touch(now) {
    if (!this.#running) return;
    if (now > this.#alive + this.idle) {
      this.#sum = this.read(now);
      this.#since = now;
    }
    this.#alive = now;
  }

  /** The window is left. @param {number} now */
  pause(now) {
    this.#sum = this.read(now);
    this.#running = false;
  }

  /** The window is back. @param {number} now */
  resume(now) {
    if (this.#running) return this.touch(now);
    this.#running = true;
    this.#since = now;
    this.#alive = now;
  }
}

/**
 * The clock of this window.
 *
 * @param {AbortSignal} signal
 * @returns {() => number} active ms so far
 */
export function windowClock(signal) {
  const clock = new ActiveClock(performance.now());
  const now = () => performance.now();
  const look = () => (document.visibilityState === "visible" && document.hasFocus() ? clock.resume(now()) : clock.pause(now()));
  for (const name of ["focus", "blur"]) window.addEventListener(name, look, { signal });
  document.addEventListener("visibilitychange", look, { signal });
  for (const name of ["keydown", "pointerdown", "pointermove", "wheel", "touchmove"]) {
    window.addEventListener(name, () => clock.touch(now()), { signal, capture: true, passive: true });
  }
  look();
  return () => clock.read(now());
}
