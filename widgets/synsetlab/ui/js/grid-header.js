// @ts-check
/** The question and all that helps to answer it; it never leaves the screen. */

import { append, h } from "./dom.js";

/** @typedef {import("./grid-session.js").Header} Header */

/**
 * A link that may be followed: other schemes than http would run what a stranger wrote.
 *
 * @param {string | null | undefined} url
 * @returns {string | null}
 */
export function safeLink(url) {
  try {
    const { protocol, href } = new URL(String(url ?? ""));
    return protocol === "https:" || protocol === "http:" ? href : null;
  } catch {
    return null;
  }
}

/** @param {string} url @param {string} text */
function outward(url, text) {
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, text, h("span", { "aria-hidden": "true" }, " ↗"));
}

const FOLDED = "synsetlab-folded";

/** @param {string} name */
function remembered(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // the browser keeps nothing for us: then it is only not remembered
  }
}

/** @param {string} name @param {string} value */
function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // as above
  }
}

export class Heading {
  /** @type {Map<string, HTMLImageElement>} */
  #examples = new Map();
  #open = remembered(FOLDED) !== "yes";

  /** @param {import("./grid-session.js").Session} session @param {{ another: () => void, report: () => void }} actions */
  constructor(session, actions) {
    this.session = session;
    this.actions = actions;
    this.element = h("header", { class: "sl-heading" });
  }

  /** Paint the header of a new page. */
  paint() {
    const { header } = this.session;
    const { path = [], lemmas = [], gloss, rules_yes: yes, rules_no: no, examples = [] } = header;
    const wikipedia = safeLink(header.wikipedia);
    const more = Boolean(gloss || yes || no || path.length || examples.length);
    const words = h("div", { class: "sl-words" });
    if (path.length) append(words, h("p", { class: "sl-path", title: path.join(" › ") }, h("bdi", {}, path.slice(0, -1).map((name) => `${name} › `).join(""), h("b", {}, path[path.length - 1]))));
    append(
      words,
      h("h2", {}, header.question, lemmas.length > 1 && h("small", {}, ` ${lemmas.join(", ")}`)),
      (gloss || wikipedia) && h("p", { class: "sl-gloss" }, gloss, wikipedia && " ", wikipedia && outward(wikipedia, "Wikipedia")),
      (yes || no) && h(
        "p", { class: "sl-rules" },
        yes && h("span", { class: "yes" }, h("b", { role: "img", "aria-label": "Yes:" }, "✓"), ` ${yes}`),
        no && h("span", { class: "no" }, h("b", { role: "img", "aria-label": "No:" }, "✕"), ` ${no}`),
      ),
    );
    const { can } = this.session;
    const link = (/** @type {string} */ name, /** @type {string} */ text, /** @type {() => void} */ onclick) => h("button", { class: "sl-link", type: "button", "data-do": name, onclick }, text);
    if (can.has("tasks") || can.has("report")) append(words, h("p", { class: "sl-more" },
      can.has("tasks") && link("another", "Label something else", this.actions.another), can.has("report") && link("report", "Report a problem", this.actions.report)));
    const toggle = h("button", { class: "sl-fold", type: "button", "aria-expanded": String(this.#open), title: "Show less or more" }, "");
    toggle.addEventListener("click", () => {
      this.#open = !this.#open;
      remember(FOLDED, this.#open ? "no" : "yes");
      this.element.classList.toggle("folded", !this.#open);
      toggle.setAttribute("aria-expanded", String(this.#open));
    });
    this.element.replaceChildren(words);
    append(this.element, examples.length > 0 && this.#strip(examples), more && toggle);
    this.element.classList.toggle("folded", !this.#open);
    this.refresh();
  }

  /** @param {{ key: string, good: boolean }[]} examples */
  #strip(examples) {
    this.#examples.clear();
    const pictures = examples.slice(0, 8).map(({ key, good }) => {
      const image = h("img", { alt: good ? "an example" : "a counter-example", draggable: "false", hidden: true });
      this.#examples.set(key, image);
      return h("span", { class: good ? "yes" : "no" }, image, h("b", { "aria-hidden": "true" }, good ? "✓" : "✕"));
    });
    return h("div", { class: "sl-examples" }, h("p", { class: "sl-muted" }, "Examples"), h("div", {}, ...pictures));
  }

  /** Keys of examples whose picture has not come yet. @returns {string[]} */
  wanted() {
    return [...this.#examples].filter(([, image]) => image.hidden).map(([key]) => key);
  }

  /** Show the examples that have come. */
  refresh() {
    for (const [key, image] of this.#examples) {
      const thumb = this.session.thumbs.get(key);
      if (!image.hidden || thumb.state !== "ready") continue;
      image.src = thumb.url;
      image.hidden = false;
    }
  }
}
