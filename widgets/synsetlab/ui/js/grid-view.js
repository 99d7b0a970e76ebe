// @ts-check
/** A view of the grid: header, board and action bar put together; keys and clicks become answers. */

import { paintBanner } from "./connection.js";
import { append, h, showError } from "./dom.js";
import { Board } from "./grid-board.js";
import { ask, help } from "./grid-dialogs.js";
import { Footer } from "./grid-footer.js";
import { Heading } from "./grid-header.js";
import { actionOf, classOf, isMove } from "./grid-keys.js";
import { Loupe } from "./grid-loupe.js";
import { another, earlier, report } from "./grid-pages.js";
import { quiz } from "./grid-quiz.js";
import { settings } from "./grid-settings.js";
import { inverted, lookOf, nextAnswer, openMatters } from "./grid-state.js";
import { tour } from "./grid-tour.js";

/** @typedef {import("./grid-keys.js").Action} Action */
/** @typedef {import("./grid-state.js").Answer} Answer */

/** Actions that make no sense where a class is assigned. */
const WITHOUT_CLASSES = new Set(["yes", "no", "rest-yes", "invert"]);
const LEAST_GOLD = 5; // fewer would tell which pictures they were
const SIZES = [96, 112, 128, 152, 176, 208, 248, 300, 360];

export class View {
  /** @type {Loupe | null} */
  #loupe = null;
  #painted = "";
  /** @type {Answer | null} the class that a click assigns */
  #brush = null;

