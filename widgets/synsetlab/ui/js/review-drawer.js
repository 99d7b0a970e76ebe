// @ts-check
/** Drawers over the right side: another synset for a picture, and the log of what was decided. */

import { Browser } from "./browser.js";
import { h, showError } from "./dom.js";
import { skeleton } from "./review-frame.js";

/** @typedef {{ wnid: string, lemmas: string[] }} Named */
/** @typedef {{ question: string, key: string, name: string, verdict: string, reason: string, by: string, at: string, stands: boolean }} Entry */

/**
 * A model for a synset browser that is a part of another panel: what it asks goes in an envelope, and of what
 * Python sends it hears the answers only.
 *
 * @param {any} model @param {() => string} start the synset that is shown first
 */
function within(model, start) {
  /** @type {Map<Function, Function>} */
  const heard = new Map();
  return {
    get: start,
    on: (/** @type {string} */ name, /** @type {Function} */ listener) => {
      const answers = (/** @type {any} */ message, /** @type {DataView[]} */ buffers) => message?.type === "reply" && listener(message, buffers);
      heard.set(listener, answers);
      model.on(name, answers);
    },
    off: (/** @type {string} */ name, /** @type {Function} */ listener) => {
      model.off(name, heard.get(listener));
      heard.delete(listener);
    },
    send: (/** @type {any} */ { id, ...ask }) => model.send({ type: "synsets", id, ask }),
  };
}

/** A dialog that slides over the panel; one at a time. */
export class Drawer {
  /** @type {HTMLElement | null} */
  #opener = null;
  #asked = 0;
  /** @type {Browser | null} made when someone relabels, and kept where it was left */
  #browser = null;
  /** @type {(wnid: string) => void} */
  #pick = () => {};

  /** @param {any} model @param {HTMLElement} root @param {AbortSignal} signal */
  constructor(model, root, signal) {
    this.model = model;
    this.root = root;
    this.signal = signal;
    this.title = h("h2", {});
    this.body = h("div", { class: "sl-drawer-body" });
    const close = h("button", { class: "sl-button", type: "button", "aria-label": "Close", onclick: () => this.close() }, "✕");
    this.element = h("div", { class: "sl-drawer", role: "dialog", hidden: true }, h("header", {}, this.title, close), this.body);
    this.element.addEventListener("keydown", (event) => this.#key(event), { signal, capture: true });
    this.element.addEventListener("keydown", (event) => event.stopPropagation(), { signal });
  }

  /** Escape leaves (a text in the search goes first); Enter on a row of the tree picks it. @param {KeyboardEvent} event */
  #key(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const row = target.closest("[role=treeitem]");
    if (event.key === "Escape" && !(target instanceof HTMLInputElement && target.value)) this.close();
    else if (event.key === "Enter" && row instanceof HTMLElement && row.dataset.wnid) this.#pick(row.dataset.wnid);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  get open() {
    return !this.element.hidden;
  }

  close() {
    if (!this.open) return;
    this.element.hidden = true;
    this.#asked += 1;
    delete this.root.dataset.drawer;
    this.#opener?.focus();
  }

  /** @param {string} name @param {string} title @param {...HTMLElement} body */
  #show(name, title, ...body) {
    if (!this.open) this.#opener = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    this.root.dataset.drawer = name;
    this.element.setAttribute("aria-label", title);
    this.title.textContent = title;
    this.body.replaceChildren(...body);
    this.element.hidden = false;
  }

  /**
   * Show all synsets; `pick` gets the one that the picture shows.
   *
   * @param {string} title
   * @param {string} asked the synset that was asked about, among whose like one looks first
   * @param {Named[]} suggested at hand before anything is typed
   * @param {(wnid: string) => void} pick
   */
  relabel(title, asked, suggested, pick) {
    this.#pick = (wnid) => {
      this.close();
      pick(wnid);
    };
    const again = this.#browser;
    const browser = again ?? this.#makeBrowser(asked);
    const chips = suggested.map(({ wnid, lemmas }) => h(
      "button", { class: "sl-chip", type: "button", title: wnid, "data-suggested": wnid, onclick: () => this.#pick(wnid) }, lemmas[0],
    ));
    const also = h("p", { class: "sl-suggested", hidden: chips.length === 0 }, "Also asked about: ", ...chips);
    this.#show("relabel", title, also, browser.root);
    browser.search.clear();
    browser.search.input.focus();
    if (again && asked) again.reveal(asked);
  }

  /** @param {string} asked */
  #makeBrowser(asked) {
    const root = h("section", { class: "sl-browser narrow", "aria-label": "Synsets" });
    const onpick = (/** @type {string} */ wnid) => this.#pick(wnid);
    this.#browser = new Browser(within(this.model, () => asked), root, this.signal, { words: "It shows this", onpick });
    return this.#browser;
  }

  /** @param {[string[], string][]} listed keys, and what they do */
  keys(listed) {
    const rows = listed.flatMap(([keys, words]) => [h("dt", {}, ...keys.flatMap((key) => [h("kbd", {}, key), " "])), h("dd", {}, words)]);
    this.#show("keys", "Keys", h("dl", { class: "sl-keys" }, ...rows));
    this.#focusClose();
  }

  #focusClose() {
    /** @type {HTMLElement | null} */ (this.element.querySelector("header button"))?.focus();
  }

  /** @param {() => Promise<Entry[]>} load @param {(entry: Entry) => boolean} show whether it could be shown */
  async log(load, show) {
    this.#show("log", "Audit log", skeleton(6));
    this.#focusClose();
    const number = ++this.#asked;
    try {
      const entries = await load();
      if (number !== this.#asked) return;
      const empty = h("p", { class: "sl-muted" }, "No verdict was given yet.");
      this.body.replaceChildren(entries.length ? this.#table(entries, show) : empty);
      this.root.dataset.logged = String(entries.length);
    } catch (error) {
      if (number === this.#asked) showError(this.body, error, () => this.log(load, show));
    }
  }

  /** @param {Entry[]} entries @param {(entry: Entry) => boolean} show */
  #table(entries, show) {
    const rows = entries.map((entry) => h(
      "tr",
      { class: entry.stands ? "" : "gone", "data-question": entry.question },
      h("td", { class: "sl-num" }, new Date(entry.at).toLocaleString("en-GB", { dateStyle: "short", timeStyle: "short" })),
      h("td", {}, h("b", {}, entry.verdict), entry.stands || entry.verdict === "undo" ? "" : " (no longer)", h("small", {}, entry.reason)),
      h("td", {}, h("button", { class: "sl-link", type: "button", onclick: () => show(entry) && this.close() }, entry.name), h("small", {}, entry.by)),
    ));
    const heads = ["When", "Verdict", "Picture of, by"].map((words) => h("th", { scope: "col" }, words));
    return h("table", { class: "sl-log" }, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...rows));
  }
}
