// @ts-check
/** The queue: what waits, what was decided, which one is shown. */

import { append, h } from "./dom.js";
import { count, share } from "./review-frame.js";
import { FilterBar, fits } from "./review-filters.js";
import { RowList } from "./review-list.js";

/**
 * @typedef {object} Item
 * @property {string} question
 * @property {string} key
 * @property {string} wnid
 * @property {string[]} lemmas
 * @property {number | null} posterior
 * @property {number} yes
 * @property {number} no
 * @property {number} unsure
 * @property {number} [flags] how many flagged it
 * @property {string} reason
 * @property {string} [outcome]
 * @property {number | null} [agreement]
 * @property {number | null} [entropy]
 * @property {string[]} [annotators]
 * @property {string | null} verdict
 * @property {boolean} [pending] on its way to Python
 */
/**
 * @typedef {object} QueueOptions
 * @property {(key: string) => HTMLElement} thumbnail
 * @property {(item: Item) => void} onshow
 * @property {() => void} onselect the selection changed
 * @property {(wnid: string) => void} onsynset the queue is narrowed to another synset, or (empty) to none
 * @property {() => void} onmore the filters changed, and there is more than was sent
 * @property {string} prefix of element ids
 * @property {AbortSignal} signal
 */

const ROW_HEIGHT = 69;

/** Verdicts as marks and words; the colour says nothing that these do not. @type {Record<string, [string, string, string]>} */
export const VERDICTS = {
  accept: ["✓", "accepted", "yes"],
  reject: ["✕", "rejected", "no"],
  "more-votes": ["↻", "more votes", "accent"],
  exclude: ["⊘", "excluded", "unsure"],
  relabel: ["⇄", "relabelled", "accent"],
};

/** How many said what, in words. @param {{ yes: number, no: number, unsure: number }} votes */
export function tally({ yes, no, unsure }) {
  return [`${yes} yes`, `${no} no`, unsure > 0 && `${unsure} ?`].filter(Boolean).join(" · ");
}

/**
 * The next undecided item after `at`, going round; -1 when all are decided.
 *
 * @param {Item[]} items
 * @param {number} at
 */
export function nextOpen(items, at) {
  for (let step = 1; step <= items.length; step++) {
    const index = (at + step) % items.length;
    if (items[index].verdict === null) return index;
  }
  return -1;
}

export class Queue {
  /** @type {Item[]} all that were sent */
  items = [];
  /** @type {Item[]} those in view */
  shown = [];
  at = 0;
  /** @type {Set<string>} questions chosen for one verdict on all */
  selected = new Set();
  /** Whether a click chooses instead of showing: for fingers, which have no Ctrl. */
  choosing = false;
  #anchor = 0;
  #total = 0;
  #synset = "";
  /** @type {Record<string, number>} */
  #counts = {};