  /**
   * @param {import("./grid-session.js").Session} session
   * @param {HTMLElement} root
   * @param {AbortSignal} signal
   * @param {boolean} greedy the page is ours alone: take the keyboard from the start
   */
  constructor(session, root, signal, greedy) {
    this.session = session;
    this.root = root;
    this.greedy = greedy;
    this.heading = new Heading(session, {
      another: () => this.#open(() => another(root, session)),
      report: () => this.#open(async () => { if (await report(root, session)) this.#say("Thank you, the report was sent."); }),
    });
    this.board = new Board(session, signal, {
      least: () => session.tile,
      onclick: (index, extend) => this.#click(index, extend),
      onzoom: (index) => this.#zoom(index),
      onselect: () => this.#paintSelection(),
    });
    this.footer = new Footer(session, {
      submit: () => this.#submit(),
      undo: () => this.#act("undo"),
      help: () => this.#act("help"),
      settings: () => this.#act("settings"),
      earlier: () => this.#act("earlier"),
      brush: (answer) => this.#paintWith(answer),
      rest: () => this.#act("rest-yes"),
      size: (by) => this.#act(by > 0 ? "bigger" : "smaller"),
      answer: (answer) => this.#answer(answer),
      unselect: () => this.#act("close"),
    });
    this.banner = h("div", { class: "sl-banner", role: "alert", hidden: true });
    this.notices = h("div", { class: "sl-notes", role: "alert" });
    this.place = h("div", { class: "sl-place" });
    this.live = h("div", { class: "sl-aloud", role: "status", "aria-live": "polite" });
    append(root, this.heading.element, this.banner, this.notices, this.board.element, this.place, this.footer.element, this.live);
    root.addEventListener("keydown", (event) => this.#key(event), { signal });
    if (greedy) {
      document.addEventListener("keydown", (event) => event.target === document.body && this.#key(event), { signal });
    }
    const resized = () => {
      this.board.resize();
      this.#refresh();
    };
    const traits = ["tile_size", "mode", "single"].map((name) => `change:${name}`);
    for (const name of traits) session.model.on(name, resized);
    const stop = session.listen((what) => (what === "page" ? this.#page() : what === "look" ? resized() : this.#refresh()));
    signal.addEventListener("abort", () => {
      stop();
      for (const name of traits) session.model.off(name, resized);
      this.#loupe?.dialog.close();
    });
    this.#page();
  }

  /** The page is another one, or there is none. */
  #page() {
    const { session, place } = this;
    const { page } = session;
    const state = session.quiz && session.state === "ready" ? "quiz" : session.state;
    this.#loupe?.dialog.close();
    this.board.element.hidden = state !== "ready";
    this.footer.element.hidden = state !== "ready" && state !== "empty";
    place.hidden = state === "ready";
    if (state === "quiz") place.replaceChildren(quiz(session, () => this.#open(() => another(this.root, session))));
    if (state === "loading") place.replaceChildren(skeleton());
    if (state === "error") showError(place, session.error, () => session.start());
    if (state === "empty") place.replaceChildren(this.#nothing());
    if (page && session.header.question) this.heading.paint();
    if (page && state === "ready" && this.#painted !== page.batch) {
      this.#painted = page.batch;
      this.#brush = session.choices[0]?.value ?? null;
      this.board.reset();
      if (this.greedy || this.root.contains(document.activeElement)) this.board.moveTo(0);
      this.#say(`${session.header.question} ${numbered(page.count, "picture")}.`);
      if (this.greedy && session.can.has("tour") && !session.preferences.toured) this.#tour();
    }
    this.#refresh();
  }

  async #tour() {
    await tour(this.root);
    this.board.moveTo(this.board.focus);
    await this.session.prefer({ toured: true });
  }

  /** A dialog of which something may come that fails. @param {() => Promise<unknown>} dialog */
  async #open(dialog) {
    try {
      this.session.dismiss("dialog");
      await dialog();
    } catch (error) {
      this.session.notice("dialog", error);
    }
    if (this.session.state === "ready" && !this.session.quiz) this.board.moveTo(this.board.focus);
    this.#refresh();
  }

  #nothing() {
    const { progress } = this.session;
    const done = progress.total ? `${progress.answered.toLocaleString("en")} of ${progress.total.toLocaleString("en")} answered by you.` : "";
    return h("div", { class: "sl-empty" }, h("span", { class: "sl-done", "aria-hidden": "true" }, "✓"), h("strong", {}, "Nothing left to label here"), h("span", {}, done));
  }

  #refresh() {
    const { session, root } = this;
    const { page, pulse, pending } = session;
    root.dataset.state = session.quiz && session.state === "ready" ? "quiz" : session.state;
    root.dataset.mode = session.choices.length ? "classes" : session.mode;
    root.dataset.view = session.single ? "single" : "grid";
    root.dataset.reopened = String(session.reopened);
    root.dataset.saved = String(pending === 0);
    root.dataset.pending = String(pending);
    root.dataset.connection = pulse.online ? "online" : "offline";
    root.dataset.storage = session.lasting ? "browser" : "page";
    root.dataset.batch = page?.batch ?? "";
    root.dataset.count = String(page?.count ?? 0);
    root.dataset.answered = String(page?.tally.answered ?? 0);
    root.dataset.unseen = String(page?.unseen ?? 0);
    root.dataset.submitting = String(session.submitting);
    session.thumbs.always = this.heading.wanted();
    this.heading.refresh();
    this.#paintSelection();
    this.#paintBanner();
    this.#paintNotices();
    this.#loupe?.paint();
    if (session.state === "ready") this.board.paint();
  }

  #paintSelection() {
    this.root.dataset.selected = String(this.board.selected);
    this.footer.paint(this.board.selected, this.#brush);
  }

  #paintBanner() {
    const { pulse, pending, lasting } = this.session;
    const answers = pending === 1 ? "1 answer is" : `${pending} answers are`;
    const kept = lasting ? `${answers} kept in this browser and sent when it is back.` : `${answers} kept only in this page: do not close it.`;
    paintBanner(this.banner, pulse, pending ? kept : "");
  }

  #paintNotices() {
    const { notices, lasting, pending } = this.session;
    const all = [...notices].map(([name, { text, remedy }]) => ({ name, text: [text, remedy].filter(Boolean).join(" ") }));
    if (!lasting && pending) all.push({ name: "", text: "This browser keeps nothing for us (a private window?): stay on the page until it says Saved." });
    const words = JSON.stringify(all);
    if (this.notices.dataset.words === words) return;
    this.notices.dataset.words = words;
    this.notices.replaceChildren(
      ...all.map(({ name, text }) =>
        h("div", { class: "sl-note", "data-note": name }, h("span", {}, text),
          name && h("button", { class: "sl-button", type: "button", onclick: () => this.session.dismiss(name) }, "Close")),
      ),
    );
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("dialog, input, select, textarea")) return;
    if (this.root.dataset.state !== "ready") return;
    const { choices } = this.session;
    const place = choices.length ? classOf(event, choices.length) : -1;
    if (place >= 0) {
      event.preventDefault();
      event.stopPropagation();
      this.#brush = choices[place].value;
      this.#answer(this.#brush);
      return;
    }
    const found = actionOf(event, this.session.keys);
    if (!found || (choices.length && WITHOUT_CLASSES.has(found.action))) return;
    // On a button these two are the button's; anywhere else they are the grid's.
    if (target?.closest("button, a") && (found.action === "toggle" || found.action === "loupe")) return;
    event.preventDefault();
    event.stopPropagation();
    if (isMove(found.action)) this.board.move(found.action, found.extend);
    else this.#act(found.action);
  }

  /** @param {Action} action */
  async #act(action) {
    const { session, board } = this;
    switch (action) {
      case "yes": case "no": case "unsure": case "skip": return this.#answer(action);
      case "clear": return this.#answer(null);
      case "toggle": return this.#change(board.chosen(), this.#next());
      case "undo": return this.#undo();
      case "loupe": return this.#zoom(board.focus);
      case "close": return board.selected ? (board.selectNone(), this.#refresh()) : undefined;
      case "select-all": return board.selectAll(), this.#refresh();
      case "submit": return this.#submit();
      case "help": await help(this.root, session.preferences.keys, session.choices); return board.moveTo(board.focus);
      case "settings": await settings(this.root, session); return board.moveTo(board.focus);
      case "earlier": return session.can.has("earlier") ? this.#open(() => earlier(this.root, session)) : undefined;
      case "rest-yes": return this.#rest();
      case "invert": return this.#invert();
      case "bigger": case "smaller": {
        const now = session.tile;
        const next = action === "bigger" ? SIZES.find((size) => size > now) : SIZES.findLast((size) => size < now);
        if (!next) return undefined;
        return session.prefer({ tile: next });
      }
      default: return undefined;
    }
  }

  /** Answer the selection and keep it, or the focused picture and go on to the next. @param {Answer | null} answer */
  async #answer(answer) {
    const { board } = this;
    const many = board.selected > 0;
    const index = board.focus;
    await this.#change(board.chosen(), () => answer);
    if (many) board.selectNone();
    else if (answer && !this.#loupe && index === board.focus) board.moveTo(index + 1);
    this.#refresh();
  }

  /** @param {number[]} indices @param {(before: Answer | null) => Answer | null} wanted */
  async #change(indices, wanted) {
    const changed = await this.session.answer(indices, wanted);
    if (!changed.length) return;
    const answer = this.session.page?.answerOf(changed[0]) ?? null;
    this.#say(`${changed.length > 1 ? `${changed.length} pictures: ` : ""}${answer ? lookOf(answer, this.session.choices).word : "no answer"}`);
  }

  #undo() {
    const changed = this.session.undo();
    if (!changed.length) return;
    this.#say(changed.length > 1 ? `Undone: ${changed.length} pictures` : "Undone");
    if (!this.#loupe) this.board.moveTo(changed[0]);
  }

  /** @param {number} index @param {boolean} extend */
  #click(index, extend) {
    this.board.moveTo(index, { extend });
    if (extend) this.#refresh();
    else this.#change([index], this.#next());
  }

  /** What a click makes of an answer. @returns {(before: Answer | null) => Answer | null} */
  #next() {
    const { mode } = this.session;
    const marks = this.#brush ?? (mode === "wrong" ? "no" : mode === "right" ? "yes" : null);
    return (before) => nextAnswer(before, marks);
  }

  /** A class was chosen: for what is selected now, or for the clicks to come. @param {Answer} answer */
  #paintWith(answer) {
    this.#brush = answer;
    if (this.board.selected) this.#answer(answer);
    else this.#refresh();
  }

  async #rest() {
    const page = this.session.page;
    if (!page || page.tally.answered >= page.count) return;
    const left = page.count - page.tally.answered;
    const detail = page.unseen ? `${page.unseen} of them you have not looked at yet.` : "";
    const yes = await ask(this.root, `Answer yes to the ${left} without an answer?`, detail, [["yes", "Yes to all of them"], ["", "Cancel"]]);
    if (yes) await this.#change(Array.from({ length: page.count }, (_, i) => i), (before) => before ?? "yes");
    this.board.moveTo(this.board.focus);
  }

  async #invert() {
    const page = this.session.page;
    const { yes = 0, no = 0 } = page?.tally ?? {};
    if (!page || !(yes + no)) return;
    const sure = await ask(this.root, "Turn every yes into no, and every no into yes?", `${yes} yes, ${no} no on this page.`, [["yes", "Turn them round"], ["", "Cancel"]]);
    if (sure) await this.#change(Array.from({ length: page.count }, (_, i) => i), inverted);
    this.board.moveTo(this.board.focus);
  }

  /** @param {number} index */
  #zoom(index) {
    if (this.#loupe || !this.session.page?.count) return;
    this.board.moveTo(index);
    this.#loupe = new Loupe(this.root, this.session, {
      index: () => this.board.focus,
      go: (by) => {
        this.board.moveTo(this.board.focus + by, { quiet: true });
        this.#refresh();
      },
      act: (action) => this.#act(action),
      answer: (answer) => this.#answer(answer),
      onclose: () => {
        this.#loupe = null;
        if (this.session.state === "ready") this.board.moveTo(this.board.focus);
      },
    });
  }

  async #submit() {
    const { session, board } = this;
    const page = session.page;
    if (session.state !== "ready" || !page || session.submitting) return;
    const implied = session.implied;
    const matters = openMatters({ count: page.count, answered: page.tally.answered, unseen: page.unseen, implied: implied !== null });
    if (matters) {
      const rest = implied && page.unseen < page.count ? `What you looked at and did not mark counts as ${implied}. ` : "";
      const detail = `${rest}${implied ? "What was not looked at" : "What has no answer"} is not handed in and goes back into the queue.`;
      const choice = await ask(this.root, matters, detail, [["look", "Take me there"], ["submit", "Submit anyway"], ["", "Cancel"]]);
      if (choice !== "submit") {
        const open = page.firstOpen();
        return board.moveTo(choice === "look" && open >= 0 ? open : board.focus);
      }
    }
    const before = page.tally.answered;
    await session.submit();
    if (session.page === page) return;
    this.#thank(before);
    if (session.state === "ready" && !session.quiz) board.moveTo(board.focus);
  }

  /** Say what was handed in, how far one is, and how one does on pictures whose answer is known. @param {number} answered */
  #thank(answered) {
    const { progress, gold } = this.session;
    const soFar = progress.total ? ` ${progress.answered.toLocaleString("en")} of ${progress.total.toLocaleString("en")} answered by you.` : "";
    const known = gold && gold.asked >= LEAST_GOLD ? ` Where the answer is known, you were right on ${gold.right} of ${gold.asked}.` : "";
    const text = `Handed in: ${numbered(answered, "answer")}.${soFar}${known}`;
    this.#say(text);
    this.footer.tell(text);
  }

  /** @param {string} text */
  #say(text) {
    this.live.textContent = text;
  }
}

/** @param {number} count @param {string} what */
function numbered(count, what) {
  return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}

/** Where tiles will be. */
function skeleton() {
  return h("div", { class: "sl-skeletons", role: "status", "aria-label": "Loading" }, ...Array.from({ length: 24 }, () => h("i", {})));
}
