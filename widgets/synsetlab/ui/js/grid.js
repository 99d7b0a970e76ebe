// @ts-check
/** LabelingGrid: what anywidget calls. */

import { h, keepKeys } from "./dom.js";
import { Session } from "./grid-session.js";
import { View } from "./grid-view.js";

/** @import { RenderProps } from "@anywidget/types" */
/** @typedef {{ session: Session, ends: AbortController }} Shared */

const LEAST_HEIGHT = 360;

/** @type {WeakMap<object, Shared>} one session a model, however many views it has */
const sessions = new WeakMap();

/** @param {any} model @returns {Shared} */
function shared(model) {
  const known = sessions.get(model);
  if (known) return known;
  const ends = new AbortController();
  const made = { session: new Session(model, ends.signal), ends };
  sessions.set(model, made);
  return made;
}

/**
 * Where the page is ours alone (Voila), fill what is left of the window.
 *
 * @param {HTMLElement} root
 * @param {AbortSignal} signal
 */
function fillWindow(root, signal) {
  const fit = () => {
    let below = 0;
    for (let above = root.parentElement; above; above = above.parentElement) {
      const { paddingBottom, marginBottom, borderBottomWidth } = getComputedStyle(above);
      below += parseFloat(paddingBottom) + parseFloat(marginBottom) + parseFloat(borderBottomWidth);
    }
    const top = root.getBoundingClientRect().top + window.scrollY;
    root.style.height = `${Math.max(LEAST_HEIGHT, Math.floor(window.innerHeight - top - below))}px`;
  };
  const watch = new ResizeObserver(fit);
  watch.observe(document.body);
  window.addEventListener("resize", fit, { signal });
  signal.addEventListener("abort", () => watch.disconnect());
  fit();
}

/**
 * JupyterLab focuses the cell around us some time after a click into it, and would then get the keys: whoever
 * clicked here and did not leave gets the keyboard back.
 *
 * @param {HTMLElement} root
 * @param {AbortSignal} signal
 */
function keepFocus(root, signal) {
  let ours = false;
  const inside = (/** @type {Event} */ event) => event.target instanceof Node && root.contains(event.target);
  document.addEventListener("pointerdown", (event) => { ours = inside(event); }, { signal, capture: true });
  document.addEventListener("keydown", (event) => { ours = event.key !== "Tab" && (ours || inside(event)); }, { signal, capture: true });
  root.addEventListener("focusout", ({ target }) => {
    if (!ours) return;
    // Not at once: it may be on its way to another tile. A cell that is moved in the page loses it to the body.
    setTimeout(() => {
      const now = document.activeElement;
      const taken = now === null || now === document.body || (now !== root && now.contains(root));
      if (ours && taken && target instanceof HTMLElement && target.isConnected) target.focus({ preventScroll: true });
    });
  });
}

/** @param {RenderProps} props */
function render({ model, el }) {
  const all = shared(model);
  const ends = new AbortController();
  const alone = document.body.dataset.voila !== undefined;
  const root = h("section", {
    class: "sl sl-grid", "aria-label": "Labeling grid", "data-state": "loading",
  });
  keepKeys(root);
  el.replaceChildren(root);
  if (alone) fillWindow(root, ends.signal);
  else keepFocus(root, ends.signal);
  new View(all.session, root, ends.signal, alone);
  return () => ends.abort();
}

/** @param {{ model: any }} props */
function initialize({ model }) {
  const { ends } = shared(model);
  return () => {
    ends.abort();
    sessions.delete(model);
  };
}

export default { initialize, render };
