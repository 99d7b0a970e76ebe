import assert from "node:assert/strict";
import { test } from "node:test";

import { brief, flatten, keyAction, progressOf, typeAhead } from "../../widgets/synsetlab/ui/js/browser-rows.js";
import { neighbour, squarify, step } from "../../widgets/synsetlab/ui/js/browser-squares.js";
import { languageName } from "../../widgets/synsetlab/ui/js/browser-words.js";

const LEVELS = new Map([["root", ["a", "b"]], ["a", ["both"]], ["b", ["both"]], ["both", ["leaf"]]]);

test("a synset with two hypernyms has a row below each of them", () => {
  const rows = flatten("root", LEVELS, new Set(["root", "root/a", "root/b", "root/b/both"]));
  assert.deepEqual(rows.map((row) => row.id), ["root", "root/a", "root/a/both", "root/b", "root/b/both", "root/b/both/leaf"]);
  assert.deepEqual(rows.map((row) => row.level), [1, 2, 3, 2, 3, 4]);
  assert.deepEqual(rows.map((row) => row.parent), [-1, 0, 1, 0, 3, 4]);
  assert.deepEqual([rows[3].position, rows[3].siblings], [2, 2]);
});

test("a folded row hides what is open below it, and unfolding brings it back", () => {
  const open = new Set(["root/a"]);
  assert.equal(flatten("root", LEVELS, open).length, 1);
  open.add("root");
  assert.equal(flatten("root", LEVELS, open).length, 4);
});

test("tree keys do what the WAI-ARIA pattern says", () => {
  const rows = flatten("root", LEVELS, new Set(["root", "root/a"]));
  const at = (index, key, state = {}) => keyAction(key, rows, index, { open: false, branches: true, page: 2, ...state });
  assert.deepEqual(at(0, "ArrowRight", { open: true }), { to: 1 });
  assert.deepEqual(at(3, "ArrowRight"), { do: "toggle" });
  assert.deepEqual(at(3, "ArrowRight", { branches: false }), { to: 3 });
  assert.deepEqual(at(1, "ArrowLeft", { open: true }), { do: "toggle" });
  assert.deepEqual(at(3, "ArrowRight", { shift: true }), { do: "expand" });
  assert.deepEqual(at(1, "ArrowLeft", { shift: true, open: true }), { do: "collapse" });
  assert.deepEqual(at(2, "ArrowRight", { shift: true, branches: false }), { to: 2 });
  assert.deepEqual(at(2, "ArrowLeft"), { to: 1 });
  assert.deepEqual(at(0, "ArrowLeft"), { to: 0 });
  assert.deepEqual(at(3, "ArrowDown"), { to: 3 });
  assert.deepEqual(at(0, "ArrowUp"), { to: 0 });
  assert.deepEqual([at(0, "PageDown"), at(3, "PageUp"), at(2, "Home"), at(0, "End")], [{ to: 2 }, { to: 1 }, { to: 0 }, { to: 3 }]);
  assert.deepEqual([at(0, " "), at(0, "*"), at(0, "x")], [{ do: "check" }, { do: "siblings" }, null]);
});

test("typing ahead goes round, and one letter again and again goes on", () => {
  const names = ["hat", "helmet", "cap", "Hood"];
  assert.equal(typeAhead(names, 0, "h"), 1);
  assert.equal(typeAhead(names, 1, "hh"), 3);
  assert.equal(typeAhead(names, 3, "hhh"), 0);
  assert.equal(typeAhead(names, 1, "he"), 1);
  assert.equal(typeAhead(names, 1, "ca"), 2);
  assert.equal(typeAhead(names, 0, "zebra"), -1);
});

test("progress is a synset's own, else its subtree's, and says so", () => {
  const node = { wnid: "n1", name: "hat" };
  assert.equal(progressOf(node), null);
  assert.deepEqual(progressOf({ ...node, own: [10, 1200, 1200, 0, 1200], sub: [99, 99, 99, 0, 9] }), {
    text: "1,200 ✓", spoken: "1,200 of 1,200 accepted, complete", part: 1, done: true, sum: false,
  });
  const below = progressOf({ ...node, sub: [10, 30, 20, 0, 5] });
  assert.deepEqual([below?.text, below?.part, below?.done, below?.sum], ["30 / 20", 0.25, false, true]);
  assert.equal(progressOf({ ...node, own: [2410, 0, 0, 0, 0] })?.text, "2,410");
  assert.equal(progressOf({ ...node, own: [2410, 7, 0, 0, 0] })?.text, "7 / –");
});

test("large numbers are short, and never more than they are", () => {
  assert.deepEqual([99_999, 229_850, 999_999, 1_250_000].map(brief), ["99,999", "229k", "999k", "1.2M"]);
});

const area = ({ width, height }) => width * height;

test("tiles of the map fill the box, have areas as the weights and do not overlap", () => {
  const box = { x: 5, y: 7, width: 600, height: 300 };
  for (const weights of [[1], [6, 6, 4, 3, 2, 2, 1], [1000, 1, 1], Array(37).fill(1)]) {
    const sum = weights.reduce((a, b) => a + b);
    const tiles = squarify(weights, box);
    assert.equal(tiles.length, weights.length);
    tiles.forEach((tile, i) => assert.ok(Math.abs(area(tile) - (area(box) * weights[i]) / sum) < 1e-6));
    for (const [i, one] of tiles.entries()) {
      assert.ok(one.x > 5 - 1e-9 && one.y > 7 - 1e-9 && one.x + one.width < 605 + 1e-9 && one.y + one.height < 307 + 1e-9);
      for (const other of tiles.slice(0, i)) {
        const across = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
        const down = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
        assert.ok(across < 1e-6 || down < 1e-6);
      }
    }
  }
  const [first] = squarify([6, 6, 4, 3, 2, 2, 1], { x: 0, y: 0, width: 6, height: 4 });
  assert.deepEqual([first.width, first.height], [3, 2]); // the example of the paper
  assert.deepEqual(squarify([], box), []);
  assert.equal(squarify([2, 1], { x: 0, y: 0, width: 0, height: 0 }).length, 2);
});

test("an arrow key goes to the nearest tile that way", () => {
  const tile = (x, y) => ({ x, y, width: 10, height: 10 });
  const tiles = [tile(0, 0), tile(10, 0), tile(20, 0), tile(0, 10), tile(10, 10)];
  assert.deepEqual(["ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"].map((key) => neighbour(key, tiles, 0)), [1, 3, -1, -1]);
  assert.equal(neighbour("ArrowUp", tiles, 4), 1);
  assert.equal(neighbour("a", tiles, 4), -1);
});

test("completeness has five steps", () => {
  assert.deepEqual([null, 0, 0.01, 0.5, 0.99, 1, 1.2].map(step), ["none", "empty", "some", "most", "most", "done", "done"]);
});

test("languages are named, whatever their code", () => {
  assert.deepEqual(["ita", "nl", "not a code"].map(languageName), ["Italian", "Dutch", "not a code"]);
});
