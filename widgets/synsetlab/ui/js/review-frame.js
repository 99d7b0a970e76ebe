// @ts-check
/** The frame that the panels share: its height, its place for messages, its keys kept to itself. */

import { h, keepKeys, showError } from "./dom.js";

const NARROW = 700;
const WIDE = 1080;

/** A number for people. @param {number} value */
export function count(value) {
  return value.toLocaleString("en");
}

/** A size for people. @param {number} bytes */
export function fileSize(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 999_500 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** A probability as the panels print it. @param {number | null | undefined} value */
export function share(value) {
  if (value === null || value === undefined) return "–";
  return value.toFixed(2).replace(/^0(?=\.)/, "");
}

/**
 * Put the panel's root into the place that Jupyter gives it. In Voila it takes the rest of the
 * window; in a notebook cell it has the height of its style sheet.
 *
 * @param {HTMLElement} el
 * @param {string} name class of the panel
 * @param {string} label what it is, for who cannot see it
 * @param {AbortSignal} signal
 * @returns {HTMLElement}
 */
export function frame(el, name, label, signal) {
  const root = h("section", {
    class: `sl sl-panel ${name}`,
    "aria-label": label,
    "data-state": "loading",
  });
  keepKeys(root);
  el.replaceChildren(root);
  const widths = new ResizeObserver(() => {
    const width = el.clientWidth;
    root.classList.toggle("narrow", width < NARROW);
    root.classList.toggle("medium", width >= NARROW && width < WIDE);
  });
  widths.observe(el);
  signal.addEventListener("abort", () => widths.disconnect());
  if (document.body.dataset.voila !== undefined) {
    const fit = () => {
      const top = root.getBoundingClientRect().top + window.scrollY;
      const below = document.documentElement.dataset.app ? 0 : 16; // our own page has no margin there
      const room = window.innerHeight - top - below;
      root.style.setProperty("--sl-height", `${room >= 480 ? room : 640}px`);
    };
    const watch = new ResizeObserver(fit);
    watch.observe(document.body);
    window.addEventListener("resize", fit, { signal });
    signal.addEventListener("abort", () => watch.disconnect());
  }
  return root;
}

/**
 * A panel's keys: those that come to it, and in Voila, where it may have the page to itself, also those
 * pressed before anything in it was clicked.
 *
 * @param {HTMLElement} root
 * @param {(event: KeyboardEvent) => void} handle
 * @param {AbortSignal} signal
 */
export function keysOf(root, handle, signal) {
  root.addEventListener("keydown", handle, { signal });
  if (document.body.dataset.voila === undefined) return;
  const alone = () => document.querySelectorAll(".sl-panel, .sl-grid").length === 1;
  document.addEventListener("keydown", (event) => {
    if (event.target === document.body && alone()) handle(event);
  }, { signal });
}

/**
 * A line where things that went wrong, or were done, are said aloud.
 *
 * @returns {{ element: HTMLElement, say: (text: string) => void, fail: (error: unknown) => void }}
 */
export function notices() {
  const spoken = h("div", { class: "sl-live", role: "status", "aria-live": "polite" });
  const painted = h("div", {});
  const element = h("div", { class: "sl-notices" }, spoken, painted);
  return {
    element,
    say: (text) => {
      spoken.textContent = text;
      painted.replaceChildren();
    },
    fail: (error) => {
      if (error instanceof Error && error.name === "AbortError") return;
      showError(painted, error);
      painted.firstElementChild?.append(
        h("button", { class: "sl-button", type: "button", onclick: () => painted.replaceChildren() }, "Close"),
      );
    },
  };
}

/** Grey bars where text will be. @param {number} lines */
export function skeleton(lines) {
  const bars = Array.from({ length: lines }, (_, i) => h("i", { style: `width:${88 - ((i * 23) % 50)}%` }));
  return h("div", { class: "sl-skeleton", role: "status", "aria-label": "Loading" }, ...bars);
}
