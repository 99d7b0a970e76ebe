// @ts-check
/** The dashboard's tables: synsets, annotators, and the confidence table of one synset. */

import { h } from "./dom.js";
import { count, share } from "./review-frame.js";

/**
 * @typedef {object} Synset
 * @property {string} wnid
 * @property {string} name
 * @property {number} questions
 * @property {number} accepted
 * @property {number} rejected
 * @property {number} ambiguous
 * @property {number} open
 * @property {number} votes
 * @property {number | null} agreement
 * @property {number | null} difficulty
 */
/**
 * @typedef {object} Annotator
 * @property {string} name
 * @property {number} votes
 * @property {number | null} right
 * @property {number | null} right_low
 * @property {number | null} right_high
 * @property {number} gold_right
 * @property {number} gold_votes
 * @property {number | null} seconds
 * @property {string[]} flags
 */
/** @typedef {{ wnid: string, name: string, kind: string, text: string, annotator: string, at: string }} Problem */
/** @typedef {{ yes: number, no: number, questions: number, belief: number | null }} Cell */
/**
 * @template Row
 * @typedef {{ name: string, words: string, title?: string, of: (row: Row) => string | number | null, show: (row: Row) => Node | string, number?: boolean }} Column
 */

/**
 * Rows in order of a column; what is not known comes last, up or down.
 *
 * @template Row
 * @param {Row[]} rows
 * @param {(row: Row) => string | number | null} of
 * @param {boolean} down
 * @returns {Row[]}
 */
export function sorted(rows, of, down) {
  return [...rows].sort((one, other) => {
    const [a, b] = [of(one), of(other)];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    const order = typeof a === "string" ? a.localeCompare(String(b)) : a - Number(b);
    return down ? -order : order;
  });
}

/** A table whose heads sort it. @template Row */
export class SortedTable {
  /** @type {Row[]} */
  #rows = [];

  /**
   * @param {string} label
   * @param {Column<Row>[]} columns
   * @param {{ by: string, down: boolean, key: (row: Row) => string }} options how it is sorted at first, and what names a row
   */
  constructor(label, columns, options) {
    this.columns = columns;
    this.by = options.by;
    this.down = options.down;
    this.key = options.key;
    this.body = h("tbody", {});
    this.heads = columns.map((column) => h(
      "th",
      { scope: "col", class: column.number ? "sl-num" : "", title: column.title ?? null },
      h("button", { class: "sl-sort", type: "button", "data-sort": column.name, onclick: () => this.sort(column.name) }, column.words),
    ));
    this.element = h("div", { class: "sl-scroll" }, h("table", { class: "sl-table", "aria-label": label }, h("thead", {}, h("tr", {}, ...this.heads)), this.body));
  }

