// @ts-check
/** The picture in question, alone or with a near-duplicate beside it, and what was decided of it. */

import { append, h, showError } from "./dom.js";
import { VERDICTS } from "./review-queue.js";
import { Zoom } from "./zoom.js";

/** @typedef {import("./review-queue.js").Item} Item */
/** @typedef {{ key: string, distance: number }} Near */

export class Stage {
  #shown = new AbortController();
  /** @type {Zoom[]} of the pictures that are shown */
  #zooms = [];

  /** @param {import("./review-pictures.js").Pictures} pictures */
  constructor(pictures) {
    this.pictures = pictures;
    this.element = h("div", { class: "sl-stage", role: "region", "aria-label": "Picture" });
  }

  end() {
    this.#shown.abort();
    this.#zooms = [];
  }

  /** Words where no picture is. @param {string} title @param {string} words */
  empty(title, words) {
    this.end();
    delete this.element.dataset.picture;
    this.element.classList.remove("two");
    this.element.replaceChildren(h("div", { class: "sl-empty" }, h("strong", {}, title), h("p", {}, words)));
  }

  /** @param {Item} item @param {Near} [near] beside it */
  async show(item, near) {
    this.end();
    this.#shown = new AbortController();
    const { signal } = this.#shown;
    const { element } = this;
    element.classList.toggle("two", near !== undefined);
    element.replaceChildren(h("div", { class: "sl-wait", role: "status", "aria-label": "Loading the picture" }));
    delete element.dataset.picture;
    this.stamp(item);
    try {
      const wanted = [this.#image(item.key, `The picture in question: ${item.lemmas[0] ?? item.key}?`, signal)];
      if (near) wanted.push(this.#image(near.key, `Near-duplicate, ${near.distance} bits away`, signal));
      const [image, beside] = await Promise.all(wanted);
      if (signal.aborted) return;
      /** @type {HTMLElement[]} */
      const frames = [h("div", { class: "sl-frame" }, image)];
      if (near) frames.push(h("figure", { class: "sl-frame" }, beside, h("figcaption", { class: "sl-chip" }, `near-duplicate · ${near.distance} bits`)));
      element.replaceChildren(...frames);
      this.#zooms = frames.map((frame, i) => new Zoom(frame, i === 0 ? image : beside, { signal, onchange: (factor) => { frame.dataset.zoom = factor.toFixed(2); } }));
      element.dataset.picture = item.key;
      element.dataset.beside = near?.key ?? "";
      this.stamp(item);
    } catch (error) {
      if (!signal.aborted) showError(element, error, () => this.show(item, near));
    }
  }

  /** Make what is shown larger or smaller by a factor; 0: as large as its place. @param {number} factor */
  zoom(factor) {
    for (const zoom of this.#zooms) factor > 0 ? zoom.by(factor) : zoom.fit();
  }

  /** Say on the picture what was decided. @param {Item | undefined} item */
  stamp(item) {
    this.element.querySelector(".sl-stamp")?.remove();
    if (!item?.verdict) return;
    const [mark, words, look] = VERDICTS[item.verdict];
    append(this.element, h("span", { class: `sl-stamp sl-chip ${look}` }, `${mark} ${words}`));
  }

  /** A picture in full, once it can be painted. @param {string} key @param {string} alt @param {AbortSignal} signal */
  async #image(key, alt, signal) {
    const url = await this.pictures.full(key, signal);
    signal.addEventListener("abort", () => URL.revokeObjectURL(url));
    const image = h("img", { src: url, alt, draggable: "false" });
    await image.decode();
    return image;
  }
}
