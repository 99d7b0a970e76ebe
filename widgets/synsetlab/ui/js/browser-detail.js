// @ts-check
/** All about one synset: names, gloss, numbers, pictures, the ways to the root, what is beside it. */

import { chooseButtons } from "./browser-choose.js";
import { languageName } from "./browser-words.js";
import { append, h } from "./dom.js";
import { count } from "./review-frame.js";

const WAYS = 2;

/** @typedef {import("./browser-bars.js").Named} Named */
/** @typedef {import("./browser-rows.js").Progress} Progress */
/** @typedef {{ count: number, first: Named[] }} Some */
/**
 * @typedef {import("./browser-rows.js").SynsetNode & {
 *   lemmas: string[], gloss: string, examples: string[], words: Record<string, string[]>, paths: Named[][],
 *   depth: [number, number], height: number, children: number, leaves: number, near: (Named & { why: string })[],
 *   siblings: Some, instances: Some, pictures: string[]
 * }} Detail
 */
/**
 * @typedef {object} DetailActions
 * @property {(wnid: string, path?: string[]) => void} go
 * @property {(wnid: string, on: boolean, scope: string, policy?: string) => void} choose
 * @property {(wnid: string) => void} expand open all below
 * @property {(key: string, alt: string) => HTMLElement} thumbnail
 * @property {HTMLElement} map
 * @property {import("./browser-choose.js").Pick} [pick]
 */

/**
 * @param {Detail} detail
 * @param {DetailActions} actions
 * @returns {HTMLElement}
 */
export function paintDetail(detail, actions) {
  const { wnid, lemmas, own, sub } = detail;
  const place = h("div", { class: "sl-detail", "data-wnid": wnid });
  append(
    place,
    paths(detail, actions),
    h("h2", { tabindex: "-1" }, lemmas.join(", "), " ", h("span", { class: "sl-mono sl-muted" }, wnid)),
    h("p", { class: "sl-gloss" }, detail.gloss),
    detail.examples.length > 0 && h("p", { class: "sl-gloss sl-examples" }, detail.examples.map((text) => `“${text}”`).join(" ")),
    words(detail.words),
    detail.why && h("p", { class: "sl-note" }, h("strong", {}, "Kept out: "), detail.why, detail.rule && detail.rule !== "kept out" && h("span", { class: "sl-muted" }, ` (${detail.rule})`)),
    numbers(detail),
    facts(detail),
    chooseButtons(detail, actions),
  );
  if (detail.pictures.length) {
    const pictures = detail.pictures.map((key, i) => actions.thumbnail(key, `${lemmas[0]}, picture ${i + 1}`));
    append(place, section("Accepted pictures", h("div", { class: "sl-strip", role: "group", "aria-label": "Accepted pictures", tabindex: "0" }, ...pictures)));
  } else if (own ?? sub) {
    append(place, section("Accepted pictures", h("p", { class: "sl-muted" }, "None yet.")));
  }
  if (detail.near.length) append(place, section("Easily confused with", near(detail.near, actions)));
  append(place, actions.map);
  if (detail.instances.count) append(place, section("Instances, not classes", chips(detail.instances, actions)));
  if (detail.siblings.count) append(place, section("Siblings", chips(detail.siblings, actions)));
  return place;
}

/** @param {string} title @param {...Node} children */
function section(title, ...children) {
  return h("section", {}, h("h3", {}, title), ...children);
}

/** @param {Some} others @param {DetailActions} actions */
function chips({ count: all, first }, actions) {
  const buttons = first.map(({ wnid, name }) =>
    h("button", { class: "sl-chip", type: "button", title: wnid, onclick: () => actions.go(wnid) }, name),
  );
  const more = all - first.length;
  return h("div", { class: "sl-chips" }, ...buttons, more > 0 && h("span", { class: "sl-muted" }, `and ${count(more)} more`));
}

/** @param {Record<string, string[]>} byLanguage */
function words(byLanguage) {
  const lines = Object.entries(byLanguage);
  if (lines.length === 0) return null;
  const items = lines.map(([code, lemmas]) => h("div", {}, h("dt", {}, languageName(code)), h("dd", { lang: code }, lemmas.join(", "))));
  return h("dl", { class: "sl-words" }, ...items);
}

