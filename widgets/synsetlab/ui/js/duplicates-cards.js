// @ts-check
/** The copies of one cluster as cards side by side. */

import { h } from "./dom.js";
import { pairOf, reference, standing } from "./duplicates-rules.js";
import { fileSize } from "./review-frame.js";

/** @typedef {import("./duplicates-rules.js").Cluster} Cluster */
/** @typedef {import("./duplicates-rules.js").Copy} Copy */

/** Marks, words and looks of what happens to a copy. @type {Record<string, [string, string, string]>} */
export const STATES = {
  keep: ["✓", "keep", "yes"],
  drop: ["✕", "drop", "no"],
  "not-a-duplicate": ["≠", "not a duplicate", "accent"],
  look: ["?", "look at it", "unsure"],
};

/** Why two pictures are together. @type {Record<string, string>} */
const WHY = {
  auto: "sure", verified: "second look agrees", review: "needs your eye", different: "second look disagrees",
};

/** @type {[string, string, string][]} verdict, words, key */
const BUTTONS = [["keep", "Keep", "K"], ["drop", "Drop", "D"], ["not-a-duplicate", "No duplicate", "N"]];

/**
 * @param {Cluster} cluster
 * @param {Copy} copy
 * @param {boolean} active
 * @param {{ thumbnail: (key: string, alt: string) => HTMLElement, decide: (key: string, verdict: string) => void }} actions
 * @returns {HTMLElement}
 */
export function card(cluster, copy, active, { thumbnail, decide }) {
  const state = standing(copy);
  const [mark, words, look] = STATES[state];
  const base = reference(cluster);
  const own = copy.verdict !== null;
  return h(
    "article",
    {
      class: `sl-card ${state}${own ? " own" : ""}`, tabindex: active ? "0" : "-1", "data-key": copy.key, "data-standing": state,
      "data-verdict": copy.verdict ?? "", "aria-label": `${copy.name}: ${words}${own ? "" : ", suggested"}`,
      "aria-current": active ? "true" : null,
    },
    h(
      "div",
      { class: "sl-card-picture" },
      thumbnail(copy.key, copy.name),
      h("span", { class: `sl-chip ${look}` }, `${mark} ${words}`, !own && state !== "look" && h("small", {}, " suggested")),
    ),
    h("strong", { class: "sl-card-name", title: copy.name }, copy.name),
    facts(cluster, copy, base),
    h(
      "div",
      { class: "sl-card-actions", role: "group", "aria-label": `Verdict on ${copy.name}` },
      ...BUTTONS.map(([verdict, label, key]) =>
        h(
          "button",
          {
            class: "sl-button", type: "button", "data-verdict": verdict, "aria-pressed": String(copy.verdict === verdict),
            "aria-keyshortcuts": key, onclick: () => decide(copy.key, verdict),
          },
          copy.verdict === verdict && `${STATES[verdict][0]} `, label, active && h("kbd", {}, key),
        ),
      ),
    ),
  );
}

/** @param {Cluster} cluster @param {Copy} copy @param {Copy} base */
function facts(cluster, copy, base) {
  /** @type {[string, Node | string, string][]} label, value, look */
  const rows = [
    ["Distance", distance(cluster, copy, base), ""],
    ["Size", `${copy.width} × ${copy.height}`, best(cluster, (one) => one.width * one.height, copy)],
    ["File", `${fileSize(copy.bytes)} ${copy.format}`, best(cluster, (one) => one.bytes, copy)],
  ];
  if (copy.licence) rows.push(["Licence", copy.licence, ""]);
  if (copy.source) rows.push(["Source", copy.source, ""]);
  const list = h("dl", { class: "sl-origin sl-num" });
  for (const [label, value, look] of rows) {
    list.append(h("dt", {}, label), h("dd", { class: look, title: look && "the most of all copies" }, value, look && " ▲"));
  }
  return list;
}

/** @param {Cluster} cluster @param {Copy} copy @param {Copy} base */
function distance(cluster, copy, base) {
  if (copy === base) return "reference";
  const pair = pairOf(cluster, copy.key, base.key);
  if (!pair) return "through another copy";
  const bits = pair.distance === 1 ? "1 bit" : `${pair.distance} bits`;
  return h("span", {}, h("b", {}, bits), ` · ${WHY[pair.verdict] ?? pair.verdict}`);
}

/** "best" if this copy alone has most of something. @param {Cluster} cluster @param {(copy: Copy) => number} measure @param {Copy} copy */
function best({ copies }, measure, copy) {
  return copies.every((other) => other === copy || measure(other) < measure(copy)) ? "best" : "";
}
