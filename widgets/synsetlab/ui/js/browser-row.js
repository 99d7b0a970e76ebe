// @ts-check
/** One row of the tree. */

import { progressOf } from "./browser-rows.js";
import { h } from "./dom.js";

/** @typedef {import("./browser-rows.js").SynsetNode} SynsetNode */
/** @typedef {import("./browser-rows.js").Row} Row */

/**
 * @param {SynsetNode} node
 * @param {Row} row
 * @param {{ index: number, id: string, active: boolean, open: boolean, loading: boolean }} state
 * @returns {HTMLElement}
 */
export function paintRow(node, row, { index, id, active, open, loading }) {
  const { name, branches = 0, size = 0, below = 0, on = false, way = false, why = "", rule = "" } = node;
  const progress = progressOf(node);
  const checked = on ? "true" : below > 0 ? "mixed" : "false";
  const spoken = [name, progress?.spoken, below > 0 && `${below} chosen below it`, why && `kept out: ${why}`];
  return h(
    "div",
    {
      class: `sl-row${active ? " active" : ""}${way ? " way" : ""}`,
      id,
      role: "treeitem",
      tabindex: active ? "0" : "-1",
      "data-index": index,
      "data-wnid": row.wnid,
      "aria-level": row.level,
      "aria-setsize": row.siblings,
      "aria-posinset": row.position,
      "aria-selected": String(active),
      "aria-checked": checked,
      "aria-expanded": branches > 0 ? String(open) : null,
      "aria-busy": loading ? "true" : null,
      "aria-label": spoken.filter(Boolean).join(", "),
    },
    h(
      "span",
      { class: "sl-label", style: `padding-left:calc(${row.level - 1} * var(--sl-indent))` },
      h("span", { class: "sl-twist", "data-branches": branches > 0 }, branches > 0 ? (loading ? "…" : open ? "▾" : "▸") : ""),
      h("span", { class: `sl-box ${checked}` }),
      h("span", { class: "sl-name", title: name }, name),
      below > 0 && !open && h("span", { class: "sl-below", title: `${below.toLocaleString("en")} chosen below it` }, `✓ ${below.toLocaleString("en")}`),
      why && h("span", { class: "sl-out", title: `Kept out: ${why}` }, rule),
    ),
    progressBar(progress),
    h("span", { class: `sl-count sl-num${progress?.sum ? " sum" : ""}` }, progress?.text ?? "–"),
    h("span", { class: "sl-size sl-num" }, size > 0 ? size.toLocaleString("en") : "leaf"),
  );
}

/** @param {ReturnType<typeof progressOf>} progress */
function progressBar(progress) {
  const part = progress?.part ?? 0;
  // A beginning is seen, and what is nearly full does not look full.
  const width = part > 0 && part < 1 ? Math.min(97, Math.max(4, Math.round(part * 100))) : part * 100;
  const colour = progress?.done ? "var(--sl-yes)" : "var(--sl-accent)";
  return h(
    "span",
    { class: `sl-bar${progress?.sum ? " sum" : ""}`, "data-part": part > 0 },
    h("i", { style: `width:${width}%;background:${colour}` }),
  );
}
