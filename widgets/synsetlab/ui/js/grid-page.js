// @ts-check
/** One page of pictures: its answers, what was seen, the steps that can be undone. Knows no network. */

import { change, standingAnswers, tally } from "./grid-state.js";

/** @typedef {import("./grid-state.js").Answer} Answer */
/** @typedef {import("./grid-state.js").Standing} Standing */
/** @typedef {import("./grid-state.js").VoteEvent} VoteEvent */
/** @typedef {{ key: string, width?: number, height?: number, title?: string, author?: string, licence?: string, landing_page?: string }} Item */
/** @typedef {{ key: string, index: number, before: Answer | null, after: Answer | null }} Change */
/** @typedef {{ batch: string, count: number, items: Item[], answers: Record<string, Standing>, here: string[] }} Opened */

const UNDO_STEPS = 500;

export class Page {
  /** @type {Map<number, Item>} those that have come so far */
  items = new Map();
  /** @type {Set<string>} keys of pictures that were looked at */
  seen = new Set();
  /** @type {Map<string, string>} when a key was first on the screen, ISO 8601 */
  #shownAt = new Map();
  /** @type {Change[][]} */
  #steps = [];

  /**
   * @param {Opened} opened the reply of Python; `here`: which of the pending keys are on this page
   * @param {VoteEvent[]} pending events that are not saved yet
   * @param {number} active active ms so far
   * @param {() => string} eventId
   */
  constructor(opened, pending, active, eventId) {
    this.batch = opened.batch;
    this.count = opened.count;
    this.eventId = eventId;
    const here = new Set(opened.here);
    this.standing = standingAnswers(opened.answers, pending.filter(({ key }) => here.has(key)));
    for (const key of this.standing.keys()) this.seen.add(key);
    this.activeBefore = active;
    this.learn(0, opened.items);
  }

  get tally() {
    return tally(this.standing.values());
  }

  get unseen() {
    return Math.max(0, this.count - this.seen.size);
  }

  get canUndo() {
    return this.#steps.length > 0;
  }

  /** @param {number} start @param {Item[]} items */
  learn(start, items) {
    items.forEach((item, i) => this.items.set(start + i, item));
  }

  /** @param {number} start @param {number} stop */
  knows(start, stop) {
    for (let index = start; index < stop; index += 1) if (!this.items.has(index)) return false;
    return true;
  }

  /** @param {number} index @returns {Answer | null} */
  answerOf(index) {
    const item = this.items.get(index);
    return (item && this.standing.get(item.key)?.answer) ?? null;
  }

  /** @param {number} index */
  isSeen(index) {
    const item = this.items.get(index);
    return item !== undefined && this.seen.has(item.key);
  }

  /** The first picture that was not looked at, or else has no answer; -1: there is none among those that have come. */
  firstOpen() {
    const indices = [...this.items.keys()].sort((a, b) => a - b);
    const unseen = indices.find((index) => !this.isSeen(index));
    return unseen ?? indices.find((index) => this.answerOf(index) === null) ?? -1;
  }

  /** Pictures that were looked at and have no answer. @returns {number[]} */
  seenWithout() {
    return [...this.items.keys()].sort((a, b) => a - b).filter((index) => this.isSeen(index) && this.answerOf(index) === null);
  }

  /** These are on the screen. @param {number[]} indices @param {string} at ISO 8601 */
  show(indices, at) {
    for (const index of indices) {
      const key = this.items.get(index)?.key;
      if (key !== undefined && !this.#shownAt.has(key)) this.#shownAt.set(key, at);
    }
  }

  /** These were on the screen long enough. @param {number[]} indices @returns {boolean} something changed */
  see(indices) {
    const before = this.seen.size;
    for (const index of indices) {
      const key = this.items.get(index)?.key;
      if (key !== undefined) this.seen.add(key);
    }
    return this.seen.size > before;
  }

  /**
   * Give pictures their answers, as one step that can be undone.
   *
   * @param {number[]} indices
   * @param {(before: Answer | null) => Answer | null} wanted
   * @param {{ active: number, at: string }} now active ms so far, and the time in ISO 8601
   * @returns {{ events: VoteEvent[], changed: number[] }}
   */
  answer(indices, wanted, now) {
    const step = indices.flatMap((index) => {
      const key = this.items.get(index)?.key;
      const before = this.answerOf(index);
      const after = wanted(before);
      return key !== undefined && after !== before ? [{ key, index, before, after }] : [];
    });
    if (step.length) this.#steps = [...this.#steps, step].slice(-UNDO_STEPS);
    return this.#apply(step, now);
  }

  /** Take the last step back. @param {{ active: number, at: string }} now */
  undo(now) {
    const step = this.#steps.pop() ?? [];
    return this.#apply(step.map((one) => ({ ...one, after: one.before })), now);
  }

  /** An event was refused for good: the tile must not go on saying that it is answered. @param {VoteEvent} event */
  refuse(event) {
    if (this.standing.get(event.key)?.id === event.id) this.standing.delete(event.key);
  }

  /** @param {Change[]} step @param {{ active: number, at: string }} now */
  #apply(step, { active, at }) {
    const activeMs = Math.max(0, Math.round((active - this.activeBefore) / Math.max(1, step.length)));
    if (step.length) this.activeBefore = active;
    const events = step.flatMap(({ key, after }) => {
      const facts = { eventId: this.eventId, shownAt: this.#shownAt.get(key) ?? null, decidedAt: at, activeMs, batch: this.batch };
      const { events: made, standing } = change(key, this.standing.get(key) ?? null, after, facts);
      if (standing) this.standing.set(key, standing);
      else this.standing.delete(key);
      this.seen.add(key);
      return made;
    });
    return { events, changed: step.map(({ index }) => index) };
  }
}
