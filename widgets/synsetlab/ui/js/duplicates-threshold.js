// @ts-check
/** How near is near: a histogram of distances, and a slider that says what each threshold would do. */

import { svg } from "./dashboard-charts.js";
import { h } from "./dom.js";
import { atThreshold, histogram } from "./duplicates-rules.js";
import { count } from "./review-frame.js";

/** @typedef {import("./duplicates-rules.js").Cluster} Cluster */

const WIDTH = 220;
const HEIGHT = 44;

export class Threshold {
  /** @type {Cluster[]} */
  #clusters = [];

  /** @param {(bits: number) => void} onchange */
  constructor(onchange) {
    this.place = h("div", {});
    this.words = h("p", { class: "sl-muted sl-num", role: "status" });
    this.slider = h("input", { type: "range", min: "0", step: "1", "aria-label": "Largest distance in view, bits", "data-do": "threshold" });
    this.slider.addEventListener("input", () => {
      this.#paint();
      onchange(this.bits);
    });
    this.element = h("div", { class: "sl-threshold", hidden: true }, this.place, this.slider, this.words);
  }

  get bits() {
    return Number(this.slider.value);
  }

  /** Everything in view again. */
  open() {
    this.slider.value = this.slider.max;
    this.#paint();
  }

  /** @param {Cluster[]} clusters */
  load(clusters) {
    this.#clusters = clusters;
    const counts = histogram(clusters);
    this.element.hidden = counts.length < 2;
    this.slider.max = String(Math.max(0, counts.length - 1));
    this.open();
  }

  #paint() {
    const counts = histogram(this.#clusters);
    const most = Math.max(1, ...counts);
    const each = WIDTH / Math.max(1, counts.length);
    const drawn = counts.map((n, bits) => {
      const tall = n === 0 ? 0 : Math.max(2, (n / most) * HEIGHT);
      const bar = svg("rect", {
        x: bits * each + 1, y: HEIGHT - tall, width: Math.max(1, each - 2), height: tall, class: bits <= this.bits ? "in" : "out",
      });
      bar.append(svg("title", {}, `${bits} bits: ${n} pairs`));
      return bar;
    });
    const label = `Pairs by distance: ${counts.map((n, bits) => `${bits} bits ${n}`).join(", ")}`;
    this.place.replaceChildren(svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label }, ...drawn));
    const { pairs, groups, surplus } = atThreshold(this.#clusters, this.bits);
    this.slider.setAttribute("aria-valuetext", `${this.bits} bits`);
    this.words.replaceChildren(
      h("b", {}, `up to ${this.bits} ${this.bits === 1 ? "bit" : "bits"}`),
      ` · ${count(pairs)} ${pairs === 1 ? "pair" : "pairs"} in ${count(groups)} ${groups === 1 ? "group" : "groups"}, ${count(surplus)} to spare`,
    );
  }
}
