// @ts-check
/** Small helps on our own pages; every form works without them. */
(() => {
  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
    if (!(button instanceof HTMLButtonElement)) return;
    const field = document.getElementById(button.dataset.copy ?? "");
    if (!(field instanceof HTMLInputElement)) return;
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Press Ctrl+C"; // no clipboard without TLS, but the text is selected
    }
  });

  // A menu closes when something else is clicked, and on Escape.
  const shut = (/** @type {EventTarget | null} */ target) => {
    for (const menu of document.querySelectorAll("details.more[open]")) {
      if (!(target instanceof Node && menu.contains(target))) menu.removeAttribute("open");
    }
  };
  document.addEventListener("click", (event) => shut(event.target));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") shut(null);
  });
})();
