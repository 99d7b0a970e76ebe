// @ts-check
/** The action bar: submit, how far the page is, what the keys are, what is saved. */

import { h, write } from "./dom.js";
import { keySign, keysOf } from "./grid-keys.js";
import { lookOf, savedText } from "./grid-state.js";

/** @typedef {import("./grid-state.js").Answer} Answer */

/**
 * @typedef {object} Actions
 * @property {() => void} submit
 * @property {() => void} undo
 * @property {() => void} help
 * @property {() => void} settings
 * @property {() => void} earlier
 * @property {(answer: Answer) => void} brush the class that a click assigns
 * @property {() => void} rest
 * @property {(by: number) => void} size
 * @property {(answer: Answer | null) => void} answer for the selection
 * @property {() => void} unselect
 */

/** @type {[import("./grid-keys.js").Action, string][]} */
const HINTS = [["yes", "yes"], ["no", "no"], ["unsure", "unsure"], ["loupe", "zoom"], ["undo", "undo"]];
const MODES = { judge: "", wrong: "Click the wrong ones", right: "Click the right ones" };
const TOLD = 12_000; // ms that a message stays

export class Footer {
  #telling = 0;

  /** @param {import("./grid-session.js").Session} session @param {Actions} actions */
  constructor(session, actions) {
    this.session = session;
    const button = (/** @type {string} */ name, /** @type {string} */ title, /** @type {() => void} */ onclick, /** @type {(Node | string)[]} */ ...inside) =>
      h("button", { class: "sl-button", type: "button", "data-do": name, title, onclick }, ...inside);
    this.submit = button("submit", "Submit the page (Ctrl+Enter)", actions.submit, "Submit page ", h("kbd", {}, "Ctrl ⏎"));
    this.submit.classList.add("primary");
    this.answered = h("b", { class: "sl-num" });
    this.of = h("span", { class: "sl-num" });
    this.unseen = h("span", { class: "sl-muted sl-num" });
    this.parts = /** @type {[Answer, HTMLElement][]} */ (
      [["yes", h("i", {})], ["no", h("i", {})], ["unsure", h("i", {})], ["skip", h("i", {})]]
    );
    for (const [answer, part] of this.parts) part.className = answer;
    const bar = h("div", { class: "sl-bar", "aria-hidden": "true" }, ...this.parts.map(([, part]) => part));
    this.count = h("div", { class: "sl-count" }, h("span", {}, this.answered, this.of, this.unseen), bar);
    this.undo = button("undo", "Undo the last step (Z)", actions.undo, h("span", { "aria-hidden": "true" }, "↶"), h("span", { class: "sl-word" }, " Undo"));
    this.rest = button("rest", "Yes for all without an answer (A)", actions.rest, "Rest ", h("span", { "aria-hidden": "true" }, "✓"));
    this.rest.setAttribute("aria-label", "Yes for all without an answer");
    const small = [
      button("smaller", "Smaller pictures (−)", () => actions.size(-1), "−"),
      button("bigger", "Larger pictures (+)", () => actions.size(1), "+"),
      button("help", "All keys (?)", actions.help, "?"),
    ];
    this.earlier = button("earlier", "Pages handed in before (B)", actions.earlier, h("span", { "aria-hidden": "true" }, "⟲"), h("span", { class: "sl-word" }, " Earlier"));
    this.earlier.setAttribute("aria-label", "Pages handed in before");
    const gear = button("settings", "Settings (K)", actions.settings, "⚙");
    gear.setAttribute("aria-label", "Settings");
    this.tools = h("div", { class: "sl-tools" }, this.undo, this.rest, this.earlier, ...small, gear);
    this.keys = h("div", { class: "sl-keys", "aria-hidden": "true" });
    this.told = h("div", { class: "sl-told", hidden: true });
    this.classes = h("div", { class: "sl-classes", role: "radiogroup", "aria-label": "Classes", hidden: true });
    this.actions = actions;
    this.saved = h("div", { class: "sl-saved", role: "status" });
    this.number = h("b", { class: "sl-num" });
    const choices = /** @type {[Answer | null, string][]} */ ([["yes", "Yes"], ["no", "No"], ["unsure", "Unsure"], [null, "Clear"]]);
    this.selection = h(
      "div", { class: "sl-selection", role: "group", "aria-label": "Answer the selected pictures", hidden: true },
      this.chosen = h("span", {}, this.number, " selected"),
      ...choices.map(([answer, word]) => {
        const made = button(answer ?? "clear", `${word} for all selected`, () => actions.answer(answer), answer ? `${lookOf(answer).mark} ${word}` : word);
        if (answer) made.classList.add(answer);
        if (answer === "yes" || answer === "no") made.dataset.plain = "true";
        return made;
      }),
      this.none = button("unselect", "Select none (Esc)", actions.unselect, "Cancel"),
    );
    this.element = h("footer", { class: "sl-footer" }, this.classes, this.submit, this.count, this.told, this.keys, this.selection, this.tools, this.saved);
  }

