// @ts-check
/** The pictures that a model gets wrong: to look at, to choose, to send back to review. */

import { h, showError } from "./dom.js";
import { count, share, skeleton } from "./review-frame.js";

/** @typedef {import("./review-pictures.js").Pictures} Pictures */
/**
 * @typedef {object} Wrong
 * @property {string} key
 * @property {string} wnid
 * @property {string} name
 * @property {string} guess
 * @property {string} guess_name
 * @property {number} models
 * @property {number} of
 * @property {number | null} confidence
 * @property {boolean} asked
 */
/**
 * @typedef {object} Given
 * @property {(type: string, fields: Record<string, unknown>) => Promise<any>} ask
 * @property {() => void} close
 * @property {{ say: (text: string) => void, fail: (error: unknown) => void }} notices
 * @property {Pictures} pictures
 * @property {AbortSignal} signal
 */

export class WrongPictures {
  #number = 0;
  /** @type {Map<string, { row: Wrong, tile: HTMLElement, button: HTMLElement }>} */
  #tiles = new Map();
  /** @type {Set<string>} */
  #chosen = new Set();
  #url = "";

  /** @param {Given} given */
  constructor(given) {
    this.given = given;
    this.title = h("h3", {});
    this.note = h("span", { class: "sl-muted" });
    this.all = h("button", { class: "sl-button", type: "button", "data-do": "select", onclick: () => this.#selectAll() }, "Select all");
    this.reason = h("input", { type: "text", class: "sl-reason", maxlength: "500", placeholder: "Reason (by default what the models say)", "aria-label": "Reason" });
    this.send = h("button", { class: "sl-button primary", type: "button", "data-do": "send", disabled: true, onclick: () => this.#send() }, "Send back to review");
    const close = h("button", { class: "sl-button", type: "button", onclick: given.close }, "Close");
    this.body = h("div", { class: "sl-tiles" });
    this.foot = h("footer", {}, this.all, this.reason, this.send);
    const head = h("header", {}, this.title, this.note, close);
    this.element = h("div", { class: "sl-cells-place sl-wrong-place", hidden: true, role: "region", tabindex: "-1", "aria-label": "Pictures that go wrong" }, head, this.body, this.foot);
    this.image = h("img", { alt: "" });
    this.caption = h("p", {});
    const shut = h("button", { class: "sl-button", type: "button", onclick: () => this.dialog.close() }, "Close");
    this.dialog = h("dialog", { class: "sl-full", "aria-label": "Picture" }, this.image, h("footer", {}, this.caption, shut));
    this.dialog.addEventListener("close", () => this.#free());
    given.signal.addEventListener("abort", () => this.#free());
  }

  hide() {
    this.#number += 1;
    this.element.hidden = true;
    delete this.element.dataset.wnid;
  }

  /** @param {string} model @param {string} wnid "" for all classes @param {string} name */
  async show(model, wnid, name) {
    const number = ++this.#number;
    this.element.hidden = false;
    delete this.element.dataset.wnid;
    this.title.textContent = name;
    this.note.textContent = "";
    this.foot.hidden = true;
    this.body.replaceChildren(skeleton(3));
    this.element.focus({ preventScroll: true });
    try {
      const { total, pictures } = await this.given.ask("wrong", { model, wnid });
      if (number !== this.#number) return;
      this.#paint(model, total, pictures);
      this.element.dataset.wnid = wnid || "all";
      this.element.scrollIntoView({ block: "nearest" });
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError") return;
      if (number === this.#number) showError(this.body, error, () => this.show(model, wnid, name));
    }
  }

  /** @param {string} model @param {number} total @param {Wrong[]} pictures */
  #paint(model, total, pictures) {
    this.#tiles.clear();
    this.#chosen.clear();
    const first = total > pictures.length ? `; the first ${count(pictures.length)} are shown` : "";
    this.note.textContent = total === 0
      ? `${model} gets all of them right`
      : `${count(total)} ${total === 1 ? "picture goes" : "pictures go"} wrong with ${model}, the most doubtful labels first${first}`;
    this.body.replaceChildren(...pictures.map((row) => this.#tile(row)));
    this.foot.hidden = total === 0;
    this.#count();
  }

  /** @param {Wrong} row */
  #tile(row) {
    const key = `${row.key} ${row.wnid}`;
    const words = `${row.name}, taken for ${row.guess_name}`;
    const button = h("button", { class: "sl-pick", type: "button", "aria-pressed": "false", "aria-label": words, onclick: () => this.#toggle(key) }, this.given.pictures.thumbnail(row.key));
    const sure = row.confidence === null ? "" : `, ${share(row.confidence)} sure`;
    const view = h("button", { class: "sl-link", type: "button", "aria-label": `View ${words}`, onclick: () => this.#view(row) }, "View");
    const tile = h(
      "figure", { class: "sl-tile", "data-key": row.key, "data-asked": String(row.asked) }, button,
      h("figcaption", {}, h("b", { title: `${row.guess_name} (${row.guess})` }, row.guess_name), h("small", { class: "sl-muted" }, `labelled ${row.name}`),
        h("small", { class: "sl-muted sl-num" }, `${row.models} of ${row.of} ${row.of === 1 ? "model" : "models"}${sure} `, view)),
    );
    if (row.asked) tile.append(asked());
    this.#tiles.set(key, { row, tile, button });
    return tile;
  }

  /** @param {string} key @param {boolean} [on] */
  #toggle(key, on = !this.#chosen.has(key)) {
    if (on) this.#chosen.add(key);
    else this.#chosen.delete(key);
    this.#tiles.get(key)?.button.setAttribute("aria-pressed", String(on));
    this.#count();
  }

  #selectAll() {
    const open = [...this.#tiles].filter(([, { row }]) => !row.asked).map(([key]) => key);
    const on = open.some((key) => !this.#chosen.has(key));
    for (const key of open) this.#toggle(key, on);
  }

  #count() {
    const n = this.#chosen.size;
    const open = [...this.#tiles.values()].filter(({ row }) => !row.asked).length;
    this.send.disabled = n === 0;
    this.send.textContent = n === 0 ? "Send back to review" : `Send ${count(n)} back to review`;
    this.all.disabled = open === 0;
    this.all.textContent = n > 0 && n >= open ? "Select none" : "Select all";
  }

  async #send() {
    const keys = [...this.#chosen];
    const rows = keys.map((key) => /** @type {{ row: Wrong }} */ (this.#tiles.get(key)).row);
    const number = this.#number;
    this.send.disabled = true;
    try {
      const { sent } = await this.given.ask("send_back", { pictures: rows.map(({ key, wnid }) => [key, wnid]), reason: this.reason.value });
      if (number !== this.#number) return;
      for (const key of keys) {
        const held = this.#tiles.get(key);
        if (!held) continue;
        if (!held.row.asked) held.tile.append(asked());
        held.row.asked = true;
        held.tile.dataset.asked = "true";
        this.#toggle(key, false);
      }
      const missing = rows.length - sent;
      this.given.notices.say(`${count(sent)} ${sent === 1 ? "picture is" : "pictures are"} asked about again${missing ? `; of ${count(missing)} nothing was asked here` : ""}.`);
    } catch (error) {
      this.given.notices.fail(error);
    }
    this.#count();
  }

  /** @param {Wrong} row */
  async #view(row) {
    this.#free();
    this.caption.textContent = `${row.name}, taken for ${row.guess_name}`;
    this.dialog.showModal();
    try {
      this.#url = await this.given.pictures.full(row.key, this.given.signal);
      if (this.dialog.open) this.image.src = this.#url;
      else this.#free();
    } catch (error) {
      this.dialog.close();
      this.given.notices.fail(error);
    }
  }

  #free() {
    this.image.removeAttribute("src");
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = "";
  }
}

function asked() {
  return h("span", { class: "sl-chip accent" }, "asked again");
}
