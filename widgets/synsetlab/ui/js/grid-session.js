// @ts-check
/** What all views of a grid share: the page, the outbox, the thumbnails, the line to Python. */

import { windowClock } from "./activity.js";
import { eventId, request } from "./dom.js";
import { overHttp } from "./grid-http.js";
import { keyMap, ownKeys } from "./grid-keys.js";
import { Page } from "./grid-page.js";
import { Pulse } from "./pulse.js";
import { impliedAnswer } from "./grid-state.js";
import { askThumbnails, Thumbs } from "./grid-thumbs.js";
import { lastingKeeper } from "./outbox-keeper.js";
import { Outbox } from "./outbox.js";

/** @typedef {import("./grid-page.js").Item} Item */
/** @typedef {import("./grid-state.js").Answer} Answer */
/** @typedef {import("./grid-state.js").VoteEvent} VoteEvent */
/** @typedef {import("./grid-state.js").Choice} Choice */
/** @typedef {import("./grid-state.js").Mode} Mode */
/** @typedef {{ question: string, wnid?: string, lemmas?: string[], gloss?: string, path?: string[], rules_yes?: string, rules_no?: string, examples?: { key: string, good: boolean }[], wikipedia?: string, choices?: Choice[] }} Header */
/** @typedef {{ keys?: import("./grid-keys.js").OwnKeys, mode?: Mode, single?: boolean, tile?: number, toured?: boolean }} Preferences */
/** @typedef {{ prompt: string, options: string[] }} QuizQuestion */

/** @typedef {"page" | "change" | "look"} What another page, something on it, how it is shown */

const LARGE_KEPT = 12;
const CHUNK = 256;
const RESEND = 3_000;
const DRAINING = 15_000;

export class Session {
  /** @type {"loading" | "ready" | "empty" | "error"} */
  state = "loading";
  /** @type {unknown} */
  error = null;
  /** @type {Header} */
  header = { question: "" };
  /** @type {Page | null} */
  page = null;
  progress = { total: 0, answered: 0 };
  /** What the source can do beside the questions. @type {Set<string>} */
  can = new Set();
  /** Answers to pictures whose answer is known. @type {{ asked: number, right: number } | null} */
  gold = null;
  /** To be passed before the page has pictures. @type {QuizQuestion[] | null} */
  quiz = null;
  /** @type {Preferences} */
  preferences = {};
  /** A page that was handed in before, opened again. */
  reopened = false;
  keys = keyMap();
  /** @type {Map<string, { text: string, remedy: string }>} what went wrong and must be read, by its source */
  notices = new Map();
  submitting = false;
  /** False: the browser keeps nothing for us, so unsaved answers end with the page. */
  lasting = true;
  /** @type {Outbox | null} */
  outbox = null;
  /** @type {Map<number, Promise<void>>} chunks of pictures on their way, by first index */
  #coming = new Map();
  /** @type {Set<(what: What) => void>} */
  #listeners = new Set();

