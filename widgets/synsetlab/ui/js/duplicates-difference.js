// @ts-check
/** Where two pictures differ: both drawn at one size, the difference of each pixel made visible. */

import { h } from "./dom.js";

const SIDE = 480;
const GAIN = 4;

/**
 * The absolute difference of two pictures of one size, four times as strong, white where they are equal.
 *
 * @param {Uint8ClampedArray} one RGBA
 * @param {Uint8ClampedArray} other RGBA
 * @param {Uint8ClampedArray} into RGBA
 * @returns {{ mean: number, changed: number }} mean difference of 0 to 1, and the share of pixels that differ by more than 8 %
 */
export function difference(one, other, into) {
  let sum = 0;
  let changed = 0;
  for (let i = 0; i < one.length; i += 4) {
    const [r, g, b] = [Math.abs(one[i] - other[i]), Math.abs(one[i + 1] - other[i + 1]), Math.abs(one[i + 2] - other[i + 2])];
    const all = (r + g + b) / 3;
    sum += all;
    if (all > 20) changed += 1;
    into[i] = 255 - GAIN * (g + b) / 2;
    into[i + 1] = 255 - GAIN * all;
    into[i + 2] = 255 - GAIN * (r + g) / 2;
    into[i + 3] = 255;
  }
  const pixels = one.length / 4 || 1;
  return { mean: sum / pixels / 255, changed: changed / pixels };
}

/**
 * A canvas of the difference of two pictures that are shown, the second stretched to the first's shape.
 *
 * @param {HTMLImageElement} base
 * @param {HTMLImageElement} image
 * @returns {HTMLElement}
 */
export function differenceOf(base, image) {
  const scale = Math.min(1, SIDE / Math.max(base.naturalWidth, base.naturalHeight));
  const width = Math.max(1, Math.round(base.naturalWidth * scale));
  const height = Math.max(1, Math.round(base.naturalHeight * scale));
  const pixels = (/** @type {HTMLImageElement} */ picture) => {
    const canvas = h("canvas", { width, height });
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, width, height);
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, width, height);
    return { canvas, context, data: context.getImageData(0, 0, width, height) };
  };
  const [one, other] = [pixels(base), pixels(image)];
  const made = one.context.createImageData(width, height);
  const { mean, changed } = difference(one.data.data, other.data.data, made.data);
  other.context.putImageData(made, 0, 0);
  const words = `mean ${(100 * mean).toFixed(1)} %, visible in ${(100 * changed).toFixed(changed < 0.1 ? 1 : 0)} % of pixels`;
  other.canvas.setAttribute("role", "img");
  other.canvas.setAttribute("aria-label", `Difference from the reference: ${words}`);
  return h("div", { class: "sl-difference", "data-mean": mean.toFixed(4) }, other.canvas, h("p", { class: "sl-num" }, words));
}
