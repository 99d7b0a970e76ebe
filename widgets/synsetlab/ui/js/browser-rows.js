// @ts-check
/** The tree as a list of rows, and what a key does to it. No page needed. */

/** @typedef {[candidates: number, accepted: number, target: number, review: number, filled: number]} Progress */
/**
 * A synset as Python sends it; what is absent is zero.
 *
 * @typedef {object} SynsetNode
 * @property {string} wnid
 * @property {string} name
 * @property {number} [branches] children to show
 * @property {number} [size] synsets below it
 * @property {boolean} [on] in the basket
 * @property {number} [below] synsets below it that are in the basket
 * @property {Progress} [own]
 * @property {Progress} [sub] with all that is below it
 * @property {boolean} [way] only here because something below it fits the filters
 * @property {string} [why] what kept it out, in words
 * @property {string} [rule] in one word
 */
/**
 * @typedef {object} Row
 * @property {string} id the wnids from the root, joined: a synset with two hypernyms has two rows
 * @property {string} wnid
 * @property {number} level 1 for the root
 * @property {number} parent row number of the hypernym, -1 for the root
 * @property {number} position among its siblings, from 1
 * @property {number} siblings how many there are
 */

/**
 * The rows that are not folded away, in order.
 *
 * @param {string} root
 * @param {Map<string, string[]>} levels children of each synset that was loaded
 * @param {Set<string>} open ids of unfolded rows
 * @returns {Row[]}
 */
export function flatten(root, levels, open) {
  /** @type {Row[]} */
  const rows = [];
  /** @param {string} wnid @param {number} level @param {number} parent @param {number} position @param {number} siblings */
  const add = (wnid, level, parent, position, siblings) => {
    const id = parent < 0 ? wnid : `${rows[parent].id}/${wnid}`;
    const here = rows.push({ id, wnid, level, parent, position, siblings }) - 1;
    if (!open.has(id)) return;
    const children = levels.get(wnid) ?? [];
    children.forEach((child, i) => add(child, level + 1, here, i + 1, children.length));
  };
  add(root, 1, -1, 1, 1);
  return rows;
}

/**
 * What a key does in a tree (WAI-ARIA Authoring Practices, tree view pattern); with Shift, the right and
 * left arrows open and close everything below.
 *
 * @param {string} key as in KeyboardEvent.key
 * @param {Row[]} rows
 * @param {number} at the active row
 * @param {{ open: boolean, branches: boolean, page: number, shift?: boolean }} state of that row; rows in the window
 * @returns {{ to: number } | { do: "toggle" | "check" | "siblings" | "expand" | "collapse" } | null} null: not a key of the tree
 */
export function keyAction(key, rows, at, { open, branches, page, shift = false }) {
  const last = rows.length - 1;
  switch (key) {
    case "ArrowDown":
      return { to: Math.min(last, at + 1) };
    case "ArrowUp":
      return { to: Math.max(0, at - 1) };
    case "PageDown":
      return { to: Math.min(last, at + page) };
    case "PageUp":
      return { to: Math.max(0, at - page) };
    case "Home":
      return { to: 0 };
    case "End":
      return { to: last };
    case "ArrowRight":
      if (!branches) return { to: at };
      if (shift) return { do: "expand" };
      return open ? { to: Math.min(last, at + 1) } : { do: "toggle" };
    case "ArrowLeft":
      if (shift && open && branches) return { do: "collapse" };
      return open && branches ? { do: "toggle" } : { to: Math.max(0, rows[at].parent) };
    case "Enter":
      return branches ? { do: "toggle" } : { to: at };
    case " ":
      return { do: "check" };
    case "*":
      return { do: "siblings" };
    default:
      return null;
  }
}

/**
 * The next row whose name begins with what was typed, going round; -1 when there is none. One letter
 * typed again and again goes through the rows that begin with it.
 *
 * @param {string[]} names
 * @param {number} at
 * @param {string} typed
 * @returns {number}
 */
export function typeAhead(names, at, typed) {
  const repeated = typed.length > 1 && [...typed].every((letter) => letter === typed[0]);
  const wanted = (repeated ? typed[0] : typed).toLowerCase();
  const start = typed.length > 1 && !repeated ? at : at + 1;
  for (let step = 0; step < names.length; step++) {
    const index = (start + step) % names.length;
    if (names[index].toLowerCase().startsWith(wanted)) return index;
  }
  return -1;
}

/** A number that a narrow column holds. @param {number} value */
export function brief(value) {
  if (value < 100_000) return value.toLocaleString("en");
  return value < 1_000_000 ? `${Math.floor(value / 1000)}k` : `${(Math.floor(value / 100_000) / 10).toLocaleString("en")}M`;
}

/**
 * How far a synset is: its own numbers, or those of its subtree where it has none. The part of a subtree
 * is of images up to each target: one class with too many does not fill another.
 *
 * @param {SynsetNode} node
 * @returns {{ text: string, spoken: string, part: number, done: boolean, sum: boolean } | null} null: nothing known
 */
export function progressOf(node) {
  const numbers = node.own ?? node.sub;
  if (!numbers) return null;
  const [candidates, accepted, target, , filled] = numbers;
  const sum = node.own === undefined;
  const say = (/** @type {number} */ n) => n.toLocaleString("en");
  if (target === 0) {
    const text = accepted > 0 ? `${brief(accepted)} / –` : brief(candidates);
    const words = accepted > 0 ? `${say(accepted)} accepted, ` : "";
    return { text, spoken: `${words}${say(candidates)} candidates`, part: 0, done: false, sum };
  }
  const done = filled >= target;
  const spoken = `${say(accepted)} of ${say(target)} accepted${sum ? " below it" : ""}${done ? ", complete" : ""}`;
  const text = done && !sum ? `${brief(accepted)} ✓` : `${brief(accepted)} / ${brief(target)}`;
  return { text, spoken, part: Math.min(1, filled / target), done, sum };
}
