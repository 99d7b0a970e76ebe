// @ts-check
/** The bars above and below the tree: filters, languages, the basket. */

import { languageName } from "./browser-words.js";
import { append, h } from "./dom.js";
import { count } from "./review-frame.js";

/** @typedef {{ wnid: string, name: string }} Named */
/**
 * @typedef {object} Basket
 * @property {number} chosen
 * @property {boolean} can_undo
 * @property {boolean} can_redo
 * @property {number} conflict_count
 * @property {[Named, Named][]} conflicts
 * @property {number} [wanted] chosen synsets of which images are wanted
 * @property {number} [complete] those that have them all
 * @property {{ value: number, terms: Term[] }} [worth] U
 * @property {Merge[]} merges broader synsets that could take the place of chosen ones; the first of them
 * @property {number} merge_count
 */
/** @typedef {Named & { replaces: string[], count: number, why: string }} Merge the names of a few of `count` */
/** @typedef {{ name: string, value: number, weight: number, contribution: number, meaning: string }} Term */
/**
 * @typedef {object} BasketActions
 * @property {(wnid: string) => void} reveal
 * @property {(type: "undo" | "redo" | "clear" | "save" | "resolve" | "merge", fields?: Record<string, unknown>) => void} ask
 */

/** @type {Record<string, string>} */
export const FILTERS = {
  chosen: "Chosen", leaves: "Leaves only", images: "With images", below: "Below target", review: "Needs review", excluded: "Kept out",
};

/**
 * Chips that are switched on and off.
 *
 * @param {HTMLElement} place its chips are made anew, the focus stays
 * @param {[name: string, label: string][]} names
 * @param {string[]} on
 * @param {(name: string) => void} toggle
 * @param {string} kind
 */
export function paintChips(place, names, on, toggle, kind) {
  const focused = place.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset[kind] : undefined;
  const chips = names.map(([name, label]) =>
    h(
      "button",
      {
        class: `sl-chip${on.includes(name) ? " accent" : ""}`, type: "button", [`data-${kind}`]: name,
        "aria-pressed": String(on.includes(name)), onclick: () => toggle(name),
      },
      on.includes(name) && h("span", { "aria-hidden": "true" }, "✓"),
      label,
    ),
  );
  place.replaceChildren(...chips);
  if (focused !== undefined) chips.find((chip) => chip.dataset[kind] === focused)?.focus();
}

/** @param {string[]} codes @returns {[string, string][]} */
export function languageChips(codes) {
  return codes.map((code) => [code, languageName(code)]);
}

/**
 * How many are chosen, what is wrong with them, and what can be done.
 *
 * @param {HTMLElement} place
 * @param {Basket} basket
 * @param {BasketActions} actions
 */
export function paintBasket(place, basket, actions) {
  const focused = place.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.do : undefined;
  const words = h("div", { class: "sl-basket-words sl-muted" });
  const [pair] = basket.conflicts;
  if (basket.chosen === 0) append(words, "Tick a synset to put it into the selection.");
  else if (!pair) append(words, "No class is an ancestor of another.");
  else append(words, ...conflict(pair, basket.conflict_count, actions));
  if (basket.wanted) append(words, " ", completeness(basket.complete ?? 0, basket.wanted, !basket.worth));
  /** @param {string} text @param {"undo" | "redo" | "clear" | "save"} what @param {boolean} enabled @param {string} title */
  const button = (text, what, enabled, title) =>
    h("button", { class: "sl-button", type: "button", "data-do": what, disabled: !enabled, title, onclick: () => actions.ask(what) }, text);
  const buttons = h(
    "div",
    { class: "sl-basket-buttons" },
    button("Undo", "undo", basket.can_undo, "Take the last change back (Ctrl+Z)"),
    button("Redo", "redo", basket.can_redo, "Do it again (Ctrl+Shift+Z)"),
    button("Clear", "clear", basket.chosen > 0, "Choose nothing; Undo brings it back"),
    button("Save list", "save", basket.chosen > 0, "Download the chosen wnids, one a line"),
  );
  const isOpen = (/** @type {string} */ name) => /** @type {HTMLDetailsElement | null} */ (place.querySelector(`details.${name}`))?.open ?? false;
  const [worthOpen, mergesOpen] = [isOpen("sl-worth"), isOpen("sl-merges")];
  place.replaceChildren(h("strong", { class: "sl-num" }, `${count(basket.chosen)} chosen`), words, buttons);
  if (basket.merge_count > 0) place.prepend(merges(basket, mergesOpen, actions));
  if (basket.worth) place.prepend(worth(basket.worth, worthOpen));
  if (focused === undefined) return;
  const same = /** @type {HTMLButtonElement | null} */ (place.querySelector(`[data-do="${focused}"]:not(:disabled)`));
  (same ?? /** @type {HTMLButtonElement | null} */ (place.querySelector("button:not(:disabled)")))?.focus();
}

