// @ts-check
/** What is known of one question: belief, votes, near-duplicates, origin. */

import { append, h } from "./dom.js";
import { count, fileSize, share } from "./review-frame.js";
import { tally } from "./review-queue.js";

/** @typedef {import("./review-queue.js").Item} Item */
/** @typedef {{ annotator: string, answer: string, seconds?: number | null }} Vote */
/** @typedef {{ wnid: string, lemmas: string[], yes: number, no: number, unsure: number, outcome: string }} Asked */
/** @typedef {Record<string, { right: number, low: number, high: number, votes: number, seconds: number | null }>} Reliabilities by annotator */
/**
 * @typedef {object} Around
 * @property {(key: string, alt: string) => HTMLElement} thumbnail
 * @property {Reliabilities} reliability
 * @property {number} beside which near-duplicate is beside the picture; -1: none
 * @property {(index: number) => void} compare put one there
 */
/**
 * @typedef {object} Detail
 * @property {string} [gloss]
 * @property {string} [why]
 * @property {string} [policy]
 * @property {Vote[]} [votes]
 * @property {{ key: string, distance: number, asked?: Asked[] }[]} [duplicates]
 * @property {Record<string, any>} [origin]
 * @property {Asked[]} [others]
 * @property {string[]} [history]
 * @property {boolean} [blind]
 */

/** @type {Record<string, [string, string]>} */
const ANSWERS = { yes: ["✓", "yes"], no: ["✕", "no"], unsure: ["?", "unsure"], skip: ["⚑", "no"] };

/**
 * @param {Element} place
 * @param {Item} item
 * @param {Detail} detail
 * @param {Around} around
 */
export function paintReview(place, item, detail, around) {
  place.replaceChildren(...head(item, detail.gloss));
  if (detail.blind) append(place, h("p", { class: "sl-blind" }, "Blind: the votes are shown after your own verdict."));
  else {
    if (detail.why) append(place, h("p", { class: "sl-why-here" }, detail.why));
    append(place, ...belief(item, detail.policy));
  }
  if (detail.votes?.length) append(place, h("h3", {}, "Votes"), votes(detail.votes, around.reliability));
  if (detail.duplicates?.length) append(place, h("h3", {}, "Near-duplicates ", h("kbd", {}, "D")), duplicates(detail.duplicates, around));
  if (detail.others?.length) append(place, h("h3", {}, "Also asked about"), others(detail.others));
  if (detail.history?.length) {
    append(place, h("h3", {}, "History"), ...detail.history.map((line) => h("p", { class: "sl-said" }, line)));
  }
  if (detail.origin) append(place, h("h3", {}, "Origin"), origin(detail.origin));
}

/** @param {NonNullable<Detail["duplicates"]>} near @param {Around} around */
function duplicates(near, { thumbnail, beside, compare }) {
  const figures = near.map(({ key, distance, asked = [] }, index) => {
    const said = asked.map(({ lemmas, outcome }) => `${lemmas[0]}: ${outcome}`).join(", ");
    const bits = distance === 1 ? "1 bit" : `${distance} bits`;
    return h(
      "button",
      {
        class: "sl-near-one", type: "button", "aria-pressed": String(index === beside), "data-near": key,
        title: `Compare. ${said}`, "aria-label": `Compare with the near-duplicate ${index + 1}, ${bits} away; ${said}`, onclick: () => compare(index),
      },
      thumbnail(key, ""), h("span", { class: "sl-num" }, bits), asked[0] && h("small", {}, said),
    );
  });
  return h("div", { class: "sl-near" }, ...figures);
}

/** The question itself, which is known before the rest. @param {Item} item @param {string} [gloss] @returns {HTMLElement[]} */
export function head(item, gloss) {
  const asked = item.lemmas.length > 0;
  const heading = h("h2", {}, asked ? item.lemmas.join(", ") : item.key);
  const parts = [h("p", { class: "sl-ask" }, asked ? `Is this ${/^[aeiou]/i.test(item.lemmas[0]) ? "an" : "a"}` : "What the votes could not settle"), heading];
  if (gloss) parts.push(h("p", { class: "sl-said" }, gloss));
  if (item.wnid) parts.push(h("p", { class: "sl-mono sl-muted" }, item.wnid));
  return parts;
}

