// @ts-check
/** DuplicateReview: the clusters, the copies of one side by side, and what becomes of them. */

import { Connection } from "./connection.js";
import { append, h, showError, uuid } from "./dom.js";
import { card } from "./duplicates-cards.js";
import { differenceOf } from "./duplicates-difference.js";
import { decided, distances, keepOnly, needsLook, reference, suggestion, within } from "./duplicates-rules.js";
import { Threshold } from "./duplicates-threshold.js";
import { count, frame, keysOf, notices, skeleton } from "./review-frame.js";
import { RowList } from "./review-list.js";
import { Pictures } from "./review-pictures.js";

/** @import { RenderProps } from "@anywidget/types" */
/** @typedef {import("./duplicates-rules.js").Cluster} Cluster */

const MOVES_SLIDER = /^(Arrow|Page|Home$|End$)/;
const ROW_HEIGHT = 69;
const SCANNING = 3_600_000; // a first look at a large folder

class Duplicates {
  /** @type {Cluster[]} */
  all = [];
  /** @type {Cluster[]} those with a pair as near as the threshold */
  clusters = [];
  /** Whether the copies are shown as what differs from the reference. */
  differing = false;
  at = 0;
  copy = 0;
  #pending = 0;
  #large = new AbortController();

  /** @param {any} model @param {HTMLElement} root @param {AbortSignal} signal */
  constructor(model, root, signal) {
    this.model = model;
    this.root = root;
    this.signal = signal;
    this.prefix = `sl-${uuid().slice(0, 8)}`;
    this.connection = new Connection(model, root, signal);
    this.notices = notices();
    this.pictures = new Pictures(model, signal);
    this.heading = h("h2", {});
    this.scroller = h("div", { class: "sl-queue-list", role: "listbox", tabindex: "0", "aria-label": "Clusters" });
    this.list = new RowList(this.scroller, ROW_HEIGHT, (index) => this.#row(index), signal);
    this.cards = h("div", { class: "sl-cards", role: "region", "aria-label": "Copies" });
    this.place = h("span", { class: "sl-place sl-muted sl-num" });
    this.threshold = new Threshold(() => this.#near(this.current?.cluster));
    const queue = h("div", { class: "sl-queue" }, this.heading, this.threshold.element, this.scroller);
    this.actions = h(
      "div",
      { class: "sl-actions" },
      this.#button("accept", "Accept as it stands", "A", () => this.accept(), true),
      this.#button("only", "Keep only this", "O", () => this.only()),
      this.#button("undo", "Undo", "Z", () => this.undo()),
      this.#button("difference", "Difference", "V", () => this.#differ(!this.differing)),
      h("span", { class: "sl-hint sl-muted" }, "hold ", h("kbd", {}, "B"), " to see the reference in its place"),
      this.place,
    );
    append(root, queue, this.cards, this.actions, this.notices.element);
    this.#listen();
    this.start();
    signal.addEventListener("abort", () => this.#large.abort());
  }

  get current() {
    return this.clusters[this.at];
  }

  /** @param {string} type @param {Record<string, unknown>} [fields] @param {{ timeout?: number }} [options] */
  ask(type, fields, options) {
    return this.connection.ask(type, fields, options);
  }

  async start() {
    this.root.dataset.state = "loading";
    this.actions.hidden = true;
    this.heading.replaceChildren("Duplicates");
    const words = h("p", { class: "sl-muted", role: "status" }, "Comparing the pictures …");
    this.cards.replaceChildren(h("div", { class: "sl-comparing" }, words, skeleton(4)));
    try {
      this.all = (await this.ask("open", {}, { timeout: SCANNING })).clusters;
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError") return;
      this.root.dataset.state = "error";
      return showError(this.cards, error, () => this.start());
    }
    this.clusters = this.all;
    this.threshold.load(this.all);
    this.list.show(this.clusters.length);
    if (this.clusters.length === 0) {
      this.root.dataset.state = "empty";
      const text = "No two of these pictures are alike enough to ask about.";
      return this.cards.replaceChildren(h("div", { class: "sl-empty" }, h("strong", {}, "No duplicates"), h("p", {}, text)));
    }
    this.root.dataset.state = "ready";
    this.actions.hidden = false;
    this.show(Math.max(0, this.#next(-1)));
  }

  /** @param {number} index @param {number} [copy] */
  show(index, copy = 0) {
    if (index < 0 || index >= this.clusters.length) return;
    const before = this.at;
    this.at = index;
    this.copy = copy;
    this.list.reveal(index);
    this.list.repaint(before);
    this.scroller.setAttribute("aria-activedescendant", `${this.prefix}-cluster-${index}`);
    this.cards.scrollTop = 0;
    this.#paint();
  }

  /** Keep in view what is near enough, and stay where we are if that is in view. @param {string} [cluster] */
  #near(cluster) {
    this.clusters = this.all.filter((one) => within(one, this.threshold.bits));
    this.list.show(this.clusters.length);
    this.actions.hidden = this.clusters.length === 0;
    this.root.dataset.shown = String(this.clusters.length);
    if (this.clusters.length === 0) {
      this.#large.abort();
      this.#status();
      const text = h("p", {}, "No pair is that near. Move the threshold to the right.");
      return this.cards.replaceChildren(h("div", { class: "sl-empty" }, h("strong", {}, "Nothing in view"), text));
    }
    const at = this.clusters.findIndex((one) => one.cluster === cluster);
    this.show(Math.max(0, at), at >= 0 ? this.copy : 0);
  }

  /** The place of a cluster in view; the threshold is opened if it hides it. @param {string} cluster */
  #find(cluster) {
    const place = () => this.clusters.findIndex((one) => one.cluster === cluster);
    if (place() < 0 && this.all.some((one) => one.cluster === cluster)) {
      this.threshold.open();
      this.#near(cluster);
    }
    return place();
  }

  /** @param {boolean} on */
  #differ(on) {
    this.differing = on;
    const button = this.actions.querySelector("[data-action=difference]");
    button?.setAttribute("aria-pressed", String(on));
    this.root.dataset.differing = String(on);
    this.#paintDifference();
  }

  /** When a picture and the reference are both there in full. */
  #paintDifference() {
    for (const old of this.cards.querySelectorAll(".sl-difference")) old.remove();
    if (!this.differing || !this.current) return;
    const base = this.cards.querySelector(`[data-key="${CSS.escape(reference(this.current).key)}"] .sl-thumb[data-sharp] img`);
    if (!(base instanceof HTMLImageElement) || !base.complete) return;
    for (const image of this.cards.querySelectorAll(".sl-thumb[data-sharp] img")) {
      if (!(image instanceof HTMLImageElement) || image === base || !image.complete || image.naturalWidth === 0) continue;
      image.closest(".sl-card-picture")?.append(differenceOf(base, image));
    }
  }

  accept() {
    this.decide(suggestion(this.current), true);
  }

  only() {
    this.decide(keepOnly(this.current, this.current.copies[this.copy].key), true);
  }

  /** Mark at once, tell Python, unmark if it refuses. @param {Record<string, string>} verdicts @param {boolean} [goOn] */
  async decide(verdicts, goOn = false) {
    const cluster = this.current;
    const before = cluster.copies.map((copy) => copy.verdict);
    for (const copy of cluster.copies) copy.verdict = verdicts[copy.key] ?? copy.verdict;
    this.#pending += 1;
    const next = this.#next(this.at);
    if (goOn && next >= 0) this.show(next);
    else this.#paint();
    try {
      await this.ask("decide", { cluster: cluster.cluster, verdicts });
      this.notices.say(decided(cluster) ? "Saved. This cluster is decided." : "Saved.");
    } catch (error) {
      cluster.copies.forEach((copy, i) => {
        copy.verdict = before[i];
      });
      this.show(this.#find(cluster.cluster), this.copy);
      this.notices.fail(error);
    }
    this.#pending -= 1;
    this.list.repaint(this.clusters.indexOf(cluster));
    this.#status();
  }

  async undo() {
    try {
      const { undone } = await this.ask("undo");
      const index = undone ? this.#find(undone.cluster) : -1;
      if (index < 0) {
        this.notices.say("There is no verdict to take back.");
        return;
      }
      for (const copy of this.clusters[index].copies) {
        if (copy.key in undone.verdicts) copy.verdict = undone.verdicts[copy.key];
      }
      this.show(index, index === this.at ? this.copy : 0);
      this.notices.say("Taken back.");
    } catch (error) {
      this.notices.fail(error);
    }
  }

  #listen() {
    const { model, root, signal } = this;
    const receive = (/** @type {any} */ message) => message?.type === "refresh" && this.start();
    model.on("msg:custom", receive);
    signal.addEventListener("abort", () => model.off("msg:custom", receive));
    keysOf(root, (event) => this.#key(event), signal);
    root.addEventListener("keyup", (event) => event.key === "b" && this.#blink(false), { signal });
    this.scroller.addEventListener("click", (event) => {
      const row = /** @type {Element} */ (event.target).closest("[data-index]");
      if (row instanceof HTMLElement) this.show(Number(row.dataset.index));
    }, { signal });
    this.cards.addEventListener("click", (event) => {
      const target = /** @type {Element} */ (event.target);
      const place = target.closest(".sl-card");
      if (place && !target.closest("button")) this.#activate([...this.cards.children].indexOf(place));
    }, { signal });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // The slider is where Tab leads first: it keeps the keys that move it, and no other.
    const sliding = event.target instanceof HTMLInputElement && MOVES_SLIDER.test(event.key);
    if (event.ctrlKey || event.metaKey || event.altKey || sliding || this.root.dataset.state !== "ready" || !this.current) return;
    const { key } = this.current.copies[this.copy];
    const last = this.current.copies.length - 1;
    /** @type {Record<string, () => void>} */
    const keys = {
      k: () => this.decide({ [key]: "keep" }),
      d: () => this.decide({ [key]: "drop" }),
      n: () => this.decide({ [key]: "not-a-duplicate" }),
      a: () => this.accept(),
      o: () => this.only(),
      z: () => this.undo(),
      v: () => this.#differ(!this.differing),
      b: () => this.#blink(true),
      arrowright: () => this.#activate(Math.min(last, this.copy + 1)),
      arrowleft: () => this.#activate(Math.max(0, this.copy - 1)),
      arrowdown: () => this.show(Math.min(this.clusters.length - 1, this.at + 1)),
      arrowup: () => this.show(Math.max(0, this.at - 1)),
      home: () => this.show(0),
      end: () => this.show(this.clusters.length - 1),
    };
    const action = keys[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    if (!event.repeat || event.key.startsWith("Arrow")) action();
  }

  /** @param {number} copy */
  #activate(copy) {
    this.copy = copy;
    this.#paint();
    /** @type {HTMLElement} */ (this.cards.children[copy])?.focus();
  }

  /** While the key is down, the reference shows in the active copy's place: what differs, jumps. @param {boolean} on */
  #blink(on) {
    const base = this.current && this.cards.querySelector(`[data-key="${CSS.escape(reference(this.current).key)}"] img`);
    const image = this.cards.children[this.copy]?.querySelector("img");
    if (!(base instanceof HTMLImageElement) || !(image instanceof HTMLImageElement)) return;
    if (on) image.dataset.own ??= image.src;
    image.src = on ? base.dataset.own ?? base.src : image.dataset.own ?? image.src;
    this.cards.children[this.copy].classList.toggle("blink", on);
  }

  #paint() {
    const { current, cards } = this;
    const held = cards.contains(document.activeElement);
    const actions = {
      thumbnail: (/** @type {string} */ key, /** @type {string} */ alt) => this.pictures.thumbnail(key, alt),
      decide: (/** @type {string} */ key, /** @type {string} */ verdict) => {
        this.copy = current.copies.findIndex((copy) => copy.key === key);
        this.decide({ [key]: verdict });
      },
    };
    cards.replaceChildren(...current.copies.map((copy, i) => card(current, copy, i === this.copy, actions)));
    if (held) /** @type {HTMLElement} */ (cards.children[this.copy]).focus();
    this.root.dataset.cluster = current.cluster;
    this.list.repaint(this.at);
    this.#sharpen();
    this.#status();
  }

  /** Thumbnails first, then the pictures themselves, in which differences can be seen. */
  #sharpen() {
    this.#large.abort();
    this.#large = new AbortController();
    const { signal } = this.#large;
    if (this.current.copies.length > 12) return;
    this.current.copies.forEach(async ({ key }, i) => {
      const image = this.cards.children[i].querySelector("img");
      try {
        const url = await this.pictures.full(key, signal);
        signal.addEventListener("abort", () => URL.revokeObjectURL(url));
        if (!image || signal.aborted) return;
        image.dataset.full = "";
        image.src = url;
        await image.decode();
        if (signal.aborted) return;
        image.parentElement?.setAttribute("data-sharp", "");
        this.#paintDifference();
      } catch {
        // The thumbnail stays, or already says why there is none.
      }
    });
  }