  /** @param {any} model @param {AbortSignal} signal */
  constructor(model, signal) {
    this.model = model;
    this.signal = signal;
    this.clock = windowClock(signal);
    this.thumbs = new Thumbs(model, signal, () => this.changed(), { fetch: overHttp(model, signal, (keys) => askThumbnails(model, signal, keys)) });
    this.large = new Thumbs(model, signal, () => this.changed(), { kept: LARGE_KEPT, batch: 1, fetch: ([key]) => this.#whole(key) });
    this.pulse = new Pulse((timeout) => this.ask("ping", {}, timeout), (online) => this.#connected(online), signal);
    /** @param {any} message */
    const receive = (message) => {
      if (message?.type === "reply") this.pulse.alive();
      // An acknowledgement may come after we stopped waiting for it.
      if (message?.acked) this.outbox?.settle(message.acked, message.refused ?? {});
      if (message?.type === "turn") this.start();
    };
    model.on("msg:custom", receive);
    signal.addEventListener("abort", () => {
      model.off("msg:custom", receive);
      this.outbox?.close();
    });
    const leaving = (/** @type {BeforeUnloadEvent} */ event) => {
      if (this.pending) event.preventDefault();
    };
    window.addEventListener("beforeunload", leaving, { signal });
    this.start();
  }

  get pending() {
    return this.outbox?.size ?? 0;
  }

  /** The classes of which one is assigned; none: the answers are yes and no. @returns {Choice[]} */
  get choices() {
    return this.header.choices ?? [];
  }

  /** @returns {Mode} */
  get mode() {
    return this.choices.length ? "judge" : (this.preferences.mode ?? this.model.get("mode") ?? "judge");
  }

  /** One picture at a time. @returns {boolean} */
  get single() {
    return this.preferences.single ?? this.model.get("single") ?? false;
  }

  /** Least width of a tile, px. @returns {number} */
  get tile() {
    return this.preferences.tile ?? this.model.get("tile_size");
  }

  /** @returns {Answer | null} what a picture without an answer counts as when the page is handed in */
  get implied() {
    return impliedAnswer(this.mode);
  }

  /** What a tile shows: the picture in full where there is one a screen. @param {string} key */
  image(key) {
    if (!this.single) return this.thumbs.get(key);
    const whole = this.large.get(key);
    return whole.state === "ready" ? whole : this.thumbs.get(key);
  }

  /** @param {string} key @returns {Promise<import("./grid-thumbs.js").Fetched>} */
  async #whole(key) {
    const { buffers } = await request(this.model, "picture", { key }, { signal: this.signal });
    return { found: [[key, /** @type {BlobPart} */ (buffers[0])]], missing: {} };
  }

  /** Keep how someone likes to work. @param {Preferences} some */
  async prefer(some) {
    this.preferences = { ...this.preferences, ...some };
    this.keys = keyMap(this.preferences.keys);
    this.changed("look");
    try {
      await this.ask("remember", { preferences: this.preferences });
    } catch (error) {
      this.notice("preferences", error);
    }
  }

  /** Turn to another page: one handed in before, or the next of another synset. @param {"reopen" | "choose"} type @param {Record<string, unknown>} fields */
  async turn(type, fields) {
    await this.#drained();
    this.#opened(await this.ask(type, fields));
    this.reopened = type === "reopen";
    this.changed("page");
  }

  /** @param {number[]} answers @returns {Promise<{ passed: boolean, wrong: number[] }>} */
  async solve(answers) {
    const reply = await this.ask("quiz", { answers });
    if (reply.passed) {
      this.quiz = null;
      this.changed("page");
    }
    return reply;
  }

  /** @param {(what: What) => void} listener @returns {() => void} stops it */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @param {What} [what] */
  changed(what = "change") {
    for (const listener of [...this.#listeners]) listener(what);
  }

  /** @param {string} type @param {Record<string, unknown>} fields @param {number} [timeout] */
  async ask(type, fields, timeout = 30_000) {
    return (await request(this.model, type, fields, { timeout, signal: this.signal })).reply;
  }

  /** Deliver what an earlier page left behind, then open the page. */
  async start() {
    this.#become("loading");
    try {
      const owner = this.model.get("owner");
      if (this.outbox?.owner !== owner) await this.#takeOutbox(owner);
      const keys = [...(this.outbox?.keys() ?? [])];
      this.#opened(await this.ask("open", { keys }));
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError") return;
      this.error = error;
      this.#become("error");
    }
  }

  /** @param {string} owner */
  async #takeOutbox(owner) {
    this.outbox?.close();
    const keeper = await lastingKeeper();
    this.lasting = keeper.lasting;
    this.outbox = new Outbox({
      owner,
      keeper,
      deliver: (events) => this.ask("votes", { owner, events }, RESEND),
      onchange: () => {
        if (!this.pending) this.notices.delete("votes");
        this.changed();
      },
      onlate: async (error) => {
        await this.pulse.hurry();
        if (this.pulse.online && this.pending) this.notice("votes", error);
      },
      onrefused: (refused) => this.#refused(refused),
      onkeeper: (lasting) => {
        if (lasting === this.lasting) return;
        this.lasting = lasting;
        this.changed();
      },
      again: RESEND,
    });
    await this.outbox.restore();
  }

  /** @param {any} reply */
  #opened(reply) {
    this.header = reply.header;
    this.progress = { ...this.progress, ...reply.progress };
    this.can = new Set(reply.can ?? []);
    this.gold = reply.gold ?? null;
    this.quiz = reply.quiz ?? null;
    this.reopened = false;
    const { keys, mode, single, tile, toured } = reply.preferences ?? {};
    this.preferences = { ...reply.preferences, keys: ownKeys(keys), mode: mode ?? undefined, single: single ?? undefined, tile: Number.isInteger(tile) ? tile : undefined, toured: toured === true };
    this.keys = keyMap(this.preferences.keys);
    this.page = new Page(reply, this.outbox?.events() ?? [], this.clock(), eventId);
    this.#coming.clear();
    this.#become(this.page.count ? "ready" : "empty");
  }

  /** The picture at `index`; asked for if it has not come yet. @param {number} index @returns {Item | undefined} */
  item(index) {
    const item = this.page?.items.get(index);
    if (!item && this.page && !this.quiz && index < this.page.count) this.load(index, index + 1).catch((error) => this.notice("items", error));
    return item;
  }

  /** Have the pictures from `start` to before `stop`. @param {number} start @param {number} stop */
  async load(start, stop) {
    const { page } = this;
    if (!page) return;
    for (let first = start - (start % CHUNK); first < stop; first += CHUNK) {
      const last = Math.min(first + CHUNK, page.count);
      if (page.knows(first, last)) continue;
      const coming = this.#coming.get(first) ?? this.#chunk(page, first, last);
      this.#coming.set(first, coming);
      await coming;
    }
  }

  /** @param {Page} page @param {number} start @param {number} stop */
  async #chunk(page, start, stop) {
    try {
      const { items } = await this.ask("items", { batch: page.batch, start, stop });
      page.learn(start, items);
      if (page === this.page) this.changed();
    } finally {
      if (page === this.page) this.#coming.delete(start);
    }
  }

  /**
   * Give pictures their answers, as one step that can be undone.
   *
   * @param {number[]} indices
   * @param {(before: Answer | null) => Answer | null} wanted
   * @returns {Promise<number[]>} those that changed
   */
  async answer(indices, wanted) {
    const { page } = this;
    if (!page || !indices.length || this.submitting) return [];
    try {
      const [first, last] = [indices[0], indices[indices.length - 1]];
      if (!page.knows(first, last + 1)) await this.load(first, last + 1);
    } catch (error) {
      this.notice("items", error);
      return [];
    }
    return this.#send(page.answer(indices, wanted, this.#now()));
  }

  /** Take the last step back. @returns {number[]} the pictures that it was about */
  undo() {
    return this.page && !this.submitting ? this.#send(this.page.undo(this.#now())) : [];
  }

  #now() {
    return { active: this.clock(), at: new Date().toISOString() };
  }

