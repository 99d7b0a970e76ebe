// @ts-check
/** A scroller that is taken out of the page and put back stays where it was. */

import { h } from "./dom.js";

/**
 * JupyterLab takes an output out of the page and puts it back when cells are hidden, moved or scrolled
 * away. The browser then scrolls it to its beginning and tells nobody: there is no scroll event, and where
 * both happen between two frames no size changes either. Rows that exist only near the window would be far
 * below it, and the window blank.
 *
 * @param {HTMLElement} scroller
 * @param {() => void} again paint what is in the window now
 * @param {AbortSignal} signal ends it
 */
export function keepScroll(scroller, again, signal) {
  let known = scroller.scrollTop;
  let frame = 0;
  const edge = h("div", { role: "presentation", style: "height:1px;margin-bottom:-1px" });
  scroller.prepend(edge);
  scroller.addEventListener("scroll", () => { known = scroller.scrollTop; }, { signal, passive: true });
  const check = () => {
    if (scroller.clientHeight === 0 || scroller.scrollTop === known) return;
    scroller.scrollTop = known;
    again();
  };
  // The beginning came into sight. If someone scrolled there, the event of that comes before the next frame.
  const watch = new IntersectionObserver(() => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(check);
  }, { root: scroller });
  watch.observe(edge);
  signal.addEventListener("abort", () => {
    watch.disconnect();
    cancelAnimationFrame(frame);
  });
}
