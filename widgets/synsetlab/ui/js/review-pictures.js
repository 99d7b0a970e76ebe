// @ts-check
/** Pictures over binary messages: asked for in batches, kept as blob URLs, the oldest let go. */

import { h, request } from "./dom.js";

const BATCH = 32;
const OUTSTANDING = 2;
const KEPT = 600;

/** @typedef {{ resolve: (url: string) => void, reject: (error: Error) => void }} Waiting */

export class Pictures {
  /** @type {Map<string, string>} thumbnails by key, least lately used first */
  #urls = new Map();
  /** @type {Map<string, Waiting[]>} */
  #wanted = new Map();
  #outstanding = 0;
  #timer = 0;

  /**
   * @param {any} model
   * @param {AbortSignal} signal ends it and frees what it holds
   */
  constructor(model, signal) {
    this.model = model;
    this.signal = signal;
    signal.addEventListener("abort", () => {
      clearTimeout(this.#timer);
      for (const url of this.#urls.values()) URL.revokeObjectURL(url);
    });
  }

  /**
   * An <img> that shows the thumbnail as soon as it is there, and says so when there is none.
   *
   * @param {string} key
   * @param {string} alt what the picture is, for who cannot see it; "" where the words are beside it
   * @returns {HTMLElement}
   */
  thumbnail(key, alt = "") {
    const image = h("img", { alt, draggable: "false" });
    const frame = h("span", { class: "sl-thumb", "data-state": "loading", "data-key": key }, image);
    const show = (/** @type {string} */ url) => {
      if (!("full" in image.dataset)) image.src = url; // the picture itself may have come first
      frame.dataset.state = "ready";
    };
    const url = this.#urls.get(key);
    if (url) {
      this.#urls.delete(key);
      this.#urls.set(key, url);
      show(url);
      return frame;
    }
    this.#ask(key).then(
      show,
      (error) => {
        if (error?.name === "AbortError") return;
        frame.dataset.state = "missing";
        frame.title = error.message;
        frame.replaceChildren(h("span", { class: "sl-thumb-missing", role: "img", "aria-label": error.message }, "∅"));
      },
    );
    return frame;
  }

  /**
   * The picture in full as a blob URL, which the caller revokes.
   *
   * @param {string} key
   * @param {AbortSignal} signal
   * @returns {Promise<string>}
   */
  async full(key, signal) {
    const { buffers } = await request(this.model, "picture", { key }, { signal });
    return URL.createObjectURL(new Blob([/** @type {BlobPart} */ (buffers[0])]));
  }

  /** @param {string} key @returns {Promise<string>} */
  #ask(key) {
    return new Promise((resolve, reject) => {
      const waiting = this.#wanted.get(key) ?? [];
      waiting.push({ resolve, reject });
      this.#wanted.set(key, waiting);
      if (!this.#timer) this.#timer = setTimeout(() => this.#send(), 8);
    });
  }

  #send() {
    this.#timer = 0;
    if (this.#outstanding >= OUTSTANDING || this.#wanted.size === 0 || this.signal.aborted) return;
    // The latest wanted first: they are what is on the screen now.
    const batch = [...this.#wanted].slice(-BATCH);
    for (const [key] of batch) this.#wanted.delete(key);
    this.#outstanding += 1;
    request(this.model, "thumbnails", { keys: batch.map(([key]) => key) }, { signal: this.signal })
      .then(
        ({ reply, buffers }) => {
          reply.keys.forEach((/** @type {string} */ key, /** @type {number} */ i) => this.#keep(key, buffers[i]));
          for (const [key, waiting] of batch) {
            const url = this.#urls.get(key);
            const why = new Error(reply.missing[key] ?? "No picture came.");
            for (const { resolve, reject } of waiting) url ? resolve(url) : reject(why);
          }
        },
        (error) => batch.forEach(([, waiting]) => waiting.forEach(({ reject }) => reject(error))),
      )
      .finally(() => {
        this.#outstanding -= 1;
        this.#send();
      });
    if (this.#wanted.size) this.#send();
  }

  /** @param {string} key @param {DataView} bytes */
  #keep(key, bytes) {
    if (this.#urls.has(key)) return;
    this.#urls.set(key, URL.createObjectURL(new Blob([/** @type {BlobPart} */ (bytes)])));
    if (this.#urls.size <= KEPT) return;
    const [oldest, url] = /** @type {[string, string]} */ (this.#urls.entries().next().value);
    URL.revokeObjectURL(url);
    this.#urls.delete(oldest);
  }
}
