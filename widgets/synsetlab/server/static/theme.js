// @ts-check
/** Follow the system's light or dark theme, from before the first paint. */
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    document.documentElement.dataset.slTheme = dark.matches ? "dark" : "light";
    // JupyterLab's own mark, which its widgets look at.
    if (document.body) document.body.dataset.jpThemeLight = String(!dark.matches);
  };
  dark.addEventListener("change", follow);
  document.addEventListener("DOMContentLoaded", follow);
  follow();
})();
