// @ts-check
/** Settings of one person: what a click means, one picture or many, which key does what. */

import { h } from "./dom.js";
import { show } from "./grid-dialogs.js";
import { ACTIONS, keyName, keySign, keysOf, withKey } from "./grid-keys.js";

/** @typedef {import("./grid-session.js").Session} Session */

/** @type {[import("./grid-state.js").Mode, string, string][]} */
const MODES = [
  ["judge", "Answer each picture", "a click goes round: yes, no, unsure, none"],
  ["wrong", "Click the wrong ones", "what you looked at and left counts as yes when you submit"],
  ["right", "Click the right ones", "what you looked at and left counts as no when you submit"],
];

/** @param {HTMLElement} root @param {Session} session @returns {Promise<void>} when it is closed */
export function settings(root, session) {
  return new Promise((resolve) => {
    const choose = (/** @type {string} */ name, /** @type {boolean} */ checked, /** @type {() => void} */ onchange, /** @type {string} */ words, /** @type {string} */ detail) =>
      h("label", {}, h("input", { type: "radio", name, checked, onchange, "data-set": words }), h("span", {}, h("b", {}, words), detail && h("small", {}, detail)));
    const modes = MODES.map(([mode, words, detail]) => choose("mode", session.mode === mode, () => session.prefer({ mode }), words, detail));
    const views = /** @type {[boolean, string][]} */ ([[false, "Many pictures"], [true, "One picture at a time"]]).map(
      ([single, words]) => choose("view", session.single === single, () => session.prefer({ single }), words, ""),
    );
    const keys = h("div", { class: "sl-groups" });
    paintKeys(keys, session);
    const reset = h("button", { class: "sl-button", type: "button", "data-do": "usual-keys", onclick: () => session.prefer({ keys: {} }).finally(() => paintKeys(keys, session)) }, "The usual keys");
    const close = h("button", { class: "sl-button primary", type: "submit", autofocus: true }, "Done");
    const dialog = h(
      "dialog", { class: "sl-dialog sl-help sl-settings", "aria-label": "Settings" },
      h("form", { method: "dialog" }, h("h3", {}, "Settings"), h("p", {}, "They are remembered for you."),
        session.choices.length ? null : h("fieldset", {}, h("legend", {}, "A click"), ...modes),
        h("fieldset", {}, h("legend", {}, "On the screen"), ...views),
        h("details", {}, h("summary", {}, "Keys"), keys, reset),
        h("div", { class: "sl-choices" }, close)),
    );
    show(root, dialog, () => resolve());
  });
}

/** @param {HTMLElement} place @param {Session} session */
function paintKeys(place, session) {
  const own = session.preferences.keys ?? {};
  place.replaceChildren(...ACTIONS.map(([title, actions]) => h("section", {}, h("h4", {}, title), h("dl", {}, ...actions.flatMap(([action, words]) => {
    const signs = keysOf(action, own).map(keySign).join(" ") || "none";
    const button = h("button", { class: "sl-button", type: "button", "data-key-of": action, "aria-label": `${words}: ${signs}. Press to change` }, signs);
    button.addEventListener("click", () => {
      button.textContent = "press a key";
      button.dataset.waiting = "true";
    });
    button.addEventListener("blur", () => button.dataset.waiting && paintKeys(place, session));
    button.addEventListener("keydown", (event) => {
      if (!button.dataset.waiting) return;
      event.preventDefault();
      event.stopPropagation();
      const key = keyName(event);
      if (!key) return;
      delete button.dataset.waiting;
      session.prefer({ keys: withKey(own, action, key) });
      paintKeys(place, session);
      /** @type {HTMLElement | null} */ (place.querySelector(`[data-key-of="${action}"]`))?.focus();
    });
    return [h("dt", {}, button), h("dd", {}, words)];
  })))));
}
