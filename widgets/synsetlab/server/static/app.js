// @ts-check
/**
 * The page around a panel: shows the skeleton until the panel is painted, or says that it failed.
 * `data-state` on <html> is "loading", "ready" or "error"; tests and styles look at it.
 */
(() => {
  const page = document.documentElement;
  const slow = 15000;
  document.body.dataset.jpThemeLight = String(page.dataset.slTheme !== "dark");

  // Where the bar needs a second line, the panel begins below that.
  document.addEventListener("DOMContentLoaded", () => {
    const bar = document.querySelector("header.bar");
    if (!(bar instanceof HTMLElement)) return;
    new ResizeObserver(() => {
      page.style.setProperty("--sl-top", `${bar.offsetHeight}px`);
      window.dispatchEvent(new Event("resize")); // JupyterLab's shell measures its place only then
    }).observe(bar);
  });

  // Voilà's own script calls these; here the outputs are watched instead.
  Object.assign(window, { voila_process() {}, voila_finish() {}, voila_heartbeat() {}, update_loading_text() {} });

  /** @param {"ready" | "error"} state */
  const settle = (state) => {
    if (page.dataset.state !== "loading") return;
    page.dataset.state = state;
    clearTimeout(timer);
    watcher.disconnect();
    document.getElementById("waiting")?.remove();
    const failed = document.getElementById("failed");
    if (failed) failed.hidden = state !== "error";
  };

  const look = () => {
    if (document.querySelector(".cell-failed")) return settle("error");
    const outputs = [...document.querySelectorAll("#rendered_cells .jp-OutputArea-output")];
    // The widget manager's own words; while it says "Loading widget..." there is nothing to show yet.
    const said = outputs.map((output) => (output.childElementCount === 0 ? output.textContent ?? "" : ""));
    if (said.some((text) => text.startsWith("Error displaying widget"))) return settle("error");
    if (outputs.some((output) => output.querySelector(".sl, .jupyter-widgets"))) return settle("ready");
    // A notebook without a widget is ready when all its outputs are painted.
    const unpainted = document.querySelector('script[type="application/vnd.voila.cell-output+json"]');
    const loading = said.some((text) => text.startsWith("Loading widget"));
    if (document.getElementById("all-cells") && outputs.length > 0 && !unpainted && !loading) settle("ready");
  };
  const watcher = new MutationObserver(look);
  watcher.observe(document.body, { childList: true, subtree: true });

  const timer = setTimeout(() => {
    const text = document.getElementById("waiting-text");
    if (text) text.textContent = "Still starting. If this does not end, reload the page.";
  }, slow);

  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-reload]")) location.reload();
  });
})();
