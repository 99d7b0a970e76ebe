// @ts-check
/** SynsetBrowser: search, tree, detail and basket put together. */

import { download, FILTERS, languageChips, nothing, paintBasket, paintChips, treeHead } from "./browser-bars.js";
import { paintDetail, swapDetail } from "./browser-detail.js";
import { SelectionMap } from "./browser-map.js";
import { Search } from "./browser-search.js";
import { Tree } from "./browser-tree.js";
import { Connection } from "./connection.js";
import { append, h, showError, uuid } from "./dom.js";
import { count, frame, notices, skeleton } from "./review-frame.js";
import { Pictures } from "./review-pictures.js";

/** @import { RenderProps } from "@anywidget/types" */

const OPENING = 120_000; // the first use on a machine compiles WordNet's index
const POLL = 15_000;

export class Browser {
  /** @type {string[]} */
  filters = [];
  /** @type {string[]} filters that can leave anything */
  useful = Object.keys(FILTERS);
  /** @type {string[]} */
  languages = [];
  /** @type {string[] | null} null: not known yet */
  spoken = null;
  shown = "";
  #asked = 0;
  #opened = 0;
  #following = 0;
  #polling = 0;
  #begin = "";

  /**
   * @param {any} model @param {HTMLElement} root @param {AbortSignal} signal
   * @param {import("./browser-choose.js").Pick} [pick] one synset is picked instead of many chosen
   */
  constructor(model, root, signal, pick) {
    this.model = model;
    this.root = root;
    this.signal = signal;
    this.pick = pick;
    const prefix = `sl-${uuid().slice(0, 8)}`;
    this.connection = new Connection(model, root, signal);
    this.notices = notices();
    if (pick) this.connection.banner.remove(); // the panel around it has one
    this.pictures = new Pictures(model, signal);
    this.map = new SelectionMap({ go: (wnid) => this.reveal(wnid), signal });
    const onerror = (/** @type {unknown} */ error) => this.notices.fail(error);
    this.tree = new Tree({
      children: async (wnids) => (await this.ask("children", { wnids, filters: this.filters })).levels,
      expand: (wnid) => this.ask("expand", { wnid, filters: this.filters }),
      rows: async (wnids) => (await this.ask("rows", { wnids, filters: this.filters })).nodes,
      onactive: (wnid) => this.#follow(wnid),
      oncheck: (wnid, on) => (this.pick ? this.pick.onpick(wnid) : this.choose(wnid, on, "self")),
      onerror, prefix, signal,
    });
    this.search = new Search({
      find: async (text) => (await this.ask("search", { text, languages: this.languages, filters: this.filters })).results,
      onpick: (wnid) => this.reveal(wnid, undefined, true),
      ontoggle: (searching) => {
        this.treePane.hidden = searching;
      },
      filtered: () => this.filters.length > 0,
      onerror, prefix, signal,
    });
    this.filterBar = h("div", { class: "sl-filters", role: "group", "aria-label": "Filters" });
    this.languageBar = h("div", { class: "sl-filters sl-languages", role: "group", "aria-label": "Languages besides English", hidden: true });
    this.matched = h("span", { class: "sl-muted sl-matched", role: "status" });
    this.treePlace = h("div", { class: "sl-tree-place" });
    this.treePane = h("div", { class: "sl-tree-pane" }, treeHead(), this.treePlace);
    root.classList.toggle("picking", pick !== undefined);
    this.detailPlace = h("div", { class: "sl-detail-place", role: "region", "aria-label": "Synset" });
    this.basket = h("div", { class: "sl-basket", role: "group", "aria-label": "Selection" });
    // In a hand the synset is below the tree, out of sight.
    this.about = h("button", { class: "sl-about", type: "button", hidden: true, onclick: () => this.detailPlace.scrollIntoView({ block: "start" }) });
    const bars = h("div", { class: "sl-bars" }, this.filterBar, this.languageBar, this.matched);
    append(root, h("div", { class: "sl-left" }, this.search.element, bars, this.treePane, this.search.results, this.about, this.basket), this.detailPlace, this.notices.element);
    this.#listen();
    this.start();
  }

  /** @param {string} type @param {Record<string, unknown>} [fields] @param {{ timeout?: number }} [options] */
  ask(type, fields, options) {
    return this.connection.ask(type, fields, options);
  }

