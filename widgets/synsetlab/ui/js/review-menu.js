// @ts-check
/** Why a picture is left out: a menu above its button, by mouse, arrows or digits. */

import { h } from "./dom.js";

export class ReasonMenu {
  /** @type {HTMLElement} what had the focus before */
  #opener;
  /** @type {[string, string][]} code, words */
  #reasons = [];

  /** @param {HTMLElement} home gets the focus where nothing had it @param {(code: string) => void} onpick */
  constructor(home, onpick) {
    this.home = this.#opener = home;
    this.onpick = onpick;
    this.element = h("div", { class: "sl-menu", role: "menu", "aria-label": "Why exclude it", hidden: true });
  }

  get open() {
    return !this.element.hidden;
  }

  /** @param {[string, string][]} reasons */
  load(reasons) {
    this.#reasons = reasons;
    const options = reasons.map(([code, words], i) =>
      h("button", { type: "button", role: "menuitem", "data-reason": code, onclick: () => this.onpick(code) }, h("kbd", {}, i + 1), words),
    );
    this.element.replaceChildren(h("p", {}, "Leave it out of the dataset, whatever it shows:"), ...options);
  }

  show() {
    this.#opener = document.activeElement instanceof HTMLElement ? document.activeElement : this.home;
    this.element.hidden = false;
    /** @type {HTMLElement | null} */ (this.element.querySelector("button"))?.focus();
  }

  close() {
    const inside = this.element.contains(document.activeElement);
    this.element.hidden = true;
    if (inside) this.#opener.focus();
  }

  /** @param {string} key @returns {boolean} whether it was one of the menu's */
  key(key) {
    const options = /** @type {HTMLElement[]} */ ([...this.element.querySelectorAll("button")]);
    const at = options.findIndex((option) => option === document.activeElement);
    const chosen = this.#reasons[Number(key) - 1];
    if (key === "Escape") this.close();
    else if (key === "ArrowDown") options[(at + 1) % options.length].focus();
    else if (key === "ArrowUp") options[(at - 1 + options.length) % options.length].focus();
    else if (/^[1-9]$/.test(key) && chosen) this.onpick(chosen[0]);
    else return false;
    return true;
  }
}
