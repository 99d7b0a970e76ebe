// @ts-check
/** VoteReview: the queue, the picture, what is known of it, and the verdict. */

import { Connection } from "./connection.js";
import { append, h, showError, uuid } from "./dom.js";
import { head, paintReview } from "./review-detail.js";
import { Drawer } from "./review-drawer.js";
import { count, frame, keysOf, notices, skeleton } from "./review-frame.js";
import { forPython } from "./review-filters.js";
import { BUTTONS, KEYS, MORE } from "./review-keys.js";
import { Pictures } from "./review-pictures.js";
import { ReasonMenu } from "./review-menu.js";
import { nextOpen, Queue, VERDICTS } from "./review-queue.js";
import { Stage } from "./review-stage.js";

/** @import { RenderProps } from "@anywidget/types" */
/** @typedef {import("./review-queue.js").Item} Item */

const STEP = 1.4;

class Review {
  #pending = 0;
  #asked = 0;
  #opened = 0;
  /** Which near-duplicate is beside the picture; -1: none. */
  #beside = -1;
  /** @type {import("./review-detail.js").Detail | null} of the question that is shown; null: not known yet */
  #detail = null;
  /** @type {import("./review-detail.js").Reliabilities | null} null: not known yet */
  #reliability = null;

  /** @param {any} model @param {HTMLElement} root @param {AbortSignal} signal */
  constructor(model, root, signal) {
    this.model = model;
    this.root = root;
    this.signal = signal;
    this.connection = new Connection(model, root, signal);
    this.notices = notices();
    this.pictures = new Pictures(model, signal);
    const prefix = `sl-${uuid().slice(0, 8)}`;
    this.queue = new Queue({ thumbnail: (key) => this.pictures.thumbnail(key), onshow: (item) => this.#show(item), onselect: () => this.#status(), onsynset: (wnid) => this.#follow(wnid), onmore: () => this.start(), prefix, signal });
    this.stage = new Stage(this.pictures);
    this.side = h("div", { class: "sl-side", role: "region", "aria-label": "What is known" });
    this.place = h("span", { class: "sl-place sl-muted sl-num" });
    this.menu = new ReasonMenu(this.queue.scroller, (reason) => this.give("exclude", { reason }));
    const numbers = MORE.map((n) => h("option", { value: n, selected: n === 3 }, `${n} more ${n === 1 ? "vote" : "votes"}`));
    this.more = h("select", { "aria-label": "How many more votes", "data-do": "how-many", onchange: () => this.#paintMore() }, ...numbers);
    this.actions = h("div", { class: "sl-actions" }, ...this.#buttons(), this.place);
    this.#paintMore();
    this.drawer = new Drawer(model, root, signal);
    this.blind = h("button", { class: "sl-chip", type: "button", "data-do": "blind", "aria-pressed": "false", onclick: () => this.#setBlind() }, "Blind");
    this.queue.tools.append(this.blind, h("button", { class: "sl-chip", type: "button", "data-do": "log", onclick: () => this.log() }, "Log"), h("button", { class: "sl-chip", type: "button", "aria-label": "Keys", "data-do": "keys", onclick: () => this.help() }, "?"));
    append(root, this.queue.element, this.stage.element, this.actions, this.side, this.drawer.element, this.notices.element);
    this.#listen();
    this.start();
    signal.addEventListener("abort", () => this.stage.end());
  }

  /** @param {string} type @param {Record<string, unknown>} [fields] @param {{ timeout?: number }} [options] */
  ask(type, fields, options) {
    return this.connection.ask(type, fields, options);
  }

  async start() {
    this.root.dataset.state = "loading";
    this.stage.end();
    this.stage.element.replaceChildren();
    this.side.replaceChildren(skeleton(8));
    try {
      const number = ++this.#opened;
      const reply = await this.ask("open", { filters: forPython(this.queue.bar.filters) }, { timeout: 120_000 });
      if (number !== this.#opened) return; // the filters are others by now
      this.menu.load(reply.exclude_reasons);
      this.#paintBlind(reply.blind, reply.must_be_blind);
      this.queue.bar.narrow(this.root.dataset.synset = reply.synset);
      this.queue.load(reply.items, reply.counts, reply.total, reply.facets);
      this.#status();
      if (reply.total === 0) this.#nothing();
      else {
        this.root.dataset.state = "ready";
        this.actions.hidden = false;
        const wanted = this.model.get("question");
        const first = nextOpen(this.queue.shown, -1);
        const there = this.queue.shown.some(({ question }) => question === wanted);
        if (!wanted || (this.queue.more && !there) || !this.queue.find(wanted)) this.queue.show(Math.max(0, first));
      }
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError") return;
      this.root.dataset.state = "error";
      this.actions.hidden = true;
      this.side.replaceChildren();
      showError(this.stage.element, error, () => this.start());
    }
  }

  /**
   * Give a verdict on the chosen items, or the one that is shown, and go on; they are marked at once and
   * unmarked if Python refuses.
   *
   * @param {string} verdict
   * @param {Record<string, unknown>} [more] reason, votes, wnid
   */
  async give(verdict, more = {}) {
    const items = this.queue.targets;
    if (items.length === 0 || this.root.dataset.state !== "ready") return;
    this.menu.close();
    const before = items.map((item) => item.verdict);
    for (const item of items) Object.assign(item, { verdict, pending: true });
    this.queue.selectNone();
    this.#count(1);
    for (const item of items) this.queue.changed(item);
    const next = nextOpen(this.queue.shown, this.queue.at);
    if (next >= 0) this.queue.show(next);
    else this.stage.stamp(this.queue.current);
    try {
      await this.ask("verdict", { questions: items.map(({ question }) => question), verdict, reason: "", ...more });
      const { left } = this.queue;
      const what = items.length > 1 ? `${count(items.length)} pictures` : items[0].lemmas[0] ?? items[0].key;
      this.notices.say(`${what} ${VERDICTS[verdict][1]}. ${left > 0 ? `${count(left)} left.` : "Nothing left to review."}`);
    } catch (error) {
      items.forEach((item, i) => { item.verdict = before[i]; });
      this.notices.fail(error);
    }
    for (const item of items) {
      item.pending = false;
      this.queue.changed(item);
    }
    this.#count(-1);
    if (this.queue.more && this.#pending === 0 && this.queue.decided === this.queue.items.length) await this.start();
  }

  async undo() {
    try {
      const { undone } = await this.ask("undo");
      const items = this.queue.items.filter((one) => undone && one.question in undone);
      if (items.length === 0) {
        if (undone) await this.start(); // they had left the list
        this.notices.say(undone ? "Verdict taken back." : "There is no verdict to take back.");
        return;
      }
      for (const item of items) {
        item.verdict = undone[item.question];
        this.queue.changed(item);
      }
      this.queue.find(items[0].question);
      this.#status();
      this.notices.say(items.length > 1 ? `${count(items.length)} verdicts taken back.` : "Verdict taken back.");
    } catch (error) {
      this.notices.fail(error);
    }
  }

  /** Another synset for what is chosen. */
  relabel() {
    const items = this.queue.targets;
    const title = items.length > 1 ? `What do these ${count(items.length)} show?` : "What does it show?";
    const suggested = items.length > 1 ? [] : this.#detail?.others ?? [];
    this.drawer.relabel(title, this.queue.current?.wnid ?? "", suggested, (wnid) => this.give("relabel", { wnid }));
  }

  help() {
    this.drawer.keys(KEYS.map(([keys, words]) => [keys.split(" "), words]));
  }

  log() {
    const show = (/** @type {{ question: string }} */ { question }) => this.queue.find(question);
    this.drawer.log(async () => (await this.ask("log")).entries, show);
  }

  /** Python wants one synset's questions only, or (empty) all. @param {string} wnid */
  #narrow(wnid) {
    this.root.dataset.synset = wnid;
    this.queue.narrow(wnid);
  }

  /** Tell Python to which synset the queue is narrowed. @param {string} wnid */
  async #follow(wnid) {
    this.root.dataset.synset = wnid;
    try {
      await this.ask("synset", { wnid });
    } catch (error) {
      this.notices.fail(error);
    }
  }

  async #setBlind() {
    try {
      await this.ask("blind", { on: this.blind.getAttribute("aria-pressed") !== "true" });
      await this.start();
    } catch (error) {
      this.notices.fail(error);
    }
  }

  /** @param {boolean} on @param {boolean} fixed */
  #paintBlind(on, fixed) {
    this.blind.setAttribute("aria-pressed", String(on));
    this.blind.classList.toggle("accent", on);
    this.blind.disabled = fixed;
    this.blind.title = fixed ? "This review is blind." : "Hide the votes until you have said what you see.";
    this.blind.textContent = on ? "✓ Blind" : "Blind";
    this.root.dataset.blind = String(on);
    this.queue.bar.toggle.hidden = on;
    if (on) this.queue.bar.body.hidden = true;
  }

  #listen() {
    const { model, root, signal } = this;
    /** @param {any} message */
    const receive = (message) => {
      if (message?.type === "refresh") this.start();
      else if (message?.type === "synset") this.#narrow(message.wnid);
      else if (message?.type === "reveal" && root.dataset.state === "ready") this.queue.find(message.question);
    };
    model.on("msg:custom", receive);
    signal.addEventListener("abort", () => model.off("msg:custom", receive));
    keysOf(root, (event) => this.#key(event), signal);
    window.addEventListener("beforeunload", (event) => this.#pending > 0 && event.preventDefault(), { signal });
    const outside = (/** @type {Event} */ event) => !(/** @type {Element} */ (event.target).closest(".sl-why"));
    root.addEventListener("click", (event) => outside(event) && this.menu.close(), { signal });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const typing = event.target instanceof HTMLSelectElement || event.target instanceof HTMLInputElement;
    if (event.ctrlKey || event.metaKey || event.altKey || typing || this.root.dataset.state !== "ready") return;
    if (this.menu.open) {
      if (this.menu.key(event.key)) event.preventDefault();
      return;
    }
    const button = BUTTONS.find(([, , key]) => key === event.key.toUpperCase());
    const { queue } = this;
    const last = queue.shown.length - 1;
    /** @type {Record<string, number>} */
    const moves = { ArrowDown: queue.at + 1, ArrowRight: queue.at + 1, ArrowUp: queue.at - 1, ArrowLeft: queue.at - 1, Home: 0, End: last };
    const onButton = event.target instanceof HTMLButtonElement;
    /** @type {Record<string, () => void>} */
    const others = { z: () => this.undo(), l: () => this.log(), "?": () => this.help(), a: () => queue.selectAll(), "+": () => this.stage.zoom(STEP), "=": () => this.stage.zoom(STEP), "-": () => this.stage.zoom(1 / STEP), 0: () => this.stage.zoom(0), d: () => this.compare(this.#beside + 1), escape: () => queue.selectNone() };
    const other = others[event.key.toLowerCase()];
    if (button) this.#press(button[0]);
    else if (other) other();
    else if (event.key === " " && !onButton) queue.toggle(queue.at);
    else if (event.key in moves) {
      const to = Math.min(last, Math.max(0, moves[event.key]));
      if (event.shiftKey) queue.extend(queue.at);
      queue.show(to);
      if (event.shiftKey) queue.extend(to);
    }
    else return;
    event.preventDefault();
  }

  #buttons() {
    const made = BUTTONS.map(([verdict, words, key], i) =>
      h(
        "button",
        {
          class: `sl-button${i === 0 ? " primary" : ""}`, type: "button", "data-verdict": verdict, "aria-keyshortcuts": key,
          "aria-haspopup": verdict === "exclude" ? "menu" : null, onclick: () => this.#press(verdict),
        },
        h("span", {}, words), h("kbd", {}, key),
      ),
    );
    const undo = h(
      "button",
      { class: "sl-button", type: "button", "data-verdict": "undo", "aria-keyshortcuts": "Z", onclick: () => this.undo() },
      "Undo", h("kbd", {}, "Z"),
    );
    return [...made.slice(0, 3), h("span", { class: "sl-split" }, made[3], this.more), h("span", { class: "sl-why" }, made[4], this.menu.element), undo];
  }

  #paintMore() {
    const button = /** @type {HTMLElement} */ (this.actions.querySelector("[data-verdict=more-votes]"));
    /** @type {HTMLElement} */ (button.firstElementChild).textContent = `${this.more.value} more`;
    button.title = this.more.selectedOptions[0].text;
  }

  /** @param {string} verdict */
  #press(verdict) {
    if (verdict === "relabel") this.relabel();
    else if (verdict === "more-votes") this.give(verdict, { votes: Number(this.more.value) });
    else if (verdict !== "exclude") this.give(verdict);
    else if (this.menu.open) this.menu.close();
    else this.menu.show();
  }

  /** @param {Item} item */
  async #show(item) {
    const number = ++this.#asked;
    this.#detail = null;
    this.#beside = -1;
    this.root.dataset.question = item.question;
    delete this.root.dataset.detail;
    this.#status();
    this.stage.show(item);
    this.side.replaceChildren(...head(item), skeleton(5));
    this.side.scrollTop = 0;
    try {
      const detail = await this.ask("detail", { question: item.question });
      if (number !== this.#asked) return;
      this.#detail = detail;
      this.#paintDetail();
      this.root.dataset.detail = item.question;
      if (!this.#reliability) await this.#learn();
    } catch (error) {
      if (number === this.#asked) showError(this.side, error, () => this.#show(item));
    }
  }

  /** Ask once how far everybody can be believed: it takes all votes to know. */
  async #learn() {
    this.#reliability = {};
    try {
      this.#reliability = (await this.ask("annotators", {}, { timeout: 120_000 })).annotators;
      this.root.dataset.annotators = String(Object.keys(this.#reliability ?? {}).length);
      if (this.#detail) this.#paintDetail();
    } catch (error) {
      this.notices.fail(error);
    }
  }

  #paintDetail() {
    const { current } = this.queue;
    if (!current || !this.#detail) return;
    paintReview(this.side, current, this.#detail, {
      thumbnail: (key, alt) => this.pictures.thumbnail(key, alt),
      reliability: this.#reliability ?? {},
      beside: this.#beside,
      compare: (index) => this.compare(index),
    });
  }

  /** Show a near-duplicate beside the picture; the one that is there goes. @param {number} index */
  compare(index) {
    const { current } = this.queue;
    const near = this.#detail?.duplicates ?? [];
    if (!current || near.length === 0) return;
    this.#beside = index === this.#beside || index >= near.length ? -1 : index;
    this.#paintDetail();
    this.stage.show(current, near[this.#beside]);
  }

  /** @param {number} change */
  #count(change) {
    this.#pending += change;
    this.#status();
  }

  #status() {
    const { queue, root } = this;
    if ((queue.items.length > 0 || queue.more) && queue.shown.length === 0) this.#unseen();
    root.dataset.pending = String(this.#pending);
    root.dataset.decided = String(queue.decided);
    root.dataset.selected = String(queue.selected.size);
    const at = queue.shown.length ? `${count(queue.at + 1)} of ${count(queue.shown.length)}` : "";
    this.place.textContent = this.#pending > 0 ? `saving ${this.#pending} …` : at;
  }

  /** Filters leave nothing: what was shown before must not look as if it could be decided. */
  #unseen() {
    this.#asked += 1;
    this.#detail = null;
    this.root.dataset.question = "";
    this.stage.empty("Nothing in view", "No question fits these filters.");
    this.side.replaceChildren();
  }

  #nothing() {
    this.root.dataset.state = "empty";
    this.actions.hidden = true;
    this.side.replaceChildren();
    const words = "The votes settled every question. Ambiguous, flagged and audited ones will come here.";
    this.stage.empty("Nothing to review", words);
  }
}

/** @param {RenderProps} props */
function render({ model, el }) {
  const ends = new AbortController();
  new Review(model, frame(el, "sl-review", "Vote review", ends.signal), ends.signal);
  return () => ends.abort();
}

export default { render };
