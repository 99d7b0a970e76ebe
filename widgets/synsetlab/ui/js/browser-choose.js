// @ts-check
/** What can be chosen from where one stands: the synset, or a set below it without ancestor pairs. */

import { append, h } from "./dom.js";
import { count } from "./review-frame.js";

/** @typedef {import("./browser-detail.js").Detail} Detail */
/** @typedef {import("./browser-detail.js").DetailActions} DetailActions */
/** @typedef {{ words: string, onpick: (wnid: string) => void }} Pick what the button says, and what it does */

const LARGEST = 6000; // as in browser_rows.py: more do not open at once

/** What the reader picked last, for the next synset. */
const last = { scope: "leaves", policy: "deepest" };

/** @param {Detail} detail @param {DetailActions} actions */
export function chooseButtons(detail, actions) {
  const { wnid, on = false, children, size = 0, below = 0 } = detail;
  const place = h("div", { class: "sl-choose" });
  const { pick } = actions;
  if (pick) {
    append(place, h("button", { class: "sl-button primary", type: "button", "data-do": "pick", onclick: () => pick.onpick(wnid) }, pick.words, " ", h("kbd", {}, "Enter")));
    return place;
  }
  append(
    place,
    h(
      "button",
      { class: `sl-button${on ? "" : " primary"}`, type: "button", "data-do": "self", onclick: () => actions.choose(wnid, !on, "self") },
      on ? "✓ Chosen · remove" : "Choose this synset",
    ),
    children > 0 && size <= LARGEST && h("button", { class: "sl-button", type: "button", "data-do": "expand", title: "Shift+→ in the tree", onclick: () => actions.expand(wnid) }, "Open all below"),
    below > 0 && h("button", { class: "sl-button", type: "button", "data-do": "remove-below", onclick: () => actions.choose(wnid, false, "below") }, `Remove the ${count(below)} chosen below`),
    children > 0 && chooseBelow(detail, actions),
  );
  return place;
}

/** @param {Detail} detail @param {DetailActions} actions */
function chooseBelow({ wnid, children, leaves, size = 0, sub, own }, actions) {
  /** @type {[string, string][]} */
  const scopes = [["children", children === 1 ? "its child" : `its ${count(children)} children`]];
  if (size > children) scopes.push(["grandchildren", "two levels down"], ["leaves", `its ${count(leaves)} leaves`]);
  if ((sub?.[0] ?? 0) > (own?.[0] ?? 0)) scopes.push(["images", "all with images"]);
  const scope = select("scope", "Which synsets below", scopes, last.scope);
  const policy = select(
    "policy", "What stays where one is an ancestor of another",
    [["deepest", "the specific"], ["shallowest", "the general"], ["first", "what was chosen"]], last.policy,
  );
  const choose = () => {
    last.scope = scope.value;
    last.policy = policy.value;
    actions.choose(wnid, true, scope.value, policy.value);
  };
  return h(
    "div",
    { class: "sl-choose-below", role: "group", "aria-label": "Choose below it" },
    h("span", {}, "Below it:"), scope, h("span", {}, "keep"), policy, h("span", {}, "of ancestor pairs"),
    h("button", { class: "sl-button", type: "button", "data-do": "below", onclick: choose }, "Choose these"),
  );
}

/** @param {string} name @param {string} label @param {[string, string][]} options @param {string} wanted */
function select(name, label, options, wanted) {
  const chosen = options.some(([value]) => value === wanted) ? wanted : options[0][0];
  return h(
    "select",
    { "aria-label": label, "data-choice": name },
    ...options.map(([value, text]) => h("option", { value, selected: value === chosen }, text)),
  );
}
