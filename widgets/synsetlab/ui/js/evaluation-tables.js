// @ts-check
/** The columns of models and classes, and the leaderboard as a table. */

import { h } from "./dom.js";
import { count } from "./review-frame.js";

/**
 * @typedef {object} Model
 * @property {string} name
 * @property {number} top1
 * @property {number} top5
 * @property {number | null} hierarchical
 * @property {[number, number]} top1_interval
 * @property {[number, number]} top5_interval
 */
/**
 * @typedef {object} ClassRow
 * @property {string} wnid
 * @property {string} name
 * @property {number} n
 * @property {number} wrong
 * @property {number | null} top1
 * @property {number | null} top5
 * @property {{ wnid: string, name: string, n: number } | null} confused
 */
/**
 * @template Row
 * @typedef {import("./dashboard-tables.js").Column<Row>} Column
 */

/** A fraction as percent. @param {number | null} value @param {number} digits */
export function percent(value, digits = 1) {
  return value === null ? "–" : `${(100 * value).toFixed(digits)} %`;
}

/** @param {(row: Model) => void} open @returns {Column<Model>[]} */
export function modelColumns(open) {
  return [
    { name: "name", words: "Model", of: (row) => row.name, show: (row) => h("button", { class: "sl-link", type: "button", onclick: () => open(row) }, row.name) },
    { name: "top1", words: "Top-1 error", title: "with its 99.9 % interval", of: (row) => row.top1, show: (row) => error(row.top1, row.top1_interval) },
    { name: "top5", words: "Top-5 error", title: "with its 99.9 % interval", of: (row) => row.top5, show: (row) => error(row.top5, row.top5_interval) },
    { name: "hierarchical", words: "Hierarchical", title: "height of the lowest common ancestor of truth and best of five guesses, divided by that of entity", number: true, of: (row) => row.hierarchical, show: (row) => percent(row.hierarchical, 2) },
  ];
}

/** @param {(row: ClassRow) => void} open @returns {Column<ClassRow>[]} */
export function classColumns(open) {
  return [
    { name: "name", words: "Class", of: (row) => row.name, show: (row) => (row.wrong ? h("button", { class: "sl-link", type: "button", title: row.wnid, onclick: () => open(row) }, row.name) : h("span", { title: row.wnid }, row.name)) },
    { name: "n", words: "Images", number: true, of: (row) => row.n, show: (row) => count(row.n) },
    { name: "wrong", words: "Wrong", number: true, of: (row) => row.wrong, show: (row) => count(row.wrong) },
    { name: "top1", words: "Top-1 error", of: (row) => row.top1, show: (row) => bar(row.top1) },
    { name: "top5", words: "Top-5 error", number: true, of: (row) => row.top5, show: (row) => percent(row.top5) },
    { name: "confused", words: "Most often taken for", of: (row) => (row.confused ? -row.confused.n : null), show: (row) => (row.confused ? h("span", { title: row.confused.wnid }, `${row.confused.name} `, h("span", { class: "sl-muted sl-num" }, `${count(row.confused.n)} ×`)) : "–") },
  ];
}

/** @param {any[]} rows as `Leaderboard.table` gives them */
export function boardTable(rows) {
  const heads = ["", "Model", "User", "Top-1 error", "Top-5 error", "Day"];
  const lines = rows.map((row) => h(
    "tr", {}, h("td", { class: "sl-num" }, row.rank), h("th", { scope: "row" }, row.model), h("td", {}, row.user),
    h("td", { class: "sl-num" }, percent(row.top1_error, 2)), h("td", { class: "sl-num" }, percent(row.top5_error, 2)), h("td", { class: "sl-num" }, row.date),
  ));
  const top = h("tr", {}, ...heads.map((words, i) => h("th", { scope: "col", class: i === 0 || i > 2 ? "sl-num" : "" }, words)));
  return h("table", { class: "sl-table", "aria-label": "Submissions" }, h("thead", {}, top), h("tbody", {}, ...lines));
}

/** An error with its interval on a line from 0 to 1. @param {number} value @param {[number, number]} ends */
function error(value, [low, high]) {
  const words = `${percent(value, 2)}, 99.9 % interval ${percent(low)} to ${percent(high)}`;
  return h(
    "span", { class: "sl-interval", role: "img", "aria-label": words, title: words }, h("b", { class: "sl-num" }, percent(value, 2)),
    h("span", {}, h("i", { style: `left:${100 * low}%;width:${Math.max(1, 100 * (high - low))}%` }), h("u", { style: `left:${100 * value}%` })),
  );
}

/** @param {number | null} value */
function bar(value) {
  const words = percent(value);
  return h("span", { class: "sl-interval", role: "img", "aria-label": words }, h("b", { class: "sl-num" }, words), h("span", {}, h("i", { class: "sl-wrong", style: `left:0;width:${100 * (value ?? 0)}%` })));
}