  /** @param {QueueOptions} options */
  constructor(options) {
    this.options = options;
    this.heading = h("h2", {});
    this.reasons = h("div", { class: "sl-reasons", role: "group", "aria-label": "Why it is here" });
    this.bar = new FilterBar(() => {
      const { wnid } = this.bar.filters;
      if (wnid !== this.#synset) this.options.onsynset(this.#synset = wnid);
      this.#refilter();
    });
    this.choose = h("button", { class: "sl-chip", type: "button", "aria-pressed": "false", "data-do": "select", onclick: () => this.#choosing(!this.choosing) }, "Select");
    this.tools = h("div", { class: "sl-reasons sl-tools" }, this.bar.toggle, this.choose, this.bar.clear);
    this.scroller = h("div", {
      class: "sl-queue-list", role: "listbox", tabindex: "0", "aria-label": "To review", "aria-multiselectable": "true",
    });
    this.none = h("p", { class: "sl-none sl-muted", role: "status", hidden: true }, "No question fits these filters.");
    this.element = h("div", { class: "sl-queue" }, this.heading, this.reasons, this.tools, this.bar.body, this.none, this.scroller);
    this.list = new RowList(this.scroller, ROW_HEIGHT, (index) => this.#paint(index), options.signal);
    this.scroller.addEventListener("click", (event) => {
      const row = /** @type {HTMLElement} */ (event.target).closest("[data-index]");
      if (!(row instanceof HTMLElement)) return;
      const index = Number(row.dataset.index);
      if (event.shiftKey) this.extend(index);
      else if (event.ctrlKey || event.metaKey || this.choosing) this.toggle(index);
      else this.show(index);
    }, { signal: options.signal });
  }

  get reason() {
    return this.bar.filters.reason;
  }

  set reason(/** @type {string} */ reason) {
    this.bar.filters.reason = reason;
  }

  /** What a verdict is given on: the chosen ones in view, or the one that is shown. @returns {Item[]} */
  get targets() {
    const chosen = this.shown.filter((item) => this.selected.has(item.question));
    return chosen.length > 0 ? chosen : this.current ? [this.current] : [];
  }

  /** Choose or leave one. @param {number} index */
  toggle(index) {
    const item = this.shown[index];
    if (!item) return;
    if (!this.selected.delete(item.question)) this.selected.add(item.question);
    this.#anchor = index;
    this.#selection([index]);
  }

  /** Choose all from the last one chosen to this one. @param {number} index */
  extend(index) {
    const [from, to] = [Math.min(index, this.#anchor), Math.max(index, this.#anchor)];
    for (let at = from; at <= to; at++) if (this.shown[at]) this.selected.add(this.shown[at].question);
    this.#selection(this.list.present());
  }

  selectAll() {
    for (const item of this.shown) if (item.verdict === null) this.selected.add(item.question);
    this.#selection(this.list.present());
  }

  selectNone() {
    this.selected.clear();
    this.#selection(this.list.present());
  }

  /** @param {boolean} on */
  #choosing(on) {
    this.choosing = on;
    this.choose.setAttribute("aria-pressed", String(on));
    this.choose.classList.toggle("accent", on);
    this.choose.textContent = on ? "✓ Select" : "Select";
    if (!on) this.selectNone();
  }

  /** @param {number[]} changed */
  #selection(changed) {
    for (const index of changed) this.list.repaint(index);
    this.#head();
    this.options.onselect();
  }

  /**
   * @param {Item[]} items
   * @param {Record<string, number>} counts
   * @param {number} total
   * @param {Record<string, [string, string, number][]> | null} facets
   */
  load(items, counts, total, facets) {
    this.#synset = this.bar.filters.wnid;
    this.items = items;
    this.#counts = counts;
    this.#total = total;
    if (!(this.reason in counts)) this.reason = "";
    this.selected.clear();
    this.bar.load(items, facets);
    this.tools.hidden = total < 2;
    this.#filter(this.shown[this.at]?.question);
  }

  /** Show one synset's questions only, or (empty) all. @param {string} wnid */
  narrow(wnid) {
    this.#synset = wnid; // who asks knows
    this.bar.narrow(wnid);
    this.#refilter();
  }

  /** Other filters: what fits is among what was sent, or Python must look. */
  #refilter() {
    this.#filter(this.current?.question, true);
    if (this.more) this.options.onmore();
  }

  get current() {
    return this.shown[this.at];
  }

  /** Whether there are more than were sent. */
  get more() {
    return this.#total > this.items.length;
  }

  /** How many wait still, those that were not sent among them. */
  get left() {
    return this.#total - this.decided;
  }

  get decided() {
    return this.items.filter((item) => item.verdict !== null).length;
  }

  /** @param {number} index */
  show(index) {
    if (index < 0 || index >= this.shown.length) return;
    const before = this.at;
    this.at = index;
    if (this.selected.size === 0) this.#anchor = index;
    this.list.reveal(index);
    this.list.repaint(before);
    this.list.repaint(index);
    this.scroller.setAttribute("aria-activedescendant", this.#idOf(index));
    this.options.onshow(this.shown[index]);
  }

  /** Show a question, dropping the filter if that hides it. @param {string} question @returns {boolean} whether there is such a one */
  find(question) {
    if (!this.shown.some((item) => item.question === question)) {
      const hidden = this.reason !== "" || this.bar.active > 0;
      this.reason = "";
      if (hidden) this.bar.reset();
      this.#filter(question);
    }
    const index = this.shown.findIndex((item) => item.question === question);
    this.show(index);
    return index >= 0;
  }

  /** Paint an item anew. @param {Item} item */
  changed(item) {
    const index = this.shown.indexOf(item);
    if (index >= 0) this.list.repaint(index);
    this.#head();
  }

  /** @param {string} [question] the one to stay at @param {boolean} [show] and show where we are then */
  #filter(question, show = false) {
    this.shown = this.items.filter((item) => fits(item, this.bar.filters));
    this.selected.clear();
    this.none.hidden = this.shown.length > 0 || (this.items.length === 0 && !this.more);
    this.options.onselect();
    const kept = this.shown.findIndex((item) => item.question === question);
    this.at = Math.max(0, kept);
    this.list.show(this.shown.length);
    this.scroller.dataset.count = String(this.shown.length); // rows exist only near the window
    this.#head();
    this.#chips();
    if (show) this.show(this.at);
  }

  #head() {
    if (this.selected.size > 0) {
      this.heading.replaceChildren(h("span", { class: "sl-num" }, `${count(this.selected.size)} selected`));
      return;
    }
    this.heading.replaceChildren("To review ", h("span", { class: "sl-muted sl-num" }, `· ${count(this.left)}`));
    if (this.more) {
      const fit = this.reason || this.bar.active ? "that fit " : "";
      append(this.heading, h("span", { class: "sl-muted" }, ` (the first ${count(this.items.length)} ${fit}are here)`));
    }
  }

  #chips() {
    const reasons = Object.entries(this.#counts);
    const held = this.reasons.contains(document.activeElement);
    const chips = [["", this.#total], ...reasons].map(([name, n]) => {
      const on = name === this.reason;
      return h(
        "button",
        {
          class: `sl-chip${on ? " accent" : ""}`, type: "button", "aria-pressed": String(on), "data-reason": name,
          onclick: () => {
            this.reason = String(name);
            this.#refilter();
          },
        },
        on && h("span", { "aria-hidden": "true" }, "✓"),
        `${name || "all"} ${count(Number(n))}`,
      );
    });
    this.reasons.replaceChildren(...(reasons.length > 1 ? chips : chips.slice(1)));
    if (held) /** @type {HTMLElement | null} */ (this.reasons.querySelector("[aria-pressed=true]"))?.focus();
  }

  /** @param {number} index */
  #idOf(index) {
    return `${this.options.prefix}-item-${index}`;
  }

  /** @param {number} index */
  #paint(index) {
    const item = this.shown[index];
    const active = index === this.at;
    const chosen = this.selected.has(item.question);
    const name = item.lemmas[0] ?? item.key;
    const said = item.reason === "blind" ? "votes hidden" : tally(item);
    return h(
      "div",
      {
        class: `sl-item${active ? " active" : ""}${item.verdict ? " decided" : ""}${chosen ? " chosen" : ""}`, id: this.#idOf(index), role: "option",
        "aria-setsize": this.shown.length, "aria-posinset": index + 1, "aria-selected": String(chosen), "aria-current": active ? "true" : null, "data-index": index, "data-question": item.question, "data-verdict": item.verdict ?? "",
      },
      this.options.thumbnail(item.key),
      h("div", {}, h("b", { title: item.key }, name), h("small", {}, said)),
      this.#chip(item),
    );
  }

  /** @param {Item} item */
  #chip(item) {
    if (item.verdict) {
      const [mark, words, look] = VERDICTS[item.verdict];
      return h("span", { class: `sl-chip ${look}`, title: words, "aria-label": words }, item.pending ? "…" : mark);
    }
    if (this.selected.has(item.question)) return h("span", { class: "sl-chip accent", "aria-label": "selected" }, "☑");
    if (item.reason === "blind") return h("span", { class: "sl-chip", "aria-label": "votes hidden" }, "?");
    if (item.reason === "disputed") return h("span", { class: "sl-chip unsure sl-num", title: "settled against many votes" }, `≷ ${share(item.posterior)}`);
    if (item.reason === "flagged") return h("span", { class: "sl-chip no sl-num", title: `flagged by ${item.flags}` }, `⚑ ${item.flags ? count(item.flags) : "flag"}`);
    if (item.reason === "audit") return h("span", { class: "sl-chip accent" }, "audit");
    return h("span", { class: "sl-chip unsure sl-num" }, share(item.posterior));
  }
}
