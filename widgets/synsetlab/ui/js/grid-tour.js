// @ts-check
/** A short tour: what is where, once. Each step points at a part of the grid. */

import { h } from "./dom.js";

/** @type {[string, string, string][]} part, title, words */
const STEPS = [
  [".sl-heading", "The question", "It stays here while you scroll: the definition, what counts and what does not, and examples."],
  [".sl-board", "The pictures", "Click one, or go through them with the keys Y (yes), N (no) and U (unsure). Drag over several to answer them at once. A blue dot marks what you have not looked at."],
  [".sl-tile", "Look closely", "Enter, or ⤢ in the corner, shows a picture in full, with who made it. F flags one that cannot be judged."],
  [".sl-footer", "Hand in the page", "Z undoes. Ctrl+Enter submits the page and brings the next one. ? lists all keys."],
  [".sl-saved", "Nothing is lost", "Every answer is saved at once. If the connection breaks, go on: they wait in this browser and are sent later."],
];

/** @param {HTMLElement} root @returns {Promise<void>} when it is over */
export function tour(root) {
  return new Promise((resolve) => {
    let step = 0;
    const title = h("h3", {});
    const words = h("p", {});
    const place = h("span", { class: "sl-muted sl-num" });
    const ring = h("div", { class: "sl-ring", "aria-hidden": "true" });
    const back = h("button", { class: "sl-button", type: "button", "data-do": "tour-back", onclick: () => go(step - 1) }, "Back");
    const next = h("button", { class: "sl-button primary", type: "button", "data-do": "tour-next", autofocus: true, onclick: () => go(step + 1) }, "Next");
    const skip = h("button", { class: "sl-button", type: "button", "data-do": "tour-skip", onclick: () => dialog.close() }, "Skip the tour");
    const card = h("div", { class: "sl-tour-card" }, title, words, h("div", { class: "sl-choices" }, next, back, skip, place));
    const dialog = h("dialog", { class: "sl-tour", "aria-label": "A short tour" }, ring, card);
    const paint = () => {
      const [part, head, text] = STEPS[step];
      title.textContent = head;
      words.textContent = text;
      place.textContent = `${step + 1} of ${STEPS.length}`;
      back.disabled = step === 0;
      next.textContent = step === STEPS.length - 1 ? "Begin" : "Next";
      const box = (root.querySelector(part) ?? root).getBoundingClientRect();
      const seen = { left: Math.max(4, box.left), top: Math.max(4, box.top), right: Math.min(innerWidth - 4, box.right), bottom: Math.min(innerHeight - 4, box.bottom) };
      ring.style.cssText = `left:${seen.left}px;top:${seen.top}px;width:${seen.right - seen.left}px;height:${seen.bottom - seen.top}px`;
      // Below what it speaks of, or above, or in its middle: wherever there is room.
      const { offsetHeight: tall, offsetWidth: wide } = card;
      const top = seen.bottom + 12 + tall < innerHeight ? seen.bottom + 12 : seen.top - 12 - tall > 0 ? seen.top - 12 - tall : (innerHeight - tall) / 2;
      card.style.top = `${top}px`;
      card.style.left = `${Math.max(8, Math.min(innerWidth - wide - 8, (seen.left + seen.right - wide) / 2))}px`;
    };
    const go = (/** @type {number} */ to) => {
      if (to >= STEPS.length) return dialog.close();
      step = Math.max(0, to);
      paint();
      next.focus();
    };
    dialog.addEventListener("keydown", (event) => {
      if (event.key === "ArrowRight") go(step + 1);
      else if (event.key === "ArrowLeft") go(step - 1);
    });
    addEventListener("resize", paint);
    dialog.addEventListener("close", () => {
      removeEventListener("resize", paint);
      dialog.remove();
      resolve();
    });
    root.append(dialog);
    dialog.showModal();
    paint();
  });
}