  /** @param {number} at */
  #next(at) {
    const n = this.clusters.length;
    for (let step = 1; step <= n; step++) if (!decided(this.clusters[(at + step + n) % n])) return (at + step + n) % n;
    return -1;
  }

  #status() {
    const done = this.all.filter(decided).length;
    const { root, heading, place } = this;
    root.dataset.decided = String(done);
    root.dataset.pending = String(this.#pending);
    heading.replaceChildren("Duplicates ", h("span", { class: "sl-muted sl-num" }, `· ${count(this.all.length - done)} to decide`));
    place.textContent = `${this.#pending ? "saving · " : ""}${count(this.at + 1)} of ${count(this.clusters.length)}`;
  }

  /** @param {string} name @param {string} words @param {string} key @param {() => void} onclick @param {boolean} [primary] */
  #button(name, words, key, onclick, primary = false) {
    const attributes = { class: `sl-button${primary ? " primary" : ""}`, type: "button", "data-action": name, "aria-keyshortcuts": key, onclick };
    return h("button", attributes, words, " ", h("kbd", {}, key));
  }

  /** @param {number} index */
  #row(index) {
    const cluster = this.clusters[index];
    const active = index === this.at;
    const done = decided(cluster);
    const look = needsLook(cluster);
    const chip = done ? ["yes", "✓"] : look ? ["unsure", "? look"] : ["accent", "auto"];
    return h(
      "div",
      {
        class: `sl-item${active ? " active" : ""}${done ? " decided" : ""}`, id: `${this.prefix}-cluster-${index}`, role: "option",
        "aria-selected": String(active), "data-index": index, "data-cluster": cluster.cluster,
      },
      this.pictures.thumbnail(cluster.copies[0].key),
      h("div", {}, h("b", {}, `${cluster.copies.length} copies`), h("small", {}, distances(cluster))),
      h("span", { class: `sl-chip ${chip[0]}` }, chip[1]),
    );
  }
}

/** @param {RenderProps} props */
function render({ model, el }) {
  const ends = new AbortController();
  new Duplicates(model, frame(el, "sl-review sl-duplicates", "Duplicate review", ends.signal), ends.signal);
  return () => ends.abort();
}

export default { render };
