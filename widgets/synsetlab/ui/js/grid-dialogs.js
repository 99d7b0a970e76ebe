// @ts-check
/** Questions and help over the grid: real dialogs, so that keys and focus stay in them. */

import { h } from "./dom.js";
import { ACTIONS, FIXED, keyMap, keySign, keysOf } from "./grid-keys.js";

/** @typedef {import("./grid-keys.js").OwnKeys} OwnKeys */

/**
 * Ask; the first choice is the one that Enter takes. Resolves with the name of the choice, "" when
 * the dialog is closed without one.
 *
 * @param {HTMLElement} root
 * @param {string} question
 * @param {string} detail
 * @param {[string, string][]} choices name and words
 * @returns {Promise<string>}
 */
export function ask(root, question, detail, choices) {
  return new Promise((resolve) => {
    const buttons = choices.map(([name, words], i) =>
      h("button", { class: `sl-button${i === 0 ? " primary" : ""}`, type: "submit", value: name, "data-choice": name, autofocus: i === 0 }, words),
    );
    const dialog = h(
      "dialog", { class: "sl-dialog", "aria-label": question },
      h("form", { method: "dialog" }, h("h3", {}, question), detail && h("p", {}, detail), h("div", { class: "sl-choices" }, ...buttons)),
    );
    show(root, dialog, () => resolve(dialog.returnValue));
  });
}

/** All keys. @param {HTMLElement} root @param {OwnKeys | undefined} own @param {import("./grid-state.js").Choice[]} choices @returns {Promise<void>} when it is closed */
export function help(root, own, choices) {
  return new Promise((resolve) => {
    const row = (/** @type {string[]} */ keys, /** @type {string} */ words) => [
      h("dt", {}, ...keys.flatMap((key, i) => [i ? " " : "", h("kbd", {}, key)])), h("dd", {}, words),
    ];
    const classes = choices.slice(0, 18).map(({ name }, i) => row([i < 9 ? String(i + 1) : `Shift ${i - 8}`], name)).flat();
    const taken = new Set(choices.length ? ["yes", "no", "rest-yes", "invert"] : []);
    const groups = ACTIONS.map(([title, actions]) => {
      const usual = actions.filter(([action]) => !taken.has(action)).map(([action, words]) => row(keysOf(action, own).map(keySign), words));
      const fixed = (FIXED[title] ?? []).map(([key, words]) => row([key], words));
      return h("section", {}, h("h4", {}, title), h("dl", {}, ...(title === "Answer" ? classes : []), ...usual.flat(), ...fixed.flat()));
    });
    const close = h("button", { class: "sl-button", type: "submit", autofocus: true }, "Close ", h("kbd", {}, "Esc"));
    const dialog = h(
      "dialog", { class: "sl-dialog sl-help", "aria-label": "All keys" },
      h("form", { method: "dialog" }, h("h3", {}, "All keys"), h("div", { class: "sl-groups" }, ...groups), h("div", { class: "sl-choices" }, close)),
    );
    dialog.addEventListener("keydown", (event) => keyMap(own).get(event.key) === "help" && dialog.close());
    show(root, dialog, () => resolve());
  });
}

/** Show a dialog; it is gone when it is closed. @param {HTMLElement} root @param {HTMLDialogElement} dialog @param {() => void} done */
export function show(root, dialog, done) {
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    done();
  });
  root.append(dialog);
  dialog.showModal();
}
