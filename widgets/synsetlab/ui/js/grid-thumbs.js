// @ts-check
/** Thumbnails of what is on the screen now, over binary messages; blob URLs, the oldest let go. */

import { request } from "./dom.js";

const BATCH = 32;
const LEAST = 6;
const BRIEF = 45; // ms that a batch should take: until two of them are there, nothing newer can be asked for
const OUTSTANDING = 2;
const KEPT = 800;

/**
 * How many pictures to ask for at once, after `count` took `ms`.
 *
 * @param {number} count
 * @param {number} ms
 */
export function batchSize(count, ms) {
  return Math.max(LEAST, Math.min(BATCH, Math.round((count * BRIEF) / Math.max(1, ms))));
}

/** @typedef {{ found: [string, BlobPart][], missing: Record<string, string> }} Fetched */

/** Thumbnails as messages of the kernel. @param {any} model @param {AbortSignal} signal @param {string[]} keys @returns {Promise<Fetched>} */
export async function askThumbnails(model, signal, keys) {
  const { reply, buffers } = await request(model, "thumbnails", { keys }, { signal, timeout: 15_000 });
  return { found: reply.keys.map((/** @type {string} */ key, /** @type {number} */ i) => [key, buffers[i]]), missing: reply.missing };
}

export class Thumbs {
  /** @type {Map<string, string>} blob URL by key, least lately used first */
  #urls = new Map();
  /** @type {Map<string, string>} why there is none */
  #missing = new Map();
  /** @type {string[]} */
  #wanted = [];
  /** @type {Set<string>} */
  #asked = new Set();
  /** @type {Map<AbortController, string[]>} what was asked for and has not come */
  #outstanding = new Map();
  #batch = BATCH;
  /** @type {string[]} wanted whatever is on the screen: the examples of the question */
  always = [];

  /**
   * @param {any} model
   * @param {AbortSignal} signal
   * @param {(keys: string[]) => void} onload
   * @param {{ kept?: number, batch?: number, fetch?: (keys: string[], stale: AbortSignal) => Promise<Fetched> }} [options] kept: blob
   *   URLs; fetch: how pictures are got, thumbnails from Python by default
   */
  constructor(model, signal, onload, { kept = KEPT, batch = BATCH, fetch } = {}) {
    this.model = model;
    this.signal = signal;
    this.onload = onload;
    this.kept = kept;
    this.#batch = this.largest = batch;
    this.fetch = fetch ?? ((keys) => askThumbnails(model, signal, keys));
    signal.addEventListener("abort", () => {
      for (const url of this.#urls.values()) URL.revokeObjectURL(url);
    });
  }

  /** @param {string} key @returns {{ state: "ready", url: string } | { state: "missing", why: string } | { state: "loading" }} */
  get(key) {
    const url = this.#urls.get(key);
    if (url) return { state: "ready", url };
    const why = this.#missing.get(key);
    return why === undefined ? { state: "loading" } : { state: "missing", why };
  }

  /** What is wanted now, most wanted first; what was wanted before and not yet asked for is forgotten. @param {string[]} keys */
  want(keys) {
    for (const key of keys) {
      const url = this.#urls.get(key);
      if (!url) continue;
      this.#urls.delete(key);
      this.#urls.set(key, url);
    }
    this.#wanted = [...this.always, ...keys].filter((key) => !this.#urls.has(key) && !this.#missing.has(key));
    for (const [batch, asked] of this.#outstanding) if (!asked.some((key) => this.#wanted.includes(key))) batch.abort();
    this.#ask();
  }

  /** Try again what could not be read. */
  retry() {
    this.#missing.clear();
    this.#ask();
  }

  #ask() {
    while (this.#outstanding.size < OUTSTANDING && !this.signal.aborted) {
      const keys = this.#wanted.filter((key) => !this.#asked.has(key)).slice(0, this.#batch);
      if (!keys.length) return;
      this.#send(keys);
    }
  }

  /** @param {string[]} keys */
  async #send(keys) {
    const stale = new AbortController();
    this.#outstanding.set(stale, keys);
    for (const key of keys) this.#asked.add(key);
    const began = performance.now();
    try {
      const { found, missing } = await this.fetch(keys, stale.signal);
      // Pictures that must be decoded first take longer: then in smaller batches.
      this.#batch = Math.min(this.largest, batchSize(keys.length, performance.now() - began));
      for (const [key, bytes] of found) this.#keep(key, bytes);
      for (const [key, why] of Object.entries(missing)) this.#missing.set(key, String(why));
      this.#wanted = this.#wanted.filter((key) => !this.#urls.has(key) && !this.#missing.has(key));
      this.onload(keys);
    } catch {
      // No answer: the heartbeat says so in the grid, and what is still wanted is asked for when it is back.
    } finally {
      for (const key of keys) this.#asked.delete(key);
      this.#outstanding.delete(stale);
    }
    if (stale.signal.aborted || keys.some((key) => this.#urls.has(key) || this.#missing.has(key))) this.#ask();
  }

  /** @param {string} key @param {BlobPart} bytes */
  #keep(key, bytes) {
    if (this.#urls.has(key)) return;
    this.#urls.set(key, URL.createObjectURL(bytes instanceof Blob ? bytes : new Blob([bytes])));
    if (this.#urls.size <= this.kept) return;
    const [oldest, url] = /** @type {[string, string]} */ (this.#urls.entries().next().value);
    URL.revokeObjectURL(url);
    this.#urls.delete(oldest);
  }
}
