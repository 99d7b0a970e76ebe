// @ts-check
/** Is Python there? Asked every ten seconds, and at once when an answer is late. */

const EVERY = 10_000;
const EVERY_WHILE_GONE = 3_000;
const PATIENCE = 4_000;

export class Pulse {
  online = true;
  /** @type {Date | null} when Python was last heard of */
  heard = null;
  /** How many answers are on their way for which Python may take so long that it answers no ping. */
  busy = 0;
  #timer = 0;
  #asking = false;

  /**
   * @param {(timeout: number) => Promise<unknown>} ping
   * @param {(online: boolean) => void} onchange
   * @param {AbortSignal} signal
   */
  constructor(ping, onchange, signal) {
    this.ping = ping;
    this.onchange = onchange;
    this.signal = signal;
    signal.addEventListener("abort", () => clearTimeout(this.#timer));
    window.addEventListener("online", () => this.hurry(), { signal });
    document.addEventListener("visibilitychange", () => !document.hidden && this.hurry(), { signal });
    this.#wait();
  }

  /** Any answer is a sign of life. */
  alive() {
    this.heard = new Date();
    this.#set(true);
  }

  /** Ask now. */
  async hurry() {
    if (this.#asking || this.signal.aborted) return;
    clearTimeout(this.#timer);
    if (this.busy > 0) return this.#wait();
    this.#asking = true;
    try {
      await this.ping(PATIENCE);
      this.alive();
    } catch {
      this.#set(false);
    } finally {
      this.#asking = false;
      this.#wait();
    }
  }

  #wait() {
    if (this.signal.aborted) return;
    this.#timer = setTimeout(() => this.hurry(), this.online ? EVERY : EVERY_WHILE_GONE);
  }

  /** @param {boolean} online */
  #set(online) {
    if (online === this.online || this.signal.aborted) return;
    this.online = online;
    this.onchange(online);
  }
}
