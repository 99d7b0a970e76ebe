// @ts-check
/** A treemap of what lies below a synset: areas are classes, colours completeness, a click goes there. */

import { neighbour, squarify, step } from "./browser-squares.js";
import { h } from "./dom.js";
import { count } from "./review-frame.js";

/**
 * @typedef {object} Cell
 * @property {string} wnid
 * @property {string} name
 * @property {number} weight
 * @property {number | null} part
 * @property {Cell[]} [cells]
 * @property {number} [more] how many are left out
 * @property {number} [more_weight]
 */
/** @typedef {Cell & { of: "chosen" | "counted" | "all", up: Cell | null, groups: Cell[] }} MapData */
/** @typedef {import("./browser-squares.js").Box} Box */

const HEAD = 20;
const GAP = 2;
const FEW = 4; // so many tiles need no room
const LOW = 120;
const WORDS = { chosen: "Selection", counted: "Synsets with images", all: "Synsets" };
const EACH = { chosen: "chosen", counted: "with images", all: "synsets" };

export class SelectionMap {
  /** @type {Box[]} of the buttons */
  #boxes = [];
  /** @type {HTMLElement[]} */
  #buttons = [];
  #active = 0;
  /** @type {MapData | null} */
  #data = null;
  #shown = "";

  /** @param {{ go: (wnid: string) => void, signal: AbortSignal }} options */
  constructor({ go, signal }) {
    this.go = go;
    this.title = h("h3", {});
    this.board = h("div", { class: "sl-map-board", role: "group" });
    this.legend = h("p", { class: "sl-map-legend sl-muted" });
    this.element = h("section", { class: "sl-map", hidden: true }, this.title, this.board, this.legend);
    this.board.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.board.addEventListener("click", (event) => {
      const cell = /** @type {HTMLElement} */ (event.target).closest("button[data-wnid]");
      if (cell instanceof HTMLElement && cell.dataset.wnid) this.go(cell.dataset.wnid);
    }, { signal });
    const watch = new ResizeObserver(() => this.#draw());
    watch.observe(this.board);
    signal.addEventListener("abort", () => watch.disconnect());
  }

  /** @param {MapData} data @param {string} shown the synset beside it */
  show(data, shown) {
    this.#data = data;
    this.#shown = shown;
    this.element.hidden = data.groups.length === 0;
    this.element.dataset.top = data.wnid;
    this.element.dataset.of = data.of;
    this.title.replaceChildren(
      `${WORDS[data.of]} under ${data.name}`,
      data.up ? h("button", { class: "sl-crumb", type: "button", title: "Zoom out", onclick: () => data.up && this.go(data.up.wnid) }, `↑ ${data.up.name}`) : "",
    );
    this.board.setAttribute("aria-label", `${WORDS[data.of]} under ${data.name}, ${count(data.weight)} ${EACH[data.of]}`);
    this.#width = 0;
    this.#draw();
  }

  #width = 0;

  #draw() {
    const data = this.#data;
    const width = this.board.clientWidth;
    if (!data || !width || width === this.#width) return;
    this.#width = width;
    const tiles = data.groups.reduce((sum, group) => sum + (group.cells?.length || 1), 0);
    const height = tiles < FEW ? LOW : Math.round(Math.min(320, Math.max(200, width * 0.45)));
    this.board.style.height = `${height}px`;
    const focused = this.board.contains(document.activeElement);
    this.#buttons = [];
    this.#boxes = [];
    this.board.replaceChildren();
    this.#active = 0;
    this.#divide(data.groups, data, { x: 0, y: 0, width: width + GAP, height: height + GAP }, true);
    this.#mark(Math.max(0, this.#buttons.findIndex((button) => button.dataset.wnid === this.#shown)), focused);
    this.#explain(data);
  }

  /** @param {Cell[]} cells @param {Cell} above @param {Box} box @param {boolean} deeper */
  #divide(cells, above, box, deeper) {
    const weights = cells.map((cell) => cell.weight);
    if (above.more_weight) weights.push(above.more_weight);
    const order = weights.map((_, i) => i).sort((a, b) => weights[b] - weights[a]);
    const boxes = squarify(order.map((i) => weights[i]), box);
    order.forEach((i, place) => {
      const { x, y, width, height } = boxes[place];
      const inner = { x, y, width: Math.max(0, width - GAP), height: Math.max(0, height - GAP) };
      const cell = cells[i];
      if (!cell) this.#rest(inner, above.more ?? 0);
      else if (deeper && cell.cells && cell.cells.length > 1 && width > 110 && height > 70) {
        this.#button(cell, { ...inner, height: HEAD }, "head");
        this.#divide(cell.cells, cell, { x, y: y + HEAD + GAP, width, height: height - HEAD - GAP }, false);
      } else this.#button(cell, inner, "cell");
    });
  }