  async start() {
    this.root.dataset.state = "loading";
    this.treePlace.replaceChildren(skeleton(10));
    this.detailPlace.replaceChildren(skeleton(5));
    try {
      const found = await this.#open({ timeout: OPENING });
      if (!found) this.detailPlace.replaceChildren();
      else {
        const selected = this.model.get("selected") || this.#begin;
        if (selected && this.filters.length === 0) await this.reveal(selected);
        else await this.show(selected || this.tree.active);
      }
      this.root.dataset.state = "ready";
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError") return;
      this.root.dataset.state = "error";
      showError(this.treePlace, error, () => this.start());
      this.detailPlace.replaceChildren();
    }
  }

  /**
   * Load the tree that the filters leave; false: nothing is left.
   *
   * @param {{ timeout?: number, keep?: boolean }} [options] keep: leave open what is open, where Python does
   *   not send all that the filters leave
   */
  async #open({ timeout = 30_000, keep = false } = {}) {
    const number = ++this.#opened;
    const reply = await this.ask("open", { filters: this.filters }, { timeout });
    if (number !== this.#opened) return true; // the filters are others by now
    this.useful = reply.filters;
    this.#begin = reply.start ?? "";
    if (this.spoken === null) this.languages = this.spoken = reply.languages;
    this.root.classList.toggle("no-counts", !reply.has_counts);
    this.root.dataset.filters = this.filters.join(" ");
    this.matched.textContent = reply.matched === null ? "" : `${count(reply.matched)} fit`;
    this.#paintBars();
    this.#paintBasket(reply);
    clearInterval(this.#polling);
    if (reply.live && !this.pick) this.#polling = setInterval(() => this.#poll(), POLL);
    if (!reply.root) {
      this.treePlace.replaceChildren(nothing(this.filters, () => this.filter([])));
      return false;
    }
    const there = this.tree.element.parentElement === this.treePlace;
    if (keep && there && !reply.whole) this.tree.stale();
    else this.tree.reset(reply.root, reply.levels);
    if (!there) this.treePlace.replaceChildren(this.tree.element);
    return true;
  }

  /** @param {string[]} filters */
  async filter(filters) {
    this.filters = filters;
    this.#paintBars();
    this.search.again();
    try {
      await this.#open();
      if (filters.length === 0 && this.shown) await this.reveal(this.shown);
    } catch (error) {
      this.notices.fail(error);
    }
  }

  /** Show a synset in the tree and beside it. @param {string} wnid @param {string[]} [path] @param {boolean} [focus] */
  async reveal(wnid, path, focus = false) {
    try {
      const reply = await this.ask("reveal", path ? { path } : { wnid });
      if (this.filters.length > 0 && !this.tree.has(reply.path)) {
        this.filters = [];
        await this.#open();
        this.search.again();
      }
      if (this.filters.length === 0) this.tree.learn(reply.levels);
      this.tree.reveal(reply.path);
      if (focus) this.tree.focus();
      await this.show(wnid);
    } catch (error) {
      this.notices.fail(error);
    }
  }

  /** Paint the detail of a synset. @param {string} wnid */
  async show(wnid) {
    const number = ++this.#asked;
    try {
      const [detail, map] = await Promise.all([this.ask("detail", { wnid, languages: this.languages }), this.ask("map", { wnid })]);
      if (number !== this.#asked) return;
      const same = this.shown === wnid;
      this.shown = wnid;
      this.about.hidden = false;
      this.about.textContent = `About ${detail.lemmas[0]} ↓`;
      const paint = () => paintDetail(detail, {
        go: (other, path) => this.reveal(other, path),
        choose: (other, on, scope, policy) => this.choose(other, on, scope, policy),
        expand: (other) => this.tree.expand(other),
        thumbnail: (key, alt) => this.pictures.thumbnail(key, alt),
        map: this.map.element,
        pick: this.pick,
      });
      swapDetail(this.detailPlace, paint, same, () => this.map.show(map, wnid));
    } catch (error) {
      if (number === this.#asked) showError(this.detailPlace, error, () => this.show(wnid));
    }
  }

  /** @param {string} wnid @param {boolean} on @param {string} scope @param {string} [policy] */
  async choose(wnid, on, scope, policy) {
    await this.#change("choose", { wnid, on, scope, policy: policy ?? null });
  }

  /** Ask for a change of the basket, and say what it did. @param {string} type @param {Record<string, unknown>} [fields] */
  async #change(type, fields = {}) {
    try {
      const reply = await this.ask(type, fields);
      if (type === "save") return download(reply.name, reply.text);
      if (reply.added === undefined) return this.notices.say(`${count(reply.chosen)} chosen.`);
      const words = [reply.added > 0 && `${count(reply.added)} added`, reply.removed > 0 && `${count(reply.removed)} removed (${reply.names.join(", ")}${reply.removed > reply.names.length ? ", …" : ""})`];
      this.notices.say(`${words.filter(Boolean).join(", ") || "Nothing changed"}. ${count(reply.chosen)} chosen.`);
      this.root.dataset.done = words.filter(Boolean).join(", ");
    } catch (error) {
      this.notices.fail(error);
    }
  }

  /** The basket changed (the rows know it), or the counts or exclusions did (there may be other filters too). */
  async #refresh(all = true) {
    this.tree.stale();
    try {
      if (all || this.filters.includes("chosen")) await this.#open({ keep: true });
    } catch (error) {
      this.notices.fail(error);
    }
    if (this.shown) await this.show(this.shown);
  }

  async #poll() {
    if (document.hidden) return;
    try {
      const { changed } = await this.ask("poll");
      if (changed) await this.#refresh();
    } catch {
      // The next one may get through; the reader's own requests say it if the kernel is gone.
    }
  }