/** @param {Item} item @param {string} [policy] */
function belief({ posterior, yes, no, unsure }, policy) {
  const counts = `${yes} yes, ${no} no${unsure ? `, ${unsure} unsure` : ""}`;
  const bar = posterior !== null && h(
    "div",
    { class: "sl-bar", role: "img", "aria-label": `belief ${share(posterior)}; ${counts}` },
    h("i", { style: `width:${100 * posterior}%;background:var(--sl-yes)` }),
    h("i", { style: `width:${100 * (1 - posterior)}%;background:var(--sl-no)` }),
  );
  const number = posterior === null ? "–" : posterior.toFixed(2);
  return [
    h("h3", {}, "Belief"),
    h("div", { class: "sl-big sl-num" }, number),
    bar,
    !policy?.startsWith(`${yes} yes`) && h("p", { class: "sl-said sl-num" }, counts),
    policy && h("p", { class: "sl-said" }, policy),
  ];
}

/** @param {Vote[]} given @param {Reliabilities} reliability */
function votes(given, reliability) {
  const timed = given.some(({ seconds }) => seconds !== null && seconds !== undefined);
  const rows = given.map(({ annotator, answer, seconds }) => {
    const [mark, look] = ANSWERS[answer] ?? ["·", ""];
    const usual = reliability[annotator]?.seconds;
    return h(
      "tr",
      { "data-annotator": annotator },
      h("td", { title: annotator }, annotator),
      h("td", {}, h("span", { class: `sl-chip ${look}` }, `${mark} ${answer === "skip" ? "flag" : answer}`)),
      believed(reliability[annotator]),
      timed && h("td", { class: "sl-num", title: usual ? `usually ${usual.toFixed(1)} s` : null }, seconds === null || seconds === undefined ? "–" : `${seconds.toFixed(1)} s`),
    );
  });
  const right = "Expected share of right votes, judged by the others' votes, with a 95 % interval";
  const heads = ["Annotator", "Answer", "Right", timed && "Time"].filter(Boolean);
  const made = heads.map((title) => h("th", { scope: "col", title: title === "Right" ? right : null }, title || ""));
  return h("table", { class: "sl-votes" }, h("thead", {}, h("tr", {}, ...made)), h("tbody", {}, ...rows));
}

/** @param {Reliabilities[string] | undefined} known */
function believed(known) {
  if (!known) return h("td", { class: "sl-num sl-muted" }, "–");
  const words = `right ${share(known.right)}, 95 % interval ${share(known.low)} to ${share(known.high)}, by ${count(known.votes)} votes`;
  return h("td", { class: "sl-num sl-right", title: words }, share(known.right), " ", h("small", {}, `${share(known.low)}–${share(known.high)}`));
}

/** @param {NonNullable<Detail["others"]>} asked */
function others(asked) {
  const rows = asked.map(({ wnid, lemmas, outcome, ...counts }) => h(
    "li", {}, h("b", { title: wnid }, lemmas[0]), " ", h("span", { class: "sl-muted sl-num" }, `${tally(counts)} · ${outcome}`),
  ));
  return h("ul", { class: "sl-others" }, ...rows);
}

/** @param {Record<string, any>} from */
function origin(from) {
  const page = typeof from.landing_page === "string" && /^https?:\/\//.test(from.landing_page) ? from.landing_page : "";
  /** @type {[string, Node | string | null | undefined | false][]} */
  const rows = [
    ["Licence", from.licence || "not stated"],
    ["Author", from.author],
    ["Page", page && h("a", { href: page, target: "_blank", rel: "noopener noreferrer" }, new URL(page).host)],
    ["Retrieved", from.retrieved],
    ["File", from.file],
    ["Size", from.width && `${from.width} × ${from.height}${from.bytes ? ` · ${fileSize(from.bytes)}` : ""}`],
    ["pHash", from.phash && h("span", { class: "sl-mono" }, from.phash)],
    ["sha256", from.sha256 && h("span", { class: "sl-mono", title: from.sha256 }, `${from.sha256.slice(0, 8)}…${from.sha256.slice(-4)}`)],
  ];
  const list = h("dl", { class: "sl-origin" });
  for (const [label, value] of rows) if (value) append(list, h("dt", {}, label), h("dd", {}, value));
  return list;
}