/** How many of the chosen classes have all that is wanted. @param {number} complete @param {number} wanted @param {boolean} term also as the share */
function completeness(complete, wanted, term) {
  const title = "C_hier of the chosen classes: the share that has as many accepted images as wanted";
  const share = term ? ` · C_hier ${(complete / wanted).toFixed(2)}` : "";
  return h("span", { class: "sl-num sl-complete", title: term && title }, `${count(complete)} of ${count(wanted)} complete${share}`);
}

/** U and, on request, the terms that it is the sum of. @param {{ value: number, terms: Term[] }} of @param {boolean} open */
function worth({ value, terms }, open) {
  const rows = terms.map((term) =>
    h(
      "tr",
      { title: term.meaning },
      h("th", { scope: "row" }, term.name),
      ...[`${term.weight < 0 ? "−" : ""}${Math.abs(term.weight)}`, term.value.toFixed(4), signed(term.contribution)].map((text) => h("td", { class: "sl-num" }, text)),
      h("td", { class: "sl-muted" }, term.meaning),
    ),
  );
  const head = h("tr", {}, ...["Term", "Weight", "Value", "Adds", ""].map((text) => h("th", { scope: "col" }, text)));
  const brief = terms.map((term) => `${term.name} ${term.value.toFixed(2)}`).join(" · ");
  return h(
    "details",
    { class: "sl-worth", open },
    h("summary", {}, h("strong", { class: "sl-num" }, `U ${signed(value)}`), h("span", { class: "sl-muted sl-num" }, brief)),
    h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows)),
  );
}

/**
 * Broader synsets that people may know better than the chosen ones below them: one button each.
 *
 * @param {Basket} basket
 * @param {boolean} open
 * @param {BasketActions} actions
 */
function merges({ merges: found, merge_count: total }, open, actions) {
  const items = found.map(({ wnid, name, replaces, count: n, why }) => {
    const rest = n > replaces.length ? ` and ${count(n - replaces.length)} more` : "";
    const below = `${replaces.join(", ")}${rest}`;
    return h(
      "li",
      {},
      h("div", {},
        h("button", { class: "sl-crumb", type: "button", title: wnid, onclick: () => actions.reveal(wnid) }, name), ` instead of ${below}`,
        h("small", { class: "sl-muted" }, `${why[0].toUpperCase()}${why.slice(1)}.`)),
      h("button", { class: "sl-button", type: "button", "data-do": "merge", "data-wnid": wnid, "aria-label": `Merge ${below} into ${name}`, onclick: () => actions.ask("merge", { wnid }) }, `Merge ${count(n)}`),
    );
  });
  const more = total - found.length;
  if (more > 0) items.push(h("li", { class: "sl-muted" }, `and ${count(more)} more, shown as these are decided`));
  const words = total === 1 ? "A broader class may serve better" : `${count(total)} broader classes may serve better`;
  return h("details", { class: "sl-merges", open }, h("summary", {}, h("span", {}, words)), h("ul", {}, ...items));
}

/** @param {number} value */
function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(4)}`;
}

/** @param {[Named, Named]} pair @param {number} total @param {BasketActions} actions @returns {(Node | string)[]} */
function conflict([above, below], total, actions) {
  /** @param {string} text @param {string} policy */
  const keep = (text, policy) =>
    h("button", { class: "sl-crumb", type: "button", "data-do": `resolve-${policy}`, onclick: () => actions.ask("resolve", { policy }) }, text);
  const more = total > 1 ? ` (and ${count(total - 1)} more)` : "";
  return [
    h("strong", { class: "sl-warn" }, "⚠ "),
    h("button", { class: "sl-crumb", type: "button", onclick: () => actions.reveal(above.wnid) }, above.name),
    ` is an ancestor of ${below.name}${more}. Keep the `,
    keep("specific", "deepest"),
    " or the ",
    keep("general", "shallowest"),
    " ones.",
  ];
}

/** Give a text to the reader as a file. @param {string} name @param {string} text */
export function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  const link = h("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** The heads of the tree's columns. */
export function treeHead() {
  return h(
    "div",
    { class: "sl-row sl-tree-head", "aria-hidden": "true" },
    h("span", {}, "Synset"), h("span", { class: "sl-head-bar" }, "Accepted / target"),
    h("span", { class: "sl-count" }, "Images"), h("span", { class: "sl-size" }, "Hyponyms"),
  );
}

/** Why the filters leave nothing. @param {string[]} filters @param {() => void} all */
export function nothing(filters, all) {
  /** @type {Record<string, string>} */
  const why = {
    chosen: "Nothing is chosen yet.", images: "No synset has images yet.", below: "No synset is below its target.",
    review: "No picture waits for an expert.", excluded: "No rule keeps a synset out.",
  };
  const text = (filters.length === 1 && why[filters[0]]) || "No synset fits all these filters.";
  const button = h("button", { class: "sl-button", type: "button", onclick: all }, "Show all");
  return h("div", { class: "sl-empty" }, h("strong", {}, text), button);
}