  #listen() {
    const { model, signal } = this;
    /** @param {any} message */
    const receive = (message) => {
      if (message?.type === "reveal") this.reveal(message.wnid);
      else if (message?.type === "changed") this.#refresh();
      else if (message?.type === "selection") {
        this.#paintBasket(message);
        this.#refresh(false);
      }
    };
    model.on("msg:custom", receive);
    signal.addEventListener("abort", () => {
      model.off("msg:custom", receive);
      clearTimeout(this.#following);
      clearInterval(this.#polling);
    });
    this.root.addEventListener("keydown", (event) => this.#key(event), { signal });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const typing = event.target instanceof HTMLInputElement;
    const command = (event.ctrlKey || event.metaKey) && !typing;
    const key = event.key.toLowerCase();
    if (command && key === "z") this.#change(event.shiftKey ? "redo" : "undo");
    else if (command && key === "y") this.#change("redo");
    else if (event.key === "/" && !typing) this.search.input.focus();
    else return;
    event.preventDefault();
  }

  /** The detail follows the active row, but not every row that an arrow key held down runs over. @param {string} wnid */
  #follow(wnid) {
    clearTimeout(this.#following);
    this.#following = setTimeout(() => this.show(wnid), 90);
  }

  #paintBars() {
    /** @type {[string, string][]} */
    const names = [["", "All"]];
    for (const name of this.useful) if (!this.pick || name !== "chosen") names.push([name, FILTERS[name]]);
    const toggled = (/** @type {string[]} */ list, /** @type {string} */ name) =>
      list.includes(name) ? list.filter((one) => one !== name) : [...list, name];
    paintChips(this.filterBar, names, this.filters.length ? this.filters : [""], (name) => this.filter(name ? toggled(this.filters, name) : []), "filter");
    this.languageBar.hidden = !this.spoken?.length;
    paintChips(this.languageBar, languageChips(this.spoken ?? []), this.languages, (name) => {
      this.languages = toggled(this.languages, name);
      this.#paintBars();
      this.search.again();
      if (this.shown) this.show(this.shown);
    }, "language");
  }

  /** @param {import("./browser-bars.js").Basket} basket */
  #paintBasket(basket) {
    this.root.dataset.chosen = String(basket.chosen);
    paintBasket(this.basket, basket, { reveal: (wnid) => this.reveal(wnid), ask: (type, fields) => this.#change(type, fields) });
  }
}

/** @param {RenderProps} props */
function render({ model, el }) {
  const ends = new AbortController();
  new Browser(model, frame(el, "sl-browser", "Synset browser", ends.signal), ends.signal);
  return () => ends.abort();
}

export default { render };
