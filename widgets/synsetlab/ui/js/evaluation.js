// @ts-check
/** ModelEvaluation: models, the leaderboard over time, classes, and the pictures that go wrong. */

import { SortedTable } from "./dashboard-tables.js";
import { Connection } from "./connection.js";
import { append, h, showError } from "./dom.js";
import { boardTable, classColumns, modelColumns } from "./evaluation-tables.js";
import { WrongPictures } from "./evaluation-wrong.js";
import { count, frame, notices, skeleton } from "./review-frame.js";
import { Pictures } from "./review-pictures.js";

/** @import { RenderProps } from "@anywidget/types" */
/** @typedef {import("./evaluation-tables.js").Model} Model */
/** @typedef {import("./evaluation-tables.js").ClassRow} ClassRow */

const SLOW = 120_000;

class Evaluation {
  #asked = 0;
  #shown = "";

  /** @param {any} model @param {HTMLElement} root @param {AbortSignal} signal */
  constructor(model, root, signal) {
    this.model = model;
    this.root = root;
    this.signal = signal;
    this.connection = new Connection(model, root, signal);
    this.notices = notices();
    this.where = h("span", { class: "sl-muted sl-num" });
    this.models = part("models", "Models", "a name shows its classes");
    this.board = part("board", "Leaderboard", "");
    this.board.element.hidden = true;
    this.classes = part("classes", "Classes", "a name shows the pictures that go wrong");
    const all = h("button", { class: "sl-button", type: "button", "data-do": "all", onclick: () => this.#pictures("", "All classes") }, "All pictures that go wrong");
    this.classes.head.append(all);
    this.modelTable = /** @type {SortedTable<Model>} */ (
      new SortedTable("Models", modelColumns((row) => this.#choose(row.name)), { by: "top5", down: false, key: (row) => row.name })
    );
    this.classTable = /** @type {SortedTable<ClassRow>} */ (
      new SortedTable("Classes", classColumns((row) => this.#pictures(row.wnid, row.name)), { by: "top1", down: true, key: (row) => row.wnid })
    );
    this.wrong = new WrongPictures({
      ask: (type, fields) => this.ask(type, fields),
      close: () => this.#close(),
      notices: this.notices,
      pictures: new Pictures(model, signal),
      signal,
    });
    const main = h(
      "div", { class: "sl-dash" }, h("header", { class: "sl-dash-head" }, h("h2", {}, "Evaluation"), this.where),
      this.models.element, this.board.element, this.classes.element, this.wrong.element,
    );
    append(root, main, this.wrong.dialog, this.notices.element);
    this.start();
  }

  /** @param {string} type @param {Record<string, unknown>} [fields] */
  ask(type, fields) {
    return this.connection.ask(type, fields, { timeout: SLOW });
  }

  async start() {
    this.root.dataset.state = "loading";
    this.models.body.replaceChildren(skeleton(3));
    try {
      const { test_set: set, models } = await this.ask("open");
      const classes = set.classes === 1 ? "1 class" : `${count(set.classes)} classes`;
      this.where.textContent = `${set.name} · ${set.split} · ${count(set.n)} ${set.n === 1 ? "image" : "images"} of ${classes}`;
      this.modelTable.show(models);
      this.models.body.replaceChildren(this.modelTable.element);
      this.root.dataset.state = "ready";
      await Promise.all([this.#board(), this.#choose(models[0].name)]);
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError") return;
      this.root.dataset.state = "error";
      showError(this.models.body, error, () => this.start());
    }
  }

  async #board() {
    await this.#into(this.board.body, async () => {
      const { board } = await this.ask("board");
      if (!board) return;
      this.board.element.hidden = false;
      if (board.rows.length === 0) {
        this.board.body.replaceChildren(h("p", { class: "sl-nothing sl-muted" }, "Nothing has been submitted yet: synsetlab leaderboard submit."));
        return;
      }
      this.board.note.textContent = `${board.rows.length === 1 ? "1 submission" : `${count(board.rows.length)} submissions`}; the line is the best top-5 error so far`;
      // Python has escaped what people wrote; the parser runs no script.
      const chart = new DOMParser().parseFromString(board.chart, "text/html").querySelector("svg");
      const table = h("details", {}, h("summary", {}, "As a table"), h("div", { class: "sl-scroll" }, boardTable(board.rows)));
      this.board.body.replaceChildren(h("div", { class: "sl-scroll" }, chart && document.adoptNode(chart)), table);
    });
  }

  /** @param {string} name */
  async #choose(name) {
    const number = ++this.#asked;
    this.#shown = name;
    this.#close(false);
    for (const row of this.modelTable.body.querySelectorAll("tr")) {
      row.setAttribute("aria-selected", String(/** @type {HTMLElement} */ (row).dataset.key === name));
    }
    this.classes.note.textContent = `of ${name}; a name shows the pictures that go wrong`;
    this.root.dataset.model = "";
    await this.#into(this.classes.body, async () => {
      const { classes } = await this.ask("classes", { model: name });
      if (number !== this.#asked) return;
      this.classTable.show(classes);
      this.classes.body.replaceChildren(this.classTable.element);
      this.root.dataset.model = name;
    });
  }

  /** @param {string} wnid @param {string} name */
  async #pictures(wnid, name) {
    for (const row of this.classTable.body.querySelectorAll("tr")) {
      row.setAttribute("aria-selected", String(wnid !== "" && /** @type {HTMLElement} */ (row).dataset.key === wnid));
    }
    await this.wrong.show(this.#shown, wnid, name);
  }

  #close(focus = true) {
    const chosen = this.classTable.body.querySelector('[aria-selected="true"]');
    chosen?.setAttribute("aria-selected", "false");
    this.wrong.hide();
    if (focus) /** @type {HTMLElement | null} */ (chosen?.querySelector("button") ?? this.classes.head.querySelector("button"))?.focus();
  }

  /** @param {HTMLElement} place @param {() => Promise<void>} work */
  async #into(place, work) {
    try {
      await work();
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError") return;
      showError(place, error, () => this.#into(place, work));
    }
  }
}

/** A titled part of the page. @param {string} name @param {string} title @param {string} words */
function part(name, title, words) {
  const note = h("span", { class: "sl-muted" }, words);
  const head = h("header", {}, h("h3", {}, title), note);
  const body = h("div", { class: "sl-body" }, skeleton(3));
  return { element: h("section", { class: "sl-part", "data-part": name, "aria-label": title }, head, body), head, body, note };
}

/** @param {RenderProps} props */
function render({ model, el }) {
  const ends = new AbortController();
  new Evaluation(model, frame(el, "sl-dashboard sl-evaluation", "Evaluation of models", ends.signal), ends.signal);
  return () => ends.abort();
}

export default { render };
