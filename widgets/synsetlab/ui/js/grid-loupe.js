// @ts-check
/** The loupe: one picture as large as the window, zoom, pan, who made it; answers work here too. */

import { append, h, request } from "./dom.js";
import { safeLink } from "./grid-header.js";
import { actionOf, classOf } from "./grid-keys.js";
import { lookOf } from "./grid-state.js";
import { Zoom } from "./zoom.js";

/** @typedef {import("./grid-session.js").Session} Session */

const KEPT = 8;
const STEP = 1.4;

/**
 * @typedef {object} LoupeOptions
 * @property {() => number} index the picture that is shown
 * @property {(by: number) => void} go to the next or the one before
 * @property {(action: import("./grid-keys.js").Action) => void} act answer, undo
 * @property {(answer: string) => void} answer
 * @property {() => void} onclose
 */

export class Loupe {
  /** @type {Map<string, string>} blob URLs of full pictures, the oldest first */
  #urls = new Map();
  #shown = "";
  #ends = new AbortController();

  /** @param {HTMLElement} root @param {Session} session @param {LoupeOptions} options */
  constructor(root, session, options) {
    this.session = session;
    this.options = options;
    this.image = h("img", { alt: "", draggable: "false" });
    this.stage = h("div", { class: "sl-stage", tabindex: "-1", autofocus: true }, this.image);
    this.mark = h("span", { class: "sl-mark", "aria-hidden": "true" });
    this.title = h("b", {});
    this.place = h("span", { class: "sl-muted sl-num" });
    this.credit = h("span", { class: "sl-credit" });
    this.problem = h("div", { class: "sl-problem", role: "alert" });
    const tool = (/** @type {string} */ words, /** @type {string | (string | Node)[]} */ text, /** @type {() => void} */ onclick, name = "") =>
      h("button", { class: "sl-button", type: "button", title: words, "aria-label": words, "data-do": name, onclick }, ...text);
    const word = (/** @type {string} */ text) => h("span", { class: "sl-word" }, text);
    const { choices } = session;
    const answers = [...(choices.length ? choices.slice(0, 18).map(({ value }) => value) : ["yes", "no"]), "unsure"].map((answer) => {
      const { mark, word: name } = lookOf(answer, choices);
      const made = tool(name, `${mark} ${name}`, () => options.answer(answer), answer);
      made.classList.add(answer);
      return made;
    });
    this.dialog = h(
      "dialog", { class: "sl-loupe", "aria-label": "Picture in full" },
      h("div", { class: "sl-loupe-top" }, this.mark, h("span", { class: "sl-loupe-name" }, this.title, this.place), this.credit,
        tool("Smaller (−)", "−", () => this.zoom.by(1 / STEP)), tool("Larger (+)", "+", () => this.zoom.by(STEP)), tool("Close (Esc)", ["✕", word(" Close")], () => this.dialog.close(), "close")),
      this.stage, this.problem,
      h("div", { class: "sl-loupe-bottom" }, tool("The one before (←)", ["←", word(" Previous")], () => options.go(-1), "previous"), ...answers, tool("The next (→)", [word("Next "), "→"], () => options.go(1), "next")),
    );
    this.zoom = new Zoom(this.stage, this.image, { eager: true, onchange: (factor) => { this.dialog.dataset.zoom = factor.toFixed(2); }, signal: this.#ends.signal });
    this.#listen();
    root.append(this.dialog);
    this.dialog.showModal();
    this.paint();
  }

  #listen() {
    const { dialog } = this;
    dialog.addEventListener("close", () => {
      this.#ends.abort();
      for (const url of this.#urls.values()) URL.revokeObjectURL(url);
      dialog.remove();
      this.options.onclose();
    });
    dialog.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { choices } = this.session;
    const place = choices.length ? classOf(event, choices.length) : -1;
    if (place >= 0) {
      event.preventDefault();
      this.options.answer(choices[place].value);
      return;
    }
    const found = actionOf(event, this.session.keys);
    if (!found || (choices.length && (found.action === "yes" || found.action === "no"))) return;
    if (event.target instanceof HTMLButtonElement && (event.key === "Enter" || event.key === " ")) return;
    const { action } = found;
    if (action === "left" || action === "up") this.options.go(-1);
    else if (action === "right" || action === "down") this.options.go(1);
    else if (action === "bigger") this.zoom.by(STEP);
    else if (action === "smaller") this.zoom.by(1 / STEP);
    else if (event.key === "0") this.zoom.fit();
    else if (action === "loupe") this.dialog.close();
    else if (["yes", "no", "unsure", "skip", "clear", "toggle", "undo"].includes(action)) this.options.act(action);
    else return;
    event.preventDefault();
  }

  /** Bring it up to date: another picture, or another answer. */
  paint() {
    const index = this.options.index();
    const page = this.session.page;
    const item = page?.items.get(index);
    if (!page || !item) return;
    const answer = page.answerOf(index);
    this.dialog.dataset.answer = answer ?? "none";
    this.dialog.dataset.key = item.key;
    this.mark.textContent = answer ? lookOf(answer, this.session.choices).mark : "";
    this.place.textContent = `${index + 1} of ${page.count}`;
    if (this.#shown === item.key) return;
    this.#shown = item.key;
    this.zoom.fit();
    this.title.textContent = item.title || item.key;
    this.#paintCredit(item);
    this.image.alt = `Picture ${index + 1}${item.title ? `, ${item.title}` : ""}`;
    this.#show(item.key);
    page.see([index]);
    this.session.changed();
  }

  /** @param {import("./grid-page.js").Item} item */
  #paintCredit(item) {
    const size = item.width && item.height ? `${item.width} × ${item.height}` : "";
    const link = safeLink(item.landing_page);
    this.credit.replaceChildren();
    append(this.credit, [size, item.author, item.licence].filter(Boolean).join(" · "),
      link && h("a", { href: link, target: "_blank", rel: "noopener noreferrer" }, " source ↗"));
  }

  /** @param {string} key */
  async #show(key) {
    this.problem.replaceChildren();
    const thumb = this.session.thumbs.get(key);
    this.dialog.dataset.picture = "loading";
    if (thumb.state === "ready" && !this.#urls.has(key)) this.image.src = thumb.url;
    try {
      const url = await this.#full(key);
      if (this.#shown !== key) return;
      this.image.src = url;
      this.dialog.dataset.picture = "ready";
    } catch (error) {
      if (this.#shown !== key || (error instanceof Error && error.name === "AbortError")) return;
      this.dialog.dataset.picture = "missing";
      this.image.removeAttribute("src");
      this.problem.replaceChildren(
        h("span", {}, error instanceof Error ? error.message : String(error)),
        h("button", { class: "sl-button", type: "button", onclick: () => this.#show(key) }, "Try again"),
      );
    }
  }

  /** @param {string} key */
  async #full(key) {
    const known = this.#urls.get(key);
    if (known) return known;
    const { buffers } = await request(this.session.model, "picture", { key }, { signal: this.#ends.signal });
    const url = URL.createObjectURL(new Blob([/** @type {BlobPart} */ (buffers[0])]));
    this.#urls.set(key, url);
    if (this.#urls.size > KEPT) {
      const [oldest, old] = /** @type {[string, string]} */ (this.#urls.entries().next().value);
      URL.revokeObjectURL(old);
      this.#urls.delete(oldest);
    }
    return url;
  }
}