  /** @param {{ events: VoteEvent[], changed: number[] }} done */
  #send({ events, changed }) {
    if (events.length) this.outbox?.add(events);
    return changed;
  }

  /** Hand the page in and turn to the next; everything must be saved first. */
  async submit() {
    const { page } = this;
    if (!page || this.submitting) return;
    if (this.implied) await this.answer(page.seenWithout(), (before) => before ?? this.implied);
    this.submitting = true;
    this.dismiss("submit");
    try {
      await this.#drained();
      this.#opened(await this.ask("submit", { batch: page.batch, keys: [...page.standing.keys()] }));
    } catch (error) {
      this.notice("submit", error);
    } finally {
      this.submitting = false;
      this.changed();
    }
  }

  #drained() {
    return new Promise((resolve, reject) => {
      const end = (/** @type {() => void} */ how) => {
        clearTimeout(timer);
        stop();
        how();
      };
      const stop = this.listen(() => this.pending || end(() => resolve(null)));
      const late = () => reject(new Error(`${this.pending} not saved yet. Submit again when the line below says Saved.`));
      const timer = setTimeout(() => end(late), DRAINING);
      if (!this.pending) end(() => resolve(null));
    });
  }

  /** @param {string} name @param {unknown} error */
  notice(name, error) {
    if (error instanceof Error && error.name === "AbortError") return;
    const remedy = error instanceof Error && "remedy" in error ? String(error.remedy) : "";
    this.notices.set(name, { text: error instanceof Error ? error.message : String(error), remedy });
    this.changed();
  }

  /** @param {string} name */
  dismiss(name) {
    this.notices.delete(name);
    this.changed();
  }

  /** @param {boolean} online */
  #connected(online) {
    if (!online) return this.changed();
    this.outbox?.flush();
    this.notices.delete("votes");
    if (this.state === "error") this.start();
    else this.changed();
  }

  /** @param {{ event: VoteEvent, why: string }[]} refused */
  #refused(refused) {
    for (const { event } of refused) this.page?.refuse(event);
    const some = refused.length === 1 ? "One answer was" : `${refused.length} answers were`;
    this.notice("refused", new Error(`${some} not accepted: ${refused[0].why}`));
  }

  /** @param {"loading" | "ready" | "empty" | "error"} state */
  #become(state) {
    this.state = state;
    this.changed("page");
  }
}