  /** @param {Cell} cell @param {Box} box @param {"head" | "cell"} kind */
  #button(cell, box, kind) {
    const { of } = /** @type {MapData} */ (this.#data);
    const part = cell.part === null ? "" : `${Math.floor(cell.part * 100)} %`;
    const spoken = `${cell.name}, ${count(cell.weight)} ${EACH[of]}${part && `, ${part} complete`}`;
    const room = box.width > 46 && box.height > 18;
    const button = h(
      "button",
      {
        class: `sl-map-${kind}${room ? "" : " tiny"}`, type: "button", tabindex: "-1", "data-wnid": cell.wnid, "data-step": step(cell.part),
        "aria-label": spoken, "aria-current": cell.wnid === this.#shown ? "true" : null, title: spoken, style: placed(box),
      },
      room && h("b", {}, cell.name),
      room && kind === "cell" && box.height > 40 && h("small", {}, part || count(cell.weight)),
    );
    this.#boxes.push(box);
    this.#buttons.push(button);
    this.board.append(button);
  }

  /** @param {Box} box @param {number} more */
  #rest(box, more) {
    this.board.append(h("span", { class: "sl-map-rest", style: placed(box) }, box.width > 60 && box.height > 18 && `${count(more)} more`));
  }

  /** @param {number} index @param {boolean} focus */
  #mark(index, focus) {
    this.#buttons[this.#active]?.setAttribute("tabindex", "-1");
    this.#active = index;
    this.#buttons[index]?.setAttribute("tabindex", "0");
    if (focus) this.#buttons[index]?.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const ends = { Home: 0, End: this.#buttons.length - 1 };
    const to = event.key in ends ? ends[/** @type {keyof typeof ends} */ (event.key)] : neighbour(event.key, this.#boxes, this.#active);
    if (to < 0 || (!event.key.startsWith("Arrow") && !(event.key in ends))) return;
    event.preventDefault();
    this.#mark(to, true);
  }

  /** @param {MapData} data */
  #explain(data) {
    const coloured = this.#buttons.some((button) => button.dataset.step !== "none");
    const untold = this.#buttons.some((button) => button.dataset.step === "none");
    const key = [...(untold ? [["none", "no target"]] : []), ["empty", "none yet"], ["some", "under half"], ["most", "half or more"], ["done", "complete"]];
    const swatches = key.map(([name, text]) => h("span", { class: "sl-key" }, h("i", { "data-step": name }), text));
    this.legend.replaceChildren(`Area: ${EACH[data.of] === "synsets" ? "synsets" : `synsets ${EACH[data.of]}`}. `, ...(coloured ? ["Colour: accepted of target: ", ...swatches] : []));
  }
}

/** @param {Box} box */
function placed({ x, y, width, height }) {
  return `left:${x.toFixed(1)}px;top:${y.toFixed(1)}px;width:${width.toFixed(1)}px;height:${height.toFixed(1)}px`;
}