  /** Say something for a while. @param {string} text */
  tell(text) {
    this.told.textContent = text;
    this.told.hidden = false;
    clearTimeout(this.#telling);
    this.#telling = setTimeout(() => { this.told.hidden = true; }, TOLD);
  }

  /** The classes as buttons: the pressed one is what a click assigns. @param {Answer | null} brush */
  #paintClasses(brush) {
    const { choices } = this.session;
    this.classes.hidden = !choices.length;
    const words = JSON.stringify(choices);
    if (this.classes.dataset.words !== words) {
      this.classes.dataset.words = words;
      this.classes.replaceChildren(...choices.map(({ value, name, gloss }, i) => h(
        "button", { class: "sl-button sl-class", type: "button", role: "radio", "data-class": i % 8, "data-value": value, title: gloss || name, onclick: () => this.actions.brush(value) },
        h("kbd", {}, i < 9 ? String(i + 1) : i < 18 ? `⇧${i - 8}` : "·"), " ", name, " ", h("span", { class: "sl-num sl-muted" }))));
    }
    const counts = this.session.page?.tally;
    for (const button of this.classes.children) {
      const value = button.getAttribute("data-value") ?? "";
      button.setAttribute("aria-checked", String(value === brush));
      const number = /** @type {HTMLElement} */ (button.lastElementChild);
      write(number, String(counts?.[value] ?? 0));
    }
  }

  /** @param {number} selected how many pictures are selected @param {Answer | null} brush the class that a click assigns */
  paint(selected, brush) {
    this.#paintClasses(brush);
    this.#paintKeys();
    const { session } = this;
    const { page, pulse, pending } = session;
    const counts = page?.tally ?? { yes: 0, no: 0, unsure: 0, skip: 0, answered: 0 };
    const count = page?.count ?? 0;
    const unseen = page?.unseen ?? 0;
    write(this.answered, counts.answered.toLocaleString("en"));
    write(this.of, ` of ${count.toLocaleString("en")} answered`);
    write(this.unseen, unseen ? ` · ${unseen.toLocaleString("en")} not looked at yet` : "");
    for (const [answer, part] of this.parts) part.style.width = `${count ? (100 * counts[answer]) / count : 0}%`;
    write(this.saved, savedText({ pending, online: pulse.online }));
    this.saved.dataset.state = !pulse.online ? "offline" : pending ? "saving" : "saved";
    this.undo.disabled = !page?.canUndo || session.submitting;
    this.rest.disabled = !count || counts.answered >= count || session.submitting;
    this.submit.disabled = !count || session.submitting;
    write(/** @type {Node} */ (this.submit.firstChild), session.reopened ? "Hand in again " : "Submit page ");
    this.rest.hidden = session.choices.length > 0 || session.implied !== null;
    this.earlier.hidden = !session.can.has("earlier");
    write(this.number, selected.toLocaleString("en"));
    // One picture a screen is answered with the same buttons, by whoever has no keys.
    const one = session.single && session.state === "ready";
    this.selection.hidden = !selected && !one;
    this.chosen.hidden = this.none.hidden = !selected;
    for (const button of this.selection.querySelectorAll("[data-plain]")) /** @type {HTMLElement} */ (button).hidden = session.choices.length > 0;
    this.element.classList.toggle("selecting", selected > 0);
    this.element.dataset.mode = MODES[session.mode];
  }

  #paintKeys() {
    const { session } = this;
    const text = MODES[session.mode];
    const hints = session.choices.length ? [] : HINTS.map(([action, word]) => [keysOf(action, session.preferences.keys).map(keySign)[0], word]).filter(([key]) => key);
    const words = JSON.stringify([text, hints]);
    if (this.keys.dataset.words === words) return;
    this.keys.dataset.words = words;
    this.keys.replaceChildren(...(text ? [h("span", { class: "sl-mode" }, text)] : hints.map(([key, word]) => h("span", {}, h("kbd", {}, key), ` ${word}`))));
  }
}