  /** @param {string} name */
  sort(name) {
    this.down = this.by === name ? !this.down : Boolean(this.columns.find((column) => column.name === name)?.number);
    this.by = name;
    this.show(this.#rows);
  }

  /** @param {Row[]} rows */
  show(rows) {
    this.#rows = rows;
    this.columns.forEach((column, i) => {
      const on = column.name === this.by;
      this.heads[i].setAttribute("aria-sort", on ? (this.down ? "descending" : "ascending") : "none");
    });
    const column = this.columns.find(({ name }) => name === this.by);
    const ordered = column ? sorted(rows, column.of, this.down) : rows;
    this.body.replaceChildren(...ordered.map((row) => h(
      "tr",
      { "data-key": this.key(row) },
      ...this.columns.map((one, i) => h(i === 0 ? "th" : "td", { class: one.number ? "sl-num" : "", scope: i === 0 ? "row" : null }, one.show(row))),
    )));
  }
}

/** What became of a synset's questions, in one bar. @param {Synset} row */
export function outcomeBar(row) {
  /** @type {[string, number, string][]} */
  const parts = [["accepted", row.accepted, "--sl-yes"], ["rejected", row.rejected, "--sl-no"], ["ambiguous", row.ambiguous, "--sl-unsure"]];
  const words = [...parts.map(([name, n]) => `${n} ${name}`), `${row.open} open`].join(", ");
  const pieces = parts.map(([, n, colour]) => h("i", { style: `width:${(100 * n) / Math.max(1, row.questions)}%;background:var(${colour})` }));
  return h("div", { class: "sl-bar", role: "img", "aria-label": words, title: words }, ...pieces);
}

/** @param {(row: Synset) => void} open @returns {Column<Synset>[]} */
export function synsetColumns(open) {
  return [
    { name: "name", words: "Synset", of: (row) => row.name, show: (row) => h("button", { class: "sl-link", type: "button", title: row.wnid, onclick: () => open(row) }, row.name) },
    { name: "questions", words: "Pictures", number: true, of: (row) => row.questions, show: (row) => count(row.questions) },
    { name: "decided", words: "Decided", of: (row) => (row.questions ? 1 - row.open / row.questions : null), show: outcomeBar },
    { name: "open", words: "Open", number: true, of: (row) => row.open, show: (row) => count(row.open) },
    { name: "expert", words: "For expert", number: true, of: (row) => row.ambiguous, show: (row) => count(row.ambiguous) },
    { name: "votes", words: "Votes", number: true, of: (row) => row.votes, show: (row) => count(row.votes) },
    { name: "agreement", words: "Agreement", title: "mean share of pairs of votes that agree", number: true, of: (row) => row.agreement, show: (row) => share(row.agreement) },
    { name: "difficulty", words: "Difficulty", title: "mean entropy of the beliefs, bits: 0 all certain, 1 nothing known", number: true, of: (row) => row.difficulty, show: (row) => share(row.difficulty) },
  ];
}

/** @returns {Column<Annotator>[]} */
export function annotatorColumns() {
  return [
    { name: "name", words: "Annotator", of: (row) => row.name, show: (row) => row.name },
    { name: "votes", words: "Votes", number: true, of: (row) => row.votes, show: (row) => count(row.votes) },
    { name: "right", words: "Right", title: "expected share of right votes, judged by the others' votes, with a 95 % interval", of: (row) => row.right, show: interval },
    { name: "gold", words: "Gold", title: "right answers to questions whose answer is known", number: true, of: (row) => (row.gold_votes ? row.gold_right / row.gold_votes : null), show: (row) => (row.gold_votes ? `${row.gold_right} of ${row.gold_votes}` : "–") },
    { name: "seconds", words: "Median time", number: true, of: (row) => row.seconds, show: (row) => (row.seconds === null ? "–" : `${row.seconds.toFixed(1)} s`) },
    { name: "flags", words: "Look at", of: (row) => -row.flags.length, show: (row) => h("span", { class: "sl-flags" }, ...row.flags.map((flag) => h("span", { class: "sl-chip unsure" }, `⚑ ${flag}`))) },
  ];
}

/** A share with its interval on a line from 0 to 1. @param {Annotator} row */
function interval({ right, right_low: low, right_high: high }) {
  if (right === null || low === null || high === null) return "–";
  const words = `${share(right)}, 95 % interval ${share(low)} to ${share(high)}`;
  return h(
    "span",
    { class: "sl-interval", role: "img", "aria-label": words, title: words },
    h("b", { class: "sl-num" }, share(right)),
    h("span", {}, h("i", { style: `left:${100 * low}%;width:${Math.max(1, 100 * (high - low))}%` }), h("u", { style: `left:${100 * right}%` })),
  );
}

/** Yes across, no down: belief and how many pictures. @param {Cell[]} cells */
export function cellTable(cells) {
  const yes = Math.max(0, ...cells.map((cell) => cell.yes));
  const no = Math.max(0, ...cells.map((cell) => cell.no));
  const at = new Map(cells.map((cell) => [`${cell.yes} ${cell.no}`, cell]));
  const across = Array.from({ length: yes + 1 }, (_, i) => i);
  const rows = Array.from({ length: no + 1 }, (_, down) => h(
    "tr", {}, h("th", { scope: "row" }, `${down} no`),
    ...across.map((i) => {
      const cell = at.get(`${i} ${down}`);
      if (!cell) return h("td", {});
      const sure = cell.belief === null ? 0 : Math.round(Math.abs(cell.belief - 0.5) * 90);
      const look = cell.belief !== null && cell.belief >= 0.5 ? "--sl-yes" : "--sl-no";
      return h(
        "td",
        { class: "sl-num sl-cell", style: cell.belief === null ? "" : `background:color-mix(in srgb, var(${look}) ${Math.round(sure / 2)}%, var(--sl-surface-0))` },
        h("b", {}, share(cell.belief)), h("small", {}, `${count(cell.questions)} ×`),
      );
    }),
  ));
  return h(
    "table",
    { class: "sl-table sl-cells" },
    h("thead", {}, h("tr", {}, h("td", {}), ...across.map((i) => h("th", { scope: "col" }, `${i} yes`)))),
    h("tbody", {}, ...rows),
  );
}

/** @type {Record<string, string>} */
const PROBLEMS = { "not-visible": "not to be seen in pictures", "bad-definition": "badly defined" };

/** What annotators reported of synsets. @param {Problem[]} problems @param {(wnid: string) => void} choose */
export function problemTable(problems, choose) {
  const rows = problems.map(({ wnid, name, kind, text, annotator, at }) => h(
    "tr", { "data-key": wnid },
    h("th", { scope: "row" }, h("button", { class: "sl-link", type: "button", title: wnid, onclick: () => choose(wnid) }, name)),
    h("td", {}, PROBLEMS[kind] ?? kind), h("td", { class: "sl-said" }, text || "–"), h("td", {}, annotator),
    h("td", { class: "sl-num", title: at }, new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "short" })),
  ));
  const head = ["Synset", "Said to be", "In their words", "By", "On"].map((text) => h("th", { scope: "col" }, text));
  return h("div", { class: "sl-scroll" }, h("table", { class: "sl-table" }, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows)));
}
