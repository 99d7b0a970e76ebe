// @ts-check
/** Which key does what; keys can be given to other actions, one person's choice at a time. */

/**
 * @typedef {"left" | "right" | "up" | "down" | "row-start" | "row-end" | "first" | "last" | "page-up" | "page-down"} Move
 * @typedef {"yes" | "no" | "unsure" | "skip" | "clear" | "toggle" | "undo" | "loupe" | "close" | "submit" | "help" | "settings"
 *   | "rest-yes" | "invert" | "select-all" | "bigger" | "smaller" | "earlier" | Move} Action
 * @typedef {Partial<Record<string, string[]>>} OwnKeys keys by action, in place of the usual ones
 * @typedef {Map<string, Action>} KeyMap action by key
 */

/** What can be remapped: group, and in it action, words, usual keys. @type {[string, [Action, string, string[]][]][]} */
export const ACTIONS = [
  ["Answer", [
    ["yes", "yes, and on to the next", ["y", "1"]], ["no", "no, and on to the next", ["n", "2"]],
    ["unsure", "unsure, and on to the next", ["u", "3"]], ["skip", "flag: it cannot be judged, a curator looks", ["f", "s", "4"]],
    ["toggle", "what a click does", [" "]], ["clear", "take the answer away", ["0", "Backspace", "Delete"]], ["undo", "undo the last step", ["z"]],
  ]],
  ["Move", [
    ["left", "to the one before", ["ArrowLeft"]], ["right", "to the next", ["ArrowRight"]], ["up", "a row up", ["ArrowUp"]], ["down", "a row down", ["ArrowDown"]],
    ["row-start", "first of the row", ["Home"]], ["row-end", "last of the row", ["End"]], ["page-up", "a screen up", ["PageUp"]], ["page-down", "a screen down", ["PageDown"]],
    ["loupe", "look at it in full", ["Enter"]], ["bigger", "larger pictures", ["+", "="]], ["smaller", "smaller pictures", ["-"]],
  ]],
  ["Many at once", [["rest-yes", "yes for all without an answer", ["a"]], ["invert", "turn yes into no and no into yes", ["i"]], ["close", "select none", ["Escape"]]]],
  ["The page", [["earlier", "pages handed in before", ["b"]], ["settings", "settings", ["k"]], ["help", "these keys", ["?"]]]],
];

/** What cannot be remapped. @type {Record<string, [string, string][]>} */
export const FIXED = {
  Move: [["Ctrl Home End", "first, last of the page"]],
  "Many at once": [["Shift + arrows", "select a range, then answer it"], ["Shift + click", "select up to there"], ["drag", "select all that it touches"], ["Ctrl A", "select all"]],
  "The page": [["Ctrl Enter", "submit"]],
};

/** @type {Record<string, Action>} keys with Ctrl, or Command on a Mac */
const WITH_CTRL = { Enter: "submit", z: "undo", a: "select-all", Home: "first", End: "last" };

const MOVES = new Set(["left", "right", "up", "down", "row-start", "row-end", "first", "last", "page-up", "page-down"]);
const UNUSABLE = new Set(["Tab", "Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "Dead", "Process", "Unidentified"]);
const SIGNS = /** @type {Record<string, string>} */ ({
  " ": "Space", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Enter: "⏎", Escape: "Esc", Backspace: "⌫", PageUp: "PgUp", PageDown: "PgDn",
});

/** The keys of an action. @param {Action} action @param {OwnKeys} [own] @returns {string[]} */
export function keysOf(action, own = {}) {
  const found = ACTIONS.flatMap(([, actions]) => actions).find(([name]) => name === action);
  return own[action] ?? found?.[2] ?? [];
}

/** @param {OwnKeys} [own] @returns {KeyMap} */
export function keyMap(own = {}) {
  /** @type {KeyMap} */
  const map = new Map();
  for (const [, actions] of ACTIONS) for (const [action] of actions) for (const key of keysOf(action, own)) map.set(key, action);
  return map;
}

/**
 * Give an action one key in place of its others; the action that had it loses it.
 *
 * @param {OwnKeys} own
 * @param {Action} action
 * @param {string} key
 * @returns {OwnKeys}
 */
export function withKey(own, action, key) {
  const before = keyMap(own).get(key);
  const without = before && before !== action ? { [before]: keysOf(before, own).filter((other) => other !== key) } : {};
  return { ...own, ...without, [action]: [key] };
}

/** The name of a key press as it is kept; "": it cannot be given to an action. @param {{ key: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean }} event */
export function keyName(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || UNUSABLE.has(event.key)) return "";
  return event.key.length === 1 ? event.key.toLowerCase() : event.key;
}

/** What is printed on a key. @param {string} key */
export function keySign(key) {
  return SIGNS[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}

/** Keep of `given`, which may come from anywhere, what are keys of actions. @param {any} given @returns {OwnKeys} */
export function ownKeys(given) {
  const known = new Set(ACTIONS.flatMap(([, actions]) => actions.map(([action]) => action)));
  const entries = Object.entries(given ?? {}).filter(
    ([action, keys]) => known.has(/** @type {Action} */ (action)) && Array.isArray(keys) && keys.every((key) => typeof key === "string"),
  );
  return Object.fromEntries(entries);
}

/**
 * The action of a key press, and whether it extends the selection; null: not ours.
 *
 * @param {{ key: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, shiftKey: boolean }} event
 * @param {KeyMap} [map]
 * @returns {{ action: Action, extend: boolean } | null}
 */
export function actionOf(event, map = USUAL) {
  if (event.altKey) return null;
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const control = event.ctrlKey || event.metaKey;
  const action = control ? (Object.hasOwn(WITH_CTRL, name) ? WITH_CTRL[name] : undefined) : map.get(name);
  if (!action) return null;
  return { action, extend: event.shiftKey && MOVES.has(action) };
}

const USUAL = keyMap();

/**
 * The class that a key press names where there are classes: 1 to 9, with Shift 10 to 18; -1: none.
 *
 * @param {{ key: string, code: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, shiftKey: boolean }} event
 * @param {number} count
 */
export function classOf(event, count) {
  if (event.ctrlKey || event.metaKey || event.altKey) return -1;
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1] ?? (/^[1-9]$/.test(event.key) ? event.key : "");
  const place = digit ? Number(digit) - 1 + (event.shiftKey ? 9 : 0) : -1;
  return place < count ? place : -1;
}

/** @param {string} action @returns {action is Move} */
export function isMove(action) {
  return MOVES.has(action);
}
