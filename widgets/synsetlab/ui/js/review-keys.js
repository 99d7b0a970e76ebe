// @ts-check
/** VoteReview's verdicts and keys. */

/** @type {[string, string, string][]} verdict, words, key */
export const BUTTONS = [
  ["accept", "Accept", "Y"], ["reject", "Reject", "N"], ["relabel", "Relabel…", "R"], ["more-votes", "3 more", "M"], ["exclude", "Exclude…", "X"],
];
export const MORE = [1, 2, 3, 5, 7, 10];
/** @type {[string, string][]} keys, what they do */
export const KEYS = [
  ["Y", "accept: it shows the synset"], ["N", "reject: it does not"], ["R", "relabel: it shows another synset, found in the tree"],
  ["M", "ask for more votes, as many as the button says"], ["X", "exclude, whatever it shows; then 1 to 7 for the reason"], ["Z", "take the last step back"],
  ["↑ ↓", "the picture before, the next one"], ["Home End", "the first, the last"], ["D", "the next near-duplicate beside the picture"],
  ["+ −", "larger, smaller; so do Ctrl and the wheel, a double click, two fingers"], ["0", "as large as there is room"],
  ["Space", "select the picture: a verdict is then given on all that are selected"], ["Shift ↓", "select on the way"], ["A", "select all in view"], ["Esc", "select none"],
  ["L", "the audit log"], ["?", "these keys"],
];
