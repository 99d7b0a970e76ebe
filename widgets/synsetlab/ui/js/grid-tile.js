// @ts-check
/** One tile: a picture, its answer, whether it was looked at, whether it is saved. */

import { h, write } from "./dom.js";
import { lookOf } from "./grid-state.js";

/**
 * @typedef {object} TileFacts
 * @property {number} index
 * @property {number} count
 * @property {import("./grid-page.js").Item | undefined} item undefined: it has not come yet
 * @property {import("./grid-state.js").Answer | null} answer
 * @property {import("./grid-state.js").Answer | null} implied what it counts as when it stays without an answer
 * @property {import("./grid-state.js").Choice[]} choices
 * @property {boolean} seen
 * @property {boolean} pending not saved yet
 * @property {boolean} late for so long that it is shown
 * @property {boolean} selected
 * @property {boolean} focused
 * @property {{ state: "ready", url: string } | { state: "missing", why: string } | { state: "loading" }} thumb
 */

/** @returns {HTMLElement} */
export function makeTile() {
  return h(
    "div",
    { class: "sl-tile", role: "gridcell", tabindex: "-1" },
    h("img", { alt: "", draggable: "false", decoding: "async", hidden: true }),
    h("span", { class: "sl-mark", "aria-hidden": "true" }),
    h("i", { class: "sl-unseen", "aria-hidden": "true" }),
    h("i", { class: "sl-spin", "aria-hidden": "true" }),
    h("button", { class: "sl-zoom", type: "button", tabindex: "-1", "aria-hidden": "true", title: "Look at it in full (Enter)" }, "⤢"),
  );
}

/**
 * What a tile says to who cannot see it.
 *
 * @param {TileFacts} facts
 * @returns {string}
 */
export function spoken({ index, count, item, answer, implied, choices, seen, thumb }) {
  const name = item?.title ? `, ${item.title}` : "";
  const broken = thumb.state === "missing" ? ", cannot be shown" : "";
  const rest = !seen ? "not looked at yet" : implied ? `not marked, counts as ${implied}` : "no answer";
  return `Picture ${index + 1} of ${count}${name}${broken}: ${answer ? lookOf(answer, choices).word : rest}`;
}

/** Bring a tile up to date. @param {HTMLElement} tile @param {TileFacts} facts */
export function paintTile(tile, facts) {
  const { index, item, answer, implied, choices, seen, pending, late, selected, focused, thumb } = facts;
  const place = choices.findIndex(({ value }) => value === answer);
  const shown = answer ?? (seen ? implied : null);
  set(tile, "data-index", String(index));
  set(tile, "data-key", item?.key ?? "");
  set(tile, "data-answer", answer ?? "none");
  set(tile, "data-implied", answer === null && seen && implied ? implied : "");
  set(tile, "data-class", place < 0 ? "" : String(place % 8));
  set(tile, "data-word", place < 0 ? "" : choices[place].name);
  set(tile, "data-seen", String(seen));
  set(tile, "data-pending", String(pending));
  set(tile, "data-late", String(late));
  set(tile, "data-thumb", thumb.state);
  set(tile, "data-focus", String(focused));
  set(tile, "aria-selected", String(selected));
  set(tile, "aria-label", spoken(facts));
  set(tile, "tabindex", focused ? "0" : "-1");
  const [image, mark] = /** @type {[HTMLImageElement, HTMLElement]} */ (/** @type {unknown} */ (tile.children));
  const text = shown ? lookOf(shown, choices).mark : "✓";
  write(mark, text);
  const url = thumb.state === "ready" ? thumb.url : "";
  if (image.dataset.url !== url) {
    image.dataset.url = url;
    image.hidden = !url;
    if (url) image.src = url;
    else image.removeAttribute("src");
  }
  set(tile, "data-why", thumb.state === "missing" ? thumb.why : "");
  const title = thumb.state === "missing" ? thumb.why : (item?.title ?? "");
  if (tile.title !== title) tile.title = title;
}

/** @param {HTMLElement} element @param {string} name @param {string} value */
function set(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
