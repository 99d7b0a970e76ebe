// @ts-check
/** Which questions are in view: by why they are here, synset, annotator, outcome, doubt and agreement. */

import { h } from "./dom.js";
import { count } from "./review-frame.js";

/** @typedef {import("./review-queue.js").Item} Item */
/** @typedef {{ reason: string, wnid: string, annotator: string, outcome: string, doubt: string, agreement: string }} Filters */

/** Bits of entropy: from, below. @type {Record<string, [string, number, number]>} */
const DOUBTS = {
  high: ["much doubt, from .9 bit", 0.9, Infinity],
  some: ["some, .5 to .9 bit", 0.5, 0.9],
  low: ["little, below .5 bit", -1, 0.5],
};
/** Share of the most frequent answer: above, up to. @type {Record<string, [string, number, number]>} */
const AGREEMENTS = {
  split: ["split, up to 60 %", -1, 0.6],
  most: ["most agree, up to 80 %", 0.6, 0.8],
  nearly: ["nearly all, above 80 %", 0.8, 1.01],
};

/** The filters as Python takes them. @param {Filters} filters */
export function forPython({ doubt, agreement, ...equal }) {
  const range = (/** @type {[string, number, number] | undefined} */ limits) => (limits ? [limits[1], Math.min(9, limits[2])] : null);
  const all = { ...equal, entropy: range(DOUBTS[doubt]), agreement: range(AGREEMENTS[agreement]) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value));
}

/** @returns {Filters} */
export function noFilters() {
  return { reason: "", wnid: "", annotator: "", outcome: "", doubt: "", agreement: "" };
}

/** Whether an item is in view. @param {Item} item @param {Filters} filters */
export function fits(item, filters) {
  const doubt = DOUBTS[filters.doubt];
  const agreement = AGREEMENTS[filters.agreement];
  return (filters.reason === "" || item.reason === filters.reason)
    && (filters.wnid === "" || item.wnid === filters.wnid)
    && (filters.outcome === "" || item.outcome === filters.outcome)
    && (filters.annotator === "" || (item.annotators ?? []).includes(filters.annotator))
    && (!doubt || (item.entropy ?? 1) >= doubt[1] && (item.entropy ?? 1) < doubt[2])
    && (!agreement || typeof item.agreement === "number" && item.agreement > agreement[1] && item.agreement <= agreement[2]);
}

/**
 * The choices that there are, most frequent first: value, words, number.
 *
 * @param {Item[]} items
 * @param {(item: Item) => [string, string][]} named
 * @returns {[string, string, number][]}
 */
export function facet(items, named) {
  /** @type {Map<string, [string, string, number]>} */
  const found = new Map();
  for (const item of items) {
    for (const [value, words] of named(item)) {
      const known = found.get(value);
      if (known) known[2] += 1;
      else found.set(value, [value, words, 1]);
    }
  }
  return [...found.values()].sort((a, b) => b[2] - a[2] || a[1].localeCompare(b[1]));
}

export class FilterBar {
  filters = noFilters();

  /** @param {() => void} onchange */
  constructor(onchange) {
    this.onchange = onchange;
    this.body = h("div", { class: "sl-filter-body", hidden: true });
    this.toggle = h("button", { class: "sl-chip", type: "button", "aria-expanded": "false", "data-do": "filters", onclick: () => this.#open() }, "Filter…");
    this.clear = h("button", { class: "sl-chip accent", type: "button", "data-do": "clear-filters", hidden: true, onclick: () => this.reset() }, "✕ filters");
  }

  /** How many are set, the reason left out, which has chips of its own. */
  get active() {
    return Object.entries(this.filters).filter(([name, value]) => name !== "reason" && value !== "").length;
  }

  reset() {
    this.filters = { ...noFilters(), reason: this.filters.reason };
    for (const select of this.body.querySelectorAll("select")) select.value = "";
    this.#changed();
  }

  /** Set the filter by synset, also to one of which there is no question. @param {string} wnid */
  narrow(wnid) {
    this.filters.wnid = wnid;
    const select = this.body.querySelector("[data-filter=wnid]");
    if (select instanceof HTMLSelectElement) select.value = wnid;
    this.clear.hidden = this.active === 0;
  }

  /**
   * Offer what these items have, or what Python says that all have.
   *
   * @param {Item[]} items
   * @param {Record<string, [string, string, number][]> | null} all
   */
  load(items, all) {
    const name = (/** @type {Item} */ item) => item.lemmas[0] ?? item.wnid;
    /** @type {[keyof Filters, string, [string, string, number | null][]][]} */
    const fields = [
      ["wnid", "Synset", all?.wnid ?? facet(items, (item) => (item.wnid ? [[item.wnid, name(item)]] : []))],
      ["annotator", "Annotator", all?.annotator ?? facet(items, (item) => (item.annotators ?? []).map((one) => [one, one]))],
      ["outcome", "Votes say", all?.outcome ?? facet(items, (item) => (item.outcome ? [[item.outcome, item.outcome]] : []))],
      ["doubt", "Doubt", Object.entries(DOUBTS).map(([value, [words]]) => [value, words, null])],
      ["agreement", "Agreement", Object.entries(AGREEMENTS).map(([value, [words]]) => [value, words, null])],
    ];
    const held = document.activeElement instanceof HTMLElement && this.body.contains(document.activeElement) ? document.activeElement.dataset.filter : "";
    this.body.replaceChildren(...fields.filter(([, , options]) => options.length > 0).map(([field, words, options]) => this.#field(field, words, options)));
    if (held) /** @type {HTMLElement | null} */ (this.body.querySelector(`[data-filter=${held}]`))?.focus();
  }

  /** @param {keyof Filters} field @param {string} words @param {[string, string, number | null][]} options */
  #field(field, words, options) {
    const made = options.map(([value, text, n]) => h("option", { value }, n === null ? text : `${text} (${count(n)})`));
    const select = h("select", {
      "data-filter": field,
      onchange: () => {
        this.filters[field] = select.value;
        this.#changed();
      },
    }, h("option", { value: "" }, "any"), ...made);
    if (options.some(([value]) => value === this.filters[field])) select.value = this.filters[field];
    else if (field !== "reason" && field !== "wnid") this.filters[field] = "";
    return h("label", {}, h("span", {}, words), select);
  }

  #open() {
    this.body.hidden = !this.body.hidden;
    this.toggle.setAttribute("aria-expanded", String(!this.body.hidden));
  }

  #changed() {
    this.clear.hidden = this.active === 0;
    this.onchange();
  }
}