/** Images: the synset's own, and of all below it where that is more. @param {Detail} detail */
function numbers({ own, sub, size = 0 }) {
  /** @type {[string, Progress][]} */
  const rows = [];
  if (own) rows.push(["This synset", own]);
  if (sub && (!own || (size > 0 && String(sub) !== String(own)))) rows.push([own ? "With all below" : "All below", sub]);
  if (rows.length === 0) return null;
  const review = rows.some(([, line]) => line[3] > 0);
  const head = ["Images", "Candidates", "Accepted", "Target", ...(review ? ["To review"] : []), "Complete"];
  const body = rows.map(([label, [candidates, accepted, target, waiting, filled]]) => {
    const part = target ? Math.floor((100 * filled) / target) : null;
    const cells = [candidates, accepted, target, ...(review ? [waiting] : [])].map((value, i) => h("td", { class: "sl-num" }, i === 2 && !value ? "–" : count(value)));
    const bar = h("span", { class: "sl-bar" }, h("i", { style: `width:${part ?? 0}%;background:var(--${part === 100 ? "sl-yes" : "sl-accent"})` }));
    return h("tr", {}, h("th", { scope: "row" }, label), ...cells, h("td", { class: "sl-part sl-num" }, part === null ? "–" : h("span", {}, `${part} %`, bar)));
  });
  return h(
    "table",
    { class: "sl-numbers" },
    h("thead", {}, h("tr", {}, ...head.map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, ...body),
  );
}

/** @param {Detail} detail */
function facts({ size = 0, depth, height, children, leaves }) {
  /** @type {[string, string][]} value and what it is of, in the order of speech */
  const shown = [];
  if (children > 0) shown.push([count(children), children === 1 ? "child" : "children"], [count(size), "below"], [count(leaves), leaves === 1 ? "leaf" : "leaves"]);
  const counts = shown.map(([value, label]) => h("div", {}, h("dt", {}, label), h("dd", { class: "sl-num" }, value)));
  const deep = depth[0] === depth[1] ? String(depth[0]) : `${depth[0]}–${depth[1]}`;
  const measures = [["depth", deep], ["height", String(height)]].map(([label, value]) =>
    h("div", { class: "sl-measure" }, h("dt", {}, label), h("dd", { class: "sl-num" }, value)),
  );
  return h("dl", { class: "sl-facts" }, ...counts, ...measures);
}

/** @param {(Named & { why: string })[]} others @param {DetailActions} actions */
function near(others, actions) {
  const items = others.map(({ wnid, name, why }) =>
    h("li", {}, h("button", { class: "sl-chip", type: "button", title: wnid, onclick: () => actions.go(wnid) }, name), h("span", { class: "sl-muted" }, why)),
  );
  return h("ul", { class: "sl-near-list" }, ...items);
}

/** Every way from the root; where they are many, all but the first few on request. @param {Detail} detail @param {DetailActions} actions */
function paths({ paths: ways }, actions) {
  if (ways.length === 1 && ways[0].length === 1) return null; // the root
  const lines = ways.map((way) => {
    const steps = way.map(({ name, wnid }, i) => {
      if (i === way.length - 1) return h("li", { "aria-current": "true" }, name);
      const path = way.slice(0, i + 1).map((step) => step.wnid);
      return h("li", {}, h("button", { class: "sl-crumb", type: "button", title: wnid, onclick: () => actions.go(wnid, path) }, name));
    });
    return h("ol", { class: "sl-crumbs" }, ...steps);
  });
  const more = lines.length > WAYS + 1 ? lines.splice(WAYS) : [];
  const folded = more.length > 0 && h("details", { class: "sl-more-ways" }, h("summary", {}, `${more.length} more ways`), ...more);
  return h("nav", { class: "sl-ways", "aria-label": ways.length === 1 ? "Path from the root" : `${ways.length} paths from the root` }, ...lines, folded);
}

/**
 * Put a painted detail in the place of another; the keyboard stays where it was as far as there is such a
 * place: on the same button of the same synset, on the map, else on the heading.
 *
 * @param {HTMLElement} place
 * @param {() => HTMLElement} paint takes the map out of the page, and so the focus from it
 * @param {boolean} same it is the same synset
 * @param {() => void} drawMap once it is in the page and so has a width
 */
export function swapDetail(place, paint, same, drawMap) {
  const { activeElement } = document;
  const focused = place.contains(activeElement);
  const onMap = activeElement?.closest(".sl-map-board") !== null && focused;
  const action = activeElement instanceof HTMLElement ? activeElement.dataset.do ?? activeElement.dataset.choice : undefined;
  const top = place.scrollTop;
  place.replaceChildren(paint());
  drawMap();
  place.scrollTop = same || onMap ? top : 0;
  if (!focused) return;
  const cell = onMap ? place.querySelector('.sl-map-board button[tabindex="0"]') : null;
  const again = same && action ? place.querySelector(`[data-do="${action}"], [data-choice="${action}"]`) : null;
  const target = cell ?? again ?? place.querySelector(same ? "[data-do=self]" : "h2");
  /** @type {HTMLElement | null} */ (target)?.focus({ preventScroll: onMap });
}
