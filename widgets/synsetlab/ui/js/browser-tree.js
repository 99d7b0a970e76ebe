// @ts-check
/** The tree: what is loaded, what is open, which row is active; rows painted as they come into view. */

import { paintRow } from "./browser-row.js";
import { flatten, keyAction, typeAhead } from "./browser-rows.js";
import { h } from "./dom.js";
import { RowList } from "./review-list.js";

/** @import { Row, SynsetNode } from "./browser-rows.js" */
/**
 * @typedef {object} TreeOptions
 * @property {(wnids: string[]) => Promise<Record<string, SynsetNode[]>>} children
 * @property {(wnid: string) => Promise<{ nodes: SynsetNode[], levels: Record<string, string[]> }>} expand all below
 * @property {(wnids: string[]) => Promise<SynsetNode[]>} rows fresh facts
 * @property {(wnid: string) => void} onactive
 * @property {(wnid: string, on: boolean) => void} oncheck
 * @property {(error: unknown) => void} onerror
 * @property {string} prefix of element ids
 * @property {AbortSignal} signal
 */

const ROW_HEIGHT = 32;
const TYPING_PAUSE = 700;
const ASKED_AT_ONCE = 200;

export class Tree {
  /** @type {Map<string, SynsetNode>} */
  nodes = new Map();
  /** @type {Map<string, string[]>} */
  #levels = new Map();
  /** @type {Set<string>} ids of rows that are unfolded */
  #open = new Set();
  /** @type {Set<string>} ids of rows whose children are on their way */
  #loading = new Set();
  /** @type {Set<string>} wnids whose facts are up to date */
  #fresh = new Set();
  /** @type {Set<string>} */
  #wanted = new Set();
  #asking = 0;
  /** @type {Row[]} */
  #rows = [];
  #root = "";
  #active = 0;
  #typed = { text: "", at: 0 };

