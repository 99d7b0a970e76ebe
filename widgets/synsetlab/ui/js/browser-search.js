// @ts-check
/** Search as you type: a combobox whose list takes the tree's place while there is text in it. */

import { languageName } from "./browser-words.js";
import { h } from "./dom.js";

/**
 * @typedef {object} Result
 * @property {string} wnid
 * @property {string} name
 * @property {string} gloss
 * @property {string} above a hypernym's name
 * @property {boolean} [on]
 * @property {string} [language] code of the language whose word fitted
 * @property {string} [word]
 */
/**
 * @typedef {object} SearchOptions
 * @property {(text: string) => Promise<Result[]>} find
 * @property {(wnid: string) => void} onpick
 * @property {(searching: boolean) => void} ontoggle whether the results take the tree's place
 * @property {() => boolean} filtered whether filters are set
 * @property {(error: unknown) => void} onerror
 * @property {string} prefix of element ids
 * @property {AbortSignal} signal
 */

const PAUSE = 60;

export class Search {
  /** @type {Result[]} */
  #results = [];
  #active = 0;
  #asked = 0;
  #timer = 0;
  /** Enter was pressed before the answer was there. */
  #eager = false;

  /** @param {SearchOptions} options */
  constructor(options) {
    this.options = options;
    const { prefix, signal } = options;
    this.input = h("input", {
      type: "search", placeholder: "Search all synsets: a word, a gloss, a wnid", autocomplete: "off", spellcheck: "false",
      role: "combobox", "aria-label": "Search synsets", "aria-expanded": "false", "aria-autocomplete": "list",
      "aria-controls": `${prefix}-results`,
    });
    this.found = h("span", { class: "sl-muted sl-found", role: "status" });
    this.element = h("label", { class: "sl-search" }, h("span", { "aria-hidden": "true" }, "⌕"), this.input, this.found);
    this.results = h("div", { class: "sl-results", id: `${prefix}-results`, role: "listbox", "aria-label": "Found", hidden: true });
    this.input.addEventListener("input", () => this.#typed(), { signal });
    this.input.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.results.addEventListener("click", (event) => {
      const option = /** @type {HTMLElement} */ (event.target).closest("[data-index]");
      if (option instanceof HTMLElement) this.#pick(Number(option.dataset.index));
    }, { signal });
    signal.addEventListener("abort", () => clearTimeout(this.#timer));
  }

  clear() {
    this.input.value = "";
    this.#typed();
  }

  /** Search once more: the languages or the filters changed. */
  again() {
    if (this.input.value.trim()) this.#ask(this.input.value.trim());
  }

  #typed() {
    clearTimeout(this.#timer);
    this.#eager = false;
    const text = this.input.value.trim();
    if (text === "") {
      this.#asked += 1;
      this.found.textContent = "";
      this.#show(false);
      return;
    }
    this.#timer = setTimeout(() => this.#ask(text), PAUSE);
  }

  /** @param {string} text */
  async #ask(text) {
    const number = ++this.#asked;
    try {
      const results = await this.options.find(text);
      if (number !== this.#asked || this.options.signal.aborted) return;
      this.element.dataset.found = text;
      this.#results = results;
      this.#active = 0;
      this.found.textContent = `${results.length}${results.length === 40 ? "+" : ""} found`;
      this.#paint(text);
      this.#show(true);
      if (this.#eager) this.#pick(0);
    } catch (error) {
      this.options.onerror(error);
    }
  }

  /** @param {boolean} on */
  #show(on) {
    this.results.hidden = !on;
    this.input.setAttribute("aria-expanded", String(on));
    if (!on) this.input.removeAttribute("aria-activedescendant");
    this.options.ontoggle(on);
  }

  /** @param {string} text */
  #paint(text) {
    this.results.scrollTop = 0;
    this.results.replaceChildren(...this.#results.map((result, index) => this.#option(result, index)));
    if (this.#results.length === 0) {
      const hint = this.options.filtered()
        ? "Filters are set: only what fits them is searched."
        : "WordNet 3.0 has single words and fixed phrases; try a shorter or more general one.";
      this.results.append(h("div", { class: "sl-empty" }, h("strong", {}, `No synset for “${text}”`), h("p", {}, hint)));
    }
    this.#mark();
  }

  /** @param {Result} result @param {number} index */
  #option(result, index) {
    return h(
      "div",
      { class: "sl-result", role: "option", id: `${this.options.prefix}-result-${index}`, "data-index": index, "data-wnid": result.wnid },
      h(
        "div",
        { class: "sl-result-name" },
        h("strong", {}, result.name),
        result.word && h("span", { class: "sl-word" }, h("span", { lang: result.language }, result.word), ` · ${languageName(result.language ?? "")}`),
        result.on && h("span", { class: "sl-chip accent" }, "✓ chosen"),
      ),
      h("div", { class: "sl-result-gloss" }, result.gloss),
      h("div", { class: "sl-muted sl-mono" }, result.wnid, result.above && ` · a kind of ${result.above}`),
    );
  }

  #mark() {
    for (const option of this.results.querySelectorAll("[role=option]")) {
      option.setAttribute("aria-selected", String(Number(/** @type {HTMLElement} */ (option).dataset.index) === this.#active));
    }
    const active = this.results.querySelector("[aria-selected=true]");
    active?.scrollIntoView({ block: "nearest" });
    if (active) this.input.setAttribute("aria-activedescendant", active.id);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: 6, PageUp: -6 };
    if (event.key in moves && this.#results.length) {
      const step = moves[/** @type {keyof typeof moves} */ (event.key)];
      this.#active = Math.min(this.#results.length - 1, Math.max(0, this.#active + step));
      this.#mark();
    } else if (event.key === "Enter") this.#enter();
    else if (event.key === "Escape") this.clear();
    else return;
    event.preventDefault();
  }

  #enter() {
    const text = this.input.value.trim();
    if (text === this.element.dataset.found && !this.results.hidden) return this.#pick(this.#active);
    clearTimeout(this.#timer);
    this.#eager = text !== "";
    if (text) this.#ask(text);
  }

  /** @param {number} index */
  #pick(index) {
    const result = this.#results[index];
    if (!result || this.results.hidden) return;
    this.clear();
    this.options.onpick(result.wnid);
  }
}
