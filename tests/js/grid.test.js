/** The pure parts of the labelling grid. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ActiveClock } from "../../widgets/synsetlab/ui/js/activity.js";
import { eventId } from "../../widgets/synsetlab/ui/js/dom.js";
import { safeLink } from "../../widgets/synsetlab/ui/js/grid-header.js";
import { overHttp } from "../../widgets/synsetlab/ui/js/grid-http.js";
import { ACTIONS, actionOf, classOf, keyMap, keyName, keysOf, ownKeys, withKey } from "../../widgets/synsetlab/ui/js/grid-keys.js";
import { gridLayout, moved, rowsBetween, scrolledTo, singleLayout, tilesInSight, tilesTouched } from "../../widgets/synsetlab/ui/js/grid-layout.js";
import { batchSize } from "../../widgets/synsetlab/ui/js/grid-thumbs.js";
import { Page } from "../../widgets/synsetlab/ui/js/grid-page.js";
import { change, impliedAnswer, inverted, lookOf, nextAnswer, openMatters, savedText, standingAnswers, tally } from "../../widgets/synsetlab/ui/js/grid-state.js";

const key = (name, held = {}) => ({ key: name, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held });

function ids() {
  let last = 0;
  return () => `id-${(last += 1)}`;
}

function page(count, { answers = {}, pending = [], here = [] } = {}) {
  const items = Array.from({ length: count }, (_, i) => ({ key: `k${i}` }));
  return new Page({ batch: "b", count, items, answers, here }, pending, 0, ids());
}

test("columns fill the width and tiles are never narrower than asked", () => {
  for (let width = 220; width < 2000; width += 37) {
    for (const least of [96, 176, 300]) {
      const { columns, size, gap } = gridLayout(width, 50, least, 10);
      assert.ok(Math.abs(columns * size + (columns - 1) * gap - width) < 1e-6);
      assert.ok(size >= Math.min(least, 96), `${width} ${least}`);
      if (columns > 2) assert.ok(size >= least);
    }
  }
});

test("a phone shows two columns, a sliver one", () => {
  assert.equal(gridLayout(336, 10, 176, 8).columns, 2);
  assert.equal(gridLayout(150, 10, 176, 8).columns, 1);
});

test("exactly the rows that touch the screen are made", () => {
  const layout = gridLayout(1000, 20_000, 176, 10);
  for (const top of [0, 3, 1234.5, 400_000, layout.height - 700]) {
    const [first, last] = rowsBetween(layout, top, 700);
    const onScreen = (row) => row * layout.pitch < top + 700 && row * layout.pitch + layout.size > top;
    for (let row = Math.max(0, first - 3); row < Math.min(layout.rows, last + 3); row += 1) {
      if (onScreen(row)) assert.ok(first <= row && row < last, `row ${row} at ${top}`);
    }
    assert.ok(last - first <= Math.ceil(700 / layout.pitch) + 2);
  }
  assert.deepEqual(rowsBetween(gridLayout(1000, 0, 176, 10), 0, 700, 2), [0, 0]);
});

test("half a tile on the screen is in sight, less is not", () => {
  const layout = gridLayout(380, 40, 180, 20);
  assert.equal(layout.columns, 2);
  assert.deepEqual(tilesInSight(layout, 0, 180), [0, 2]);
  assert.deepEqual(tilesInSight(layout, 0, 200 + 90), [0, 4]);
  assert.deepEqual(tilesInSight(layout, 0, 200 + 89), [0, 2]);
  assert.deepEqual(tilesInSight(layout, 91, 200), [2, 4]);
});

test("the focus moves as on a sheet and never leaves it", () => {
  const layout = gridLayout(1000, 23, 176, 10); // 5 columns, the last row has 3
  assert.equal(layout.columns, 5);
  const to = (index, way) => moved(layout, index, way, 600);
  assert.equal(to(0, "left"), 0);
  assert.equal(to(22, "right"), 22);
  assert.equal(to(3, "up"), 3);
  assert.equal(to(19, "down"), 22, "to the end of a short last row");
  assert.equal(to(21, "down"), 21);
  assert.equal(to(7, "row-start"), 5);
  assert.equal(to(21, "row-end"), 22);
  assert.equal(to(7, "last"), 22);
  assert.equal(to(2, "page-down"), 17);
  assert.equal(to(17, "page-down"), 22);
  assert.equal(to(22, "page-up"), 7);
  const ways = ["left", "right", "up", "down", "row-start", "row-end", "first", "last", "page-up", "page-down"];
  for (let index = 0; index < 23; index += 1) {
    for (const way of ways) assert.ok(to(index, way) >= 0 && to(index, way) < 23, `${way} from ${index}`);
  }
});

test("the screen follows the focus, and only when it must", () => {
  const layout = gridLayout(1000, 100, 176, 10);
  assert.equal(scrolledTo(layout, 0, 0, 700, 0), 0);
  assert.equal(scrolledTo(layout, 99, 0, 700, 0), layout.height - 700);
  assert.equal(scrolledTo(layout, 0, 500, 700, 12), -12);
});

test("keys", () => {
  assert.deepEqual(actionOf(key("y")), { action: "yes", extend: false });
  assert.deepEqual(actionOf(key("Y", { shiftKey: true })), { action: "yes", extend: false });
  assert.equal(actionOf(key("2"))?.action, "no");
  assert.equal(actionOf(key("?", { shiftKey: true }))?.action, "help");
  assert.deepEqual(actionOf(key("ArrowDown", { shiftKey: true })), { action: "down", extend: true });
  assert.equal(actionOf(key("Enter"))?.action, "loupe");
  assert.equal(actionOf(key("Enter", { ctrlKey: true }))?.action, "submit");
  assert.equal(actionOf(key("Enter", { metaKey: true }))?.action, "submit");
  // What the browser does with these is not ours to take.
  for (const [name, held] of [["r", { ctrlKey: true }], ["n", { ctrlKey: true }], ["y", { altKey: true }], ["Tab", {}], ["F5", {}]]) {
    assert.equal(actionOf(key(name, held)), null, name);
  }
  assert.equal(actionOf(key("constructor")), null);
});

test("no key has two actions, and no action has no key", () => {
  const keys = ACTIONS.flatMap(([, actions]) => actions.flatMap(([, , usual]) => usual));
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(keyMap().size, keys.length);
  for (const [, actions] of ACTIONS) for (const [action] of actions) assert.ok(keysOf(action).length, action);
});

test("a key that is given to an action is taken from the one that had it", () => {
  const own = withKey({}, "yes", "n");
  const map = keyMap(own);
  assert.equal(map.get("n"), "yes");
  assert.equal(map.get("2"), "no");
  assert.equal(map.get("y"), undefined);
  assert.deepEqual(keysOf("no", own), ["2"]);
  const again = withKey(own, "no", "y");
  assert.equal(actionOf(key("Y"), keyMap(again))?.action, "no");
  assert.equal(actionOf(key("n"), keyMap(again))?.action, "yes");
  assert.equal(keyMap(withKey({}, "yes", "y")).get("y"), "yes");
});

test("what cannot be a key of its own is not taken for one", () => {
  assert.equal(keyName(key("J")), "j");
  assert.equal(keyName(key("F7")), "F7");
  for (const [name, held] of [["Tab", {}], ["Shift", {}], ["j", { ctrlKey: true }], ["Dead", {}]]) assert.equal(keyName(key(name, held)), "");
  assert.deepEqual(ownKeys({ yes: ["j"], nonsense: ["k"], no: "n", undo: [3] }), { yes: ["j"] });
  assert.deepEqual(ownKeys(null), {});
});

test("digits name classes, with Shift the tenth and on", () => {
  const digit = (n, held = {}) => ({ ...key(String(n), held), code: `Digit${n}` });
  assert.equal(classOf(digit(1), 3), 0);
  assert.equal(classOf(digit(3), 3), 2);
  assert.equal(classOf(digit(4), 3), -1);
  assert.equal(classOf({ ...digit(2, { shiftKey: true }), key: "@" }, 12), 10);
  assert.equal(classOf(digit(1, { ctrlKey: true }), 3), -1);
  assert.equal(classOf({ ...key("y"), code: "KeyY" }, 3), -1);
});

test("where one answer is given, a click gives it or takes it back, and the rest is implied", () => {
  assert.deepEqual([null, "no", "yes"].map((answer) => nextAnswer(answer, "no")), ["no", null, "no"]);
  assert.deepEqual(["judge", "wrong", "right"].map(impliedAnswer), [null, "yes", "no"]);
  assert.equal(openMatters({ count: 9, answered: 2, unseen: 0, implied: true }), "");
  assert.equal(openMatters({ count: 9, answered: 2, unseen: 3, implied: true }), "3 not looked at yet.");
  const shown = page(4);
  shown.see([0, 2]);
  shown.answer([2], () => "no", { active: 5, at: "now" });
  assert.deepEqual(shown.seenWithout(), [0], "what was not looked at gets no answer");
});

test("a class looks like its number and is called by its name", () => {
  const choices = [{ value: "n1", name: "dog" }, { value: "n2", name: "cat" }];
  assert.deepEqual(lookOf("n2", choices), { mark: "2", word: "cat" });
  assert.equal(lookOf("yes").mark, "✓");
  const counts = tally([{ id: "a", answer: "n2" }, { id: "b", answer: "n2" }, { id: "c", answer: "unsure" }]);
  assert.deepEqual([counts.n2, counts.unsure, counts.answered], [2, 1, 3]);
});

test("a rectangle touches the tiles that it overlaps, and no others", () => {
  const layout = gridLayout(1000, 23, 176, 10);
  for (let n = 0; n < 200; n += 1) {
    const [left, top] = [(n * 37) % 990, (n * 91) % 700];
    const box = { left, top, right: left + ((n * 53) % 400), bottom: top + ((n * 29) % 500) };
    const wanted = [];
    for (let index = 0; index < 23; index += 1) {
      const [x, y] = [(index % layout.columns) * (layout.wide + 10), Math.floor(index / layout.columns) * layout.pitch];
      if (x <= box.right && x + layout.wide >= box.left && y <= box.bottom && y + layout.size >= box.top) wanted.push(index);
    }
    assert.deepEqual(tilesTouched(layout, box), wanted);
  }
});

test("one picture a screen fills it", () => {
  const layout = singleLayout(900, 7, 600, 10);
  assert.deepEqual([layout.columns, layout.rows, layout.size, layout.wide], [1, 7, 600, 900]);
  assert.equal(moved(layout, 3, "right", 600), 4);
  assert.deepEqual(tilesInSight(layout, scrolledTo(layout, 4, 0, 632, 12), 632), [4, 5]);
});

test("a click goes round yes, no, unsure, none", () => {
  const round = [null, "yes", "no", "unsure"];
  round.forEach((answer, i) => assert.equal(nextAnswer(answer), round[(i + 1) % 4]));
  assert.equal(nextAnswer("skip"), null);
  assert.deepEqual([null, "yes", "no", "unsure"].map(inverted), [null, "no", "yes", "unsure"]);
});

test("a change retracts what stood before it, so that one answer stands at most", () => {
  const facts = { eventId: ids(), shownAt: null, decidedAt: "now", activeMs: 70, batch: "b" };
  const first = change("k", null, "yes", facts);
  assert.deepEqual(first.events.map(({ answer, retracts }) => [answer, retracts]), [["yes", null]]);
  const second = change("k", first.standing, "no", facts);
  assert.deepEqual(second.events.map(({ answer, retracts }) => [answer, retracts]), [[null, "id-1"], ["no", null]]);
  assert.equal(second.events.reduce((sum, event) => sum + event.active_ms, 0), 70, "time is counted once");
  const third = change("k", second.standing, null, facts);
  assert.deepEqual(third.events.map(({ answer, retracts }) => [answer, retracts]), [[null, "id-3"]]);
  assert.equal(third.standing, null);
  assert.deepEqual(change("k", null, null, facts).events, []);
});

test("unsaved events lie over what the server knows", () => {
  const event = (id, name, answer, retracts = null) => ({ id, key: name, answer, retracts });
  const saved = { a: { id: "1", answer: "yes" }, b: { id: "2", answer: "no" } };
  const all = standingAnswers(saved, [event("3", "a", null, "1"), event("4", "a", "no"), event("5", "b", null, "x"), event("6", "c", "yes")]);
  assert.deepEqual(Object.fromEntries([...all].map(([name, { answer }]) => [name, answer])), { a: "no", b: "no", c: "yes" });
  assert.deepEqual(tally(all.values()), { yes: 1, no: 2, unsure: 0, skip: 0, answered: 3 });
});

test("what a submit asks about", () => {
  assert.equal(openMatters({ count: 5, answered: 5, unseen: 0 }), "");
  assert.equal(openMatters({ count: 5, answered: 3, unseen: 0 }), "2 without an answer.");
  assert.equal(openMatters({ count: 5, answered: 3, unseen: 2 }), "2 not looked at yet.");
  assert.equal(openMatters({ count: 5, answered: 2, unseen: 1 }), "3 without an answer, 1 of them not looked at yet.");
  assert.equal(savedText({ pending: 0, online: true }), "Saved");
  assert.equal(savedText({ pending: 2, online: true }), "Saving 2");
  assert.equal(savedText({ pending: 2, online: false }), "Offline · 2 unsaved");
});

test("a range is one step, shares the time, and is undone as one", () => {
  const sheet = page(6);
  sheet.answer([1], () => "no", { active: 500, at: "t1" });
  const { events, changed } = sheet.answer([0, 1, 2], () => "yes", { active: 1100, at: "t2" });
  assert.deepEqual(changed, [0, 1, 2]);
  assert.deepEqual(events.filter(({ answer }) => answer).map(({ active_ms }) => active_ms), [200, 200, 200]);
  assert.deepEqual([0, 1, 2, 3].map((i) => sheet.answerOf(i)), ["yes", "yes", "yes", null]);
  sheet.undo({ active: 1200, at: "t3" });
  assert.deepEqual([0, 1, 2, 3].map((i) => sheet.answerOf(i)), [null, "no", null, null]);
  sheet.undo({ active: 1300, at: "t4" });
  assert.equal(sheet.tally.answered, 0);
  assert.equal(sheet.canUndo, false);
  assert.deepEqual(sheet.undo({ active: 1400, at: "t5" }).events, []);
});

test("answering the same again is no step", () => {
  const sheet = page(3);
  sheet.answer([0], () => "yes", { active: 1, at: "t" });
  assert.deepEqual(sheet.answer([0], () => "yes", { active: 2, at: "t" }).events, []);
  sheet.undo({ active: 3, at: "t" });
  assert.equal(sheet.answerOf(0), null);
});

test("seen, answered and shown are kept apart", () => {
  const sheet = page(4, { answers: { k3: { id: "x", answer: "yes" } } });
  assert.equal(sheet.unseen, 3);
  sheet.show([0, 1], "early");
  sheet.show([0], "late");
  assert.equal(sheet.unseen, 3);
  assert.equal(sheet.see([0]), true);
  assert.equal(sheet.see([0]), false);
  const { events } = sheet.answer([0], () => "yes", { active: 0, at: "t" });
  assert.equal(events[0].shown_at, "early");
  assert.equal(sheet.firstOpen(), 1);
  sheet.see([1, 2]);
  assert.equal(sheet.firstOpen(), 1, "all seen: the first without an answer");
});

test("pending events of other pages do not count on this one", () => {
  const pending = [{ id: "p1", key: "k0", answer: "yes", retracts: null }, { id: "p2", key: "elsewhere", answer: "no", retracts: null }];
  const sheet = page(2, { pending, here: ["k0"] });
  assert.equal(sheet.tally.answered, 1);
  assert.equal(sheet.answerOf(0), "yes");
  sheet.refuse(pending[0]);
  assert.equal(sheet.answerOf(0), null);
});

test("time counts while someone is there, and 30 s after the last sign of life at most", () => {
  const clock = new ActiveClock(0);
  assert.equal(clock.read(5_000), 5_000);
  assert.equal(clock.read(100_000), 30_000, "gone for coffee");
  clock.touch(100_000);
  assert.equal(clock.read(101_000), 31_000);
  clock.pause(102_000);
  assert.equal(clock.read(500_000), 32_000, "another window");
  clock.touch(500_000);
  assert.equal(clock.read(500_000), 32_000);
  clock.resume(600_000);
  clock.touch(610_000);
  assert.equal(clock.read(611_000), 43_000);
});

test("slow pictures are asked for in smaller batches", () => {
  assert.equal(batchSize(32, 30), 32);
  assert.equal(batchSize(32, 180), 8);
  assert.equal(batchSize(32, 60_000), 6);
  assert.equal(batchSize(6, 0), 32);
});

test("only web addresses become links", () => {
  assert.equal(safeLink("https://example.org/a b"), "https://example.org/a%20b");
  for (const bad of ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "nonsense", "", null, undefined]) {
    assert.equal(safeLink(bad), null, String(bad));
  }
});

test("f flags a picture as s and 4 do, and the help says so", () => {
  for (const name of ["f", "F", "s", "4"]) assert.deepEqual(actionOf(key(name)), { action: "skip", extend: false });
  assert.equal(actionOf(key("f", { ctrlKey: true })), null); // the browser's own search
  const [, answers] = ACTIONS[0];
  assert.ok(answers.some(([action, words, [first]]) => action === "skip" && first === "f" && words.startsWith("flag")));
});

test("thumbnails come by HTTP where there is a route, else as messages", async () => {
  const sealed = ["0123456789abcdef", "fedcba9876543210"];
  const example = "a".repeat(64);
  const messages = [];
  const asMessages = async (keys) => (messages.push(keys), { found: keys.map((key) => [key, "message"]), missing: {} });
  const urls = [];
  let up = true;
  globalThis.fetch = async (url) => (urls.push(url), { ok: up, blob: async () => "http" });
  const never = new AbortController().signal;
  const fetchAll = overHttp({ get: () => "thumbnails/" }, never, asMessages);
  assert.deepEqual((await fetchAll([example], never)).found, [[example, "message"]], "an example is no question");
  const { found } = await fetchAll([...sealed, example], never);
  assert.deepEqual(Object.fromEntries(found), { [sealed[0]]: "http", [sealed[1]]: "http", [example]: "message" });
  assert.deepEqual(urls, sealed.map((key) => `thumbnails/${key}`));
  up = false; // a proxy that does not know the route
  assert.equal((await fetchAll(sealed, never)).found.length, 2);
  await fetchAll(sealed, never);
  assert.equal(urls.length, 4, "it is not asked again");
  const stale = new AbortController();
  stale.abort();
  up = true;
  await assert.rejects(overHttp({ get: () => "thumbnails/" }, never, asMessages)(sealed, stale.signal));
  await overHttp({ get: () => "" }, never, asMessages)(sealed, never);
  assert.deepEqual(messages.at(-1), sealed);
});

test("ids of events begin with their time and are never the same", () => {
  const before = Date.now();
  const made = Array.from({ length: 2_000 }, eventId);
  const after = Date.now();
  assert.equal(new Set(made).size, made.length);
  for (const id of made) {
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const time = parseInt(id.replace("-", "").slice(0, 12), 16);
    assert.ok(before <= time && time <= after);
  }
});
