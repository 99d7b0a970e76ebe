// @ts-check
/** Charts of few SVG nodes, drawn to the width they have; behind each is a table with the same numbers. */

import { h } from "./dom.js";

/** @typedef {{ label: string, value: number, note?: string }} Bar */
/** @typedef {{ name: string, look: string, values: (number | null)[] }} Line */

const HEIGHT = 180;
const LEFT = 44;
const BELOW = 22;
const ABOVE = 10;

/** The browser's own name for SVG: no address need stand here. @returns {string | null} */
function namespace() {
  const place = document.createElement("template");
  place.innerHTML = "<svg></svg>";
  return /** @type {Element} */ (place.content.firstChild).namespaceURI;
}

/** @param {string} tag @param {Record<string, string | number>} attributes @param {...(Node | string)} children */
export function svg(tag, attributes, ...children) {
  const element = document.createElementNS(namespace(), tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/**
 * A round number at or above `most`, and the step between lines.
 *
 * @param {number} most
 * @param {number} [lines] about so many
 * @returns {{ top: number, step: number }}
 */
export function scale(most, lines = 4) {
  if (!(most > 0)) return { top: 1, step: 1 };
  const rough = most / lines;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough * 0.999) ?? rough;
  return { top: Math.ceil(most / step - 1e-9) * step, step };
}

/**
 * Which of `count` labels fit, the first always.
 *
 * @param {number} count
 * @param {number} width px that there are
 * @param {number} each px that one needs
 */
export function everyNth(count, width, each) {
  return Math.max(1, Math.ceil((count * each) / Math.max(1, width)));
}

/** Lines and numbers behind a chart. @param {number} width @param {number} low @param {number} top @param {number} step @param {(value: number) => string} print */
function grid(width, low, top, step, print) {
  const room = HEIGHT - ABOVE - BELOW;
  const group = svg("g", { class: "sl-grid-lines" });
  for (let value = low; value <= top + step / 1000; value += step) {
    const y = ABOVE + room * (1 - (value - low) / (top - low));
    group.append(
      svg("line", { x1: LEFT, x2: width, y1: y, y2: y }),
      svg("text", { x: LEFT - 8, y: y + 4, "text-anchor": "end" }, print(value)),
    );
  }
  return group;
}

/** @param {string[]} labels @param {number} width @param {(index: number) => number} place */
function below(labels, width, place) {
  const nth = everyNth(labels.length, width - LEFT, 62);
  const group = svg("g", {});
  let before = "";
  labels.forEach((label, i) => {
    const x = Math.min(place(i), width - 20);
    if (i % nth !== 0 || label === before) return; // a day's name once
    before = label;
    group.append(svg("text", { x, y: HEIGHT - 6, "text-anchor": "middle" }, label));
  });
  return group;
}

/** @param {Bar[]} bars @param {number} width @param {string} label */
export function bars(bars, width, label) {
  const { top, step } = scale(Math.max(...bars.map(({ value }) => value)));
  const room = HEIGHT - ABOVE - BELOW;
  const each = (width - LEFT) / bars.length;
  const gap = Math.min(6, each / 4);
  const thick = Math.min(each - gap, 48);
  const centre = (/** @type {number} */ i) => LEFT + (i + 0.5) * each;
  const drawn = bars.map(({ value, note, label: when }, i) => {
    const tall = Math.max(value > 0 ? 1 : 0, (value / top) * room);
    const bar = svg("rect", { x: centre(i) - thick / 2, y: ABOVE + room - tall, width: thick, height: tall, rx: Math.min(3, thick / 3), class: "sl-mark" });
    bar.append(svg("title", {}, note ?? `${when}: ${value}`));
    return bar;
  });
  return picture(width, label, grid(width, 0, top, Math.max(1, step), (value) => value.toLocaleString("en", value >= 10_000 ? { notation: "compact" } : {})), ...drawn, below(bars.map((bar) => bar.label), width, centre));
}

/** Shares from 0 (or below) to 1 over time. @param {string[]} labels @param {Line[]} lines @param {number} width @param {string} label */
export function shares(labels, lines, width, label) {
  const found = lines.flatMap(({ values }) => values.filter((value) => value !== null));
  const low = Math.min(0, Math.floor(Math.min(...found) * 4) / 4);
  const room = HEIGHT - ABOVE - BELOW;
  const place = (/** @type {number} */ i) => LEFT + 20 + (labels.length > 1 ? (i * (width - LEFT - 44)) / (labels.length - 1) : (width - LEFT) / 2);
  const up = (/** @type {number} */ value) => ABOVE + room * (1 - (value - low) / (1 - low));
  const drawn = lines.map(({ name, look, values }) => {
    /** @type {string[]} */
    const steps = [];
    const dots = svg("g", {});
    let open = false;
    values.forEach((value, i) => {
      if (value === null) {
        open = false;
        return;
      }
      steps.push(`${open ? "L" : "M"}${place(i).toFixed(1)} ${up(value).toFixed(1)}`);
      open = true;
      const dot = look === "dashed"
        ? svg("rect", { x: place(i) - 3.5, y: up(value) - 3.5, width: 7, height: 7 })
        : svg("circle", { cx: place(i), cy: up(value), r: 4 });
      dot.append(svg("title", {}, `${labels[i]}: ${name} ${value.toFixed(2)}`));
      dots.append(dot);
    });
    return svg("g", { class: `sl-line ${look}` }, svg("path", { d: steps.join(" ") }), dots);
  });
  return picture(width, label, grid(width, low, 1, 0.25, (value) => value.toFixed(2)), ...drawn, below(labels, width, place));
}

/** @param {number} width @param {string} label @param {...Node} parts */
function picture(width, label, ...parts) {
  return svg("svg", { class: "sl-chart", width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": label }, ...parts);
}

/**
 * A table that can be read where a chart cannot be seen.
 *
 * @param {string} caption
 * @param {string[]} heads
 * @param {(string | number)[][]} rows
 */
export function table(caption, heads, rows) {
  return h(
    "table",
    { class: "sl-table" },
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, ...heads.map((head, i) => h("th", { scope: "col", class: i > 0 ? "sl-num" : "" }, head)))),
    h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((cell, i) => (i === 0 ? h("th", { scope: "row" }, cell) : h("td", { class: "sl-num" }, cell)))))),
  );
}