  /** @param {TreeOptions} options */
  constructor(options) {
    this.options = options;
    const { signal } = options;
    this.element = h("div", { class: "sl-tree", role: "tree", "aria-label": "Synsets", "aria-multiselectable": "true" });
    this.list = new RowList(this.element, ROW_HEIGHT, (index) => this.#paint(index), signal);
    this.element.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.element.addEventListener("click", (event) => this.#click(event), { signal });
    signal.addEventListener("abort", () => cancelAnimationFrame(this.#asking));
  }

  /** Start anew; the active row stays if it is still there. @param {SynsetNode} root @param {Record<string, SynsetNode[]>} levels */
  reset(root, levels) {
    this.nodes = new Map([[root.wnid, root]]);
    this.#levels = new Map();
    this.#fresh = new Set([root.wnid]);
    this.#root = root.wnid;
    this.#open = new Set();
    this.learn(levels);
    this.#openBelow(root.wnid, root.wnid, new Set(Object.keys(levels)));
    this.#rebuild();
    this.list.reveal(this.#active, "centre");
  }

  /** Take in children that were loaded. @param {Record<string, SynsetNode[]>} levels */
  learn(levels) {
    for (const [wnid, nodes] of Object.entries(levels)) {
      this.#levels.set(wnid, nodes.map((node) => node.wnid));
      for (const node of nodes) this.#know(node);
    }
  }

  /** @param {SynsetNode} node */
  #know(node) {
    this.nodes.set(node.wnid, node);
    this.#fresh.add(node.wnid);
  }

  /** What is known of the rows may be wrong by now: ask anew for each as it is seen. */
  stale() {
    this.#fresh.clear();
    for (const index of this.list.present()) this.#want(this.#rows[index].wnid);
  }

  /** Open the way down and make its last row the active one; false: it is not there. @param {string[]} path from the root */
  reveal(path) {
    for (let i = 1; i < path.length; i++) this.#open.add(path.slice(0, i).join("/"));
    this.#rebuild();
    const index = this.#rows.findIndex((row) => row.id === path.join("/"));
    if (index >= 0) this.activate(index, { where: "centre", tell: false, focus: false });
    return index >= 0;
  }

  /** Whether the way down is loaded. @param {string[]} path */
  has(path) {
    return path.slice(1).every((wnid, i) => this.#levels.get(path[i])?.includes(wnid));
  }

  get active() {
    return this.#rows[this.#active]?.wnid ?? "";
  }

  focus() {
    this.list.at(this.#active)?.focus({ preventScroll: true });
  }

  /**
   * @param {number} index
   * @param {{ where?: "nearest" | "centre", tell?: boolean, focus?: boolean }} [options]
   */
  activate(index, { where = "nearest", tell = true, focus = true } = {}) {
    const before = this.#active;
    this.#active = index;
    this.list.pin(index);
    this.list.reveal(index, where);
    this.#repaint(before);
    this.#repaint(index);
    this.element.dataset.active = this.active;
    if (focus) this.focus();
    if (tell) this.options.onactive(this.active);
  }

  /** Open everything below the active row that stands for `wnid`, or below the first such row. @param {string} wnid */
  async expand(wnid) {
    const at = this.active === wnid ? this.#active : this.#rows.findIndex((row) => row.wnid === wnid);
    if (at < 0) return;
    const { id } = this.#rows[at];
    await this.#load(id, at, async () => {
      const { nodes, levels } = await this.options.expand(wnid);
      for (const node of nodes) this.#know(node);
      for (const [above, below] of Object.entries(levels)) this.#levels.set(above, below);
      this.#openBelow(id, wnid, new Set(Object.keys(levels)));
    });
  }

  /** @param {string} id @param {string} wnid @param {Set<string>} loaded */
  #openBelow(id, wnid, loaded) {
    if (!loaded.has(wnid)) return;
    this.#open.add(id);
    for (const child of this.#levels.get(wnid) ?? []) this.#openBelow(`${id}/${child}`, child, loaded);
  }

  /** Show that a row is loading while `work` is done. @param {string} id @param {number} index @param {() => Promise<void>} work */
  async #load(id, index, work) {
    if (this.#loading.has(id)) return;
    this.#loading.add(id);
    this.#repaint(index);
    try {
      await work();
    } catch (error) {
      this.options.onerror(error);
    } finally {
      this.#loading.delete(id);
      this.#rebuild();
    }
  }

  #rebuild() {
    const focused = this.element.contains(document.activeElement);
    const id = this.#rows[this.#active]?.id;
    this.#rows = flatten(this.#root, this.#levels, this.#open);
    const kept = this.#rows.findIndex((row) => row.id === id);
    this.#active = kept >= 0 ? kept : Math.min(this.#active, this.#rows.length - 1);
    this.element.dataset.rows = String(this.#rows.length);
    this.list.show(this.#rows.length);
    this.list.pin(this.#active);
    if (focused) this.focus();
  }

  /** @param {number} index */
  async #toggle(index) {
    const { id, wnid } = this.#rows[index];
    if (this.#open.delete(id)) return this.#rebuild();
    if (this.#levels.has(wnid)) {
      this.#open.add(id);
      return this.#rebuild();
    }
    await this.#load(id, index, async () => {
      this.learn(await this.options.children([wnid]));
      this.#open.add(id);
    });
  }

  /** Fold a row and all below it. @param {number} index */
  #collapse(index) {
    const { id } = this.#rows[index];
    for (const one of this.#open) if (one === id || one.startsWith(`${id}/`)) this.#open.delete(one);
    this.#rebuild();
  }

  async #openSiblings() {
    const { id, parent, level } = this.#rows[this.#active];
    const wanted = this.#rows.filter(
      (row) => row.level === level && row.parent === parent && (this.nodes.get(row.wnid)?.branches ?? 0) > 0,
    );
    await this.#load(id, this.#active, async () => {
      const absent = wanted.map((row) => row.wnid).filter((wnid) => !this.#levels.has(wnid));
      for (let i = 0; i < absent.length; i += ASKED_AT_ONCE) {
        this.learn(await this.options.children(absent.slice(i, i + ASKED_AT_ONCE)));
      }
      for (const row of wanted) this.#open.add(row.id);
    });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.#rows.length === 0) return;
    const row = this.#rows[this.#active];
    const action = keyAction(event.key, this.#rows, this.#active, {
      open: this.#open.has(row.id),
      branches: (this.nodes.get(row.wnid)?.branches ?? 0) > 0,
      page: this.list.pageSize(),
      shift: event.shiftKey,
    });
    if (action === null) {
      if (event.key.length === 1 && /[\p{L}\p{N}'-]/u.test(event.key)) this.#type(event.key);
      else return;
    } else if ("to" in action) this.activate(action.to);
    else if (action.do === "toggle") this.#toggle(this.#active);
    else if (action.do === "check") this.#check(this.#active);
    else if (action.do === "siblings") this.#openSiblings();
    else if (action.do === "expand") this.expand(row.wnid);
    else this.#collapse(this.#active);
    event.preventDefault();
  }

  /** @param {string} letter */
  #type(letter) {
    const now = performance.now();
    this.#typed = { text: now - this.#typed.at < TYPING_PAUSE ? this.#typed.text + letter : letter, at: now };
    const names = this.#rows.map((row) => this.nodes.get(row.wnid)?.name ?? "");
    const found = typeAhead(names, this.#active, this.#typed.text);
    if (found >= 0) this.activate(found);
  }

  /** @param {number} index */
  #check(index) {
    const node = this.nodes.get(this.#rows[index].wnid);
    if (node) this.options.oncheck(node.wnid, !node.on);
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const row = target.closest("[data-index]");
    if (!(row instanceof HTMLElement)) return;
    const index = Number(row.dataset.index);
    if (target.closest(".sl-box")) this.#check(index);
    this.activate(index);
    if (target.closest(".sl-twist")) this.#toggle(index);
  }

  /** Paint a row anew, and leave the focus on it. @param {number} index */
  #repaint(index) {
    const focused = this.list.at(index)?.contains(document.activeElement);
    if (index >= 0 && index < this.#rows.length) this.list.repaint(index);
    if (focused) this.list.at(index)?.focus({ preventScroll: true });
  }

  /** Ask for a row's facts together with those of its neighbours. @param {string} wnid */
  #want(wnid) {
    this.#wanted.add(wnid);
    if (!this.#asking) this.#asking = requestAnimationFrame(() => this.#askWanted());
  }

  async #askWanted() {
    const wnids = [...this.#wanted].slice(-ASKED_AT_ONCE); // the last ones are what is seen now
    this.#wanted.clear();
    try {
      for (const node of await this.options.rows(wnids)) {
        if (this.nodes.has(node.wnid)) this.#know(node);
      }
      for (const index of this.list.present()) this.#repaint(index);
    } catch (error) {
      this.options.onerror(error);
    } finally {
      this.#asking = 0;
      if (this.#wanted.size) this.#want([...this.#wanted][0]);
    }
  }

  /** @param {number} index */
  #paint(index) {
    const row = this.#rows[index];
    const node = /** @type {SynsetNode} */ (this.nodes.get(row.wnid));
    if (!this.#fresh.has(row.wnid)) this.#want(row.wnid);
    return paintRow(node, row, {
      index,
      id: `${this.options.prefix}-row-${index}`,
      active: index === this.#active,
      open: this.#open.has(row.id),
      loading: this.#loading.has(row.id),
    });
  }
}
