import assert from "node:assert/strict";
import { test } from "node:test";

import { everyNth, scale } from "../../widgets/synsetlab/ui/js/dashboard-charts.js";
import { hoursLeft } from "../../widgets/synsetlab/ui/js/dashboard-forecast.js";
import { sorted } from "../../widgets/synsetlab/ui/js/dashboard-tables.js";
import { request } from "../../widgets/synsetlab/ui/js/dom.js";
import { difference } from "../../widgets/synsetlab/ui/js/duplicates-difference.js";
import {
  atThreshold, decided, distances, histogram, keepOnly, needsLook, pairOf, reference, standing, suggestion, within,
} from "../../widgets/synsetlab/ui/js/duplicates-rules.js";
import { fileSize, share } from "../../widgets/synsetlab/ui/js/review-frame.js";
import { windowOf } from "../../widgets/synsetlab/ui/js/review-list.js";
import { facet, fits, noFilters } from "../../widgets/synsetlab/ui/js/review-filters.js";
import { nextOpen, tally } from "../../widgets/synsetlab/ui/js/review-queue.js";

test("the rows that exist cover the window and never leave the list", () => {
  assert.deepEqual(windowOf(0, 320, 32, 1000, 4), [0, 14]);
  assert.deepEqual(windowOf(3200, 320, 32, 1000, 4), [96, 114]);
  assert.deepEqual(windowOf(31_900, 320, 32, 1000, 4), [992, 1000]);
  assert.deepEqual(windowOf(99_999, 320, 32, 10, 4), [10, 10]);
  assert.deepEqual(windowOf(0, 320, 32, 0, 4), [0, 0]);
});

test("the next undecided question goes round and stops when all are decided", () => {
  const items = [null, "accept", null].map((verdict) => ({ verdict, reason: verdict ? "audit" : "ambiguous" }));
  assert.equal(nextOpen(items, 0), 2);
  assert.equal(nextOpen(items, 2), 0);
  assert.equal(nextOpen(items.slice(1, 2), 0), -1);
  assert.equal(nextOpen([], 0), -1);
});

test("filters let through what fits all of them, and offer what there is", () => {
  const item = (wnid, entropy, agreement, ...annotators) => ({
    wnid, lemmas: [wnid], reason: "ambiguous", outcome: "ambiguous", entropy, agreement, annotators, verdict: null,
  });
  const items = [item("a", 1, 0.5, "x", "y"), item("b", 0.6, 0.75, "y"), item("b", null, null)];
  const shown = (changes) => items.map((one, i) => (fits(one, { ...noFilters(), ...changes }) ? i : -1)).filter((i) => i >= 0);
  assert.deepEqual(shown({}), [0, 1, 2]);
  assert.deepEqual(shown({ wnid: "b" }), [1, 2]);
  assert.deepEqual(shown({ annotator: "y", doubt: "some" }), [1]);
  assert.deepEqual(shown({ doubt: "high" }), [0, 2]); // no belief is all doubt
  assert.deepEqual(shown({ agreement: "split" }), [0]);
  assert.deepEqual(shown({ reason: "audit" }), []);
  assert.deepEqual(facet(items, (one) => one.annotators.map((name) => [name, name])), [["y", "y", 2], ["x", "x", 1]]);
});

test("numbers are printed as people read them", () => {
  assert.deepEqual([share(0.505), share(0), share(1), share(null)], [".51", ".00", "1.00", "–"]);
  assert.deepEqual([fileSize(999), fileSize(1400), fileSize(2_340_000)], ["999 B", "1 kB", "2.3 MB"]);
  assert.equal(tally({ yes: 1, no: 2, unsure: 2 }), "1 yes · 2 no · 2 ?");
  assert.equal(tally({ yes: 1, no: 2, unsure: 0 }), "1 yes · 2 no");
});

const copy = (key, suggested, verdict = null) => ({ key, suggested, verdict });
const CLUSTER = {
  cluster: "a",
  copies: [copy("a", "drop"), copy("b", "keep"), copy("c", null)],
  pairs: [{ a: "a", b: "b", distance: 2, verdict: "auto" }, { a: "b", b: "c", distance: 8, verdict: "review" }],
};

test("a verdict overrules a suggestion, and what nobody judged is to be looked at", () => {
  assert.deepEqual(CLUSTER.copies.map(standing), ["drop", "keep", "look"]);
  assert.equal(standing(copy("a", "drop", "keep")), "keep");
  assert.equal(needsLook(CLUSTER), true);
  assert.equal(decided(CLUSTER), false);
  assert.equal(reference(CLUSTER).key, "b");
});

test("pairs are found in either order, and copies joined through others have none", () => {
  assert.equal(pairOf(CLUSTER, "b", "a")?.distance, 2);
  assert.equal(pairOf(CLUSTER, "a", "c"), null);
  assert.equal(distances(CLUSTER), "2–8 bits apart");
});

test("accepting keeps verdicts that were given; keeping one spares what is no duplicate", () => {
  const given = { ...CLUSTER, copies: [copy("a", "drop", "not-a-duplicate"), ...CLUSTER.copies.slice(1)] };
  assert.deepEqual(suggestion(given), { a: "not-a-duplicate", b: "keep", c: "keep" });
  assert.deepEqual(keepOnly(given, "c"), { c: "keep", b: "drop" });
});

test("a threshold joins what is as near as it and was not taken apart", () => {
  const pair = (a, b, distance, verdict = "auto") => ({ a, b, distance, verdict });
  const clusters = [
    { cluster: "a", copies: [], pairs: [pair("a", "b", 0), pair("b", "c", 3), pair("c", "d", 3), pair("a", "d", 5, "different")] },
    { cluster: "x", copies: [], pairs: [pair("x", "y", 5, "review")] },
  ];
  assert.deepEqual(histogram(clusters), [1, 0, 0, 2, 0, 2]);
  assert.deepEqual(histogram([]), []);
  assert.deepEqual(clusters.map((one) => within(one, 4)), [true, false]);
  assert.deepEqual(atThreshold(clusters, 0), { pairs: 1, groups: 1, surplus: 1 });
  assert.deepEqual(atThreshold(clusters, 3), { pairs: 3, groups: 1, surplus: 3 });
  assert.deepEqual(atThreshold(clusters, 5), { pairs: 4, groups: 2, surplus: 4 });
  const apart = [{ cluster: "p", copies: [], pairs: [pair("p", "q", 1), pair("r", "s", 1), pair("q", "r", 2)] }];
  assert.deepEqual([atThreshold(apart, 1).groups, atThreshold(apart, 2).groups], [2, 1]);
});

test("equal pixels are white, others are darker the more they differ", () => {
  const one = Uint8ClampedArray.from([10, 20, 30, 255, 0, 0, 0, 255]);
  const other = Uint8ClampedArray.from([10, 20, 30, 255, 60, 60, 60, 255]);
  const into = new Uint8ClampedArray(8);
  const { mean, changed } = difference(one, other, into);
  assert.deepEqual([...into], [255, 255, 255, 255, 15, 15, 15, 255]);
  assert.equal(changed, 0.5);
  assert.ok(Math.abs(mean - 30 / 255) < 1e-9);
});

test("charts have round numbers, labels that fit, and tables that sort with the unknown last", () => {
  assert.deepEqual(scale(142), { top: 150, step: 50 });
  assert.deepEqual(scale(3), { top: 3, step: 1 });
  assert.deepEqual(scale(0), { top: 1, step: 1 });
  for (const most of [1, 7, 19, 250, 99_999]) assert.ok(scale(most).top >= most);
  assert.deepEqual([everyNth(4, 400, 62), everyNth(48, 300, 62), everyNth(1, 0, 62)], [1, 10, 62]);
  const rows = [{ n: 2 }, { n: null }, { n: 10 }, { n: 1 }];
  assert.deepEqual(sorted(rows, (row) => row.n, true).map((row) => row.n), [10, 2, 1, null]);
  assert.deepEqual(sorted(rows, (row) => row.n, false).map((row) => row.n), [1, 2, 10, null]);
});

test("what is left is told by the pace of a whole day, nights in it", () => {
  const hour = (/** @type {number[]} */ ...votes) => ({ hours: 1, points: votes.map((n) => ({ votes: n })) });
  const night = Array.from({ length: 15 }, () => 0);
  assert.equal(hoursLeft(300, hour(9000, ...Array(8).fill(75), ...night, 0)), 12, "the last 24 hours gave 600");
  assert.equal(hoursLeft(100, hour(100, 100)), 1, "no day has passed yet");
  assert.equal(hoursLeft(100, { hours: 24, points: [{ votes: 5000 }, ...Array(4).fill({ votes: 50 })] }), 48);
  assert.equal(hoursLeft(100, { hours: 1 / 60, points: Array(59).fill({ votes: 10 }) }), null, "an hour is too short");
  assert.equal(hoursLeft(100, hour(70, ...Array(24).fill(0))), null, "nobody votes");
  assert.equal(hoursLeft(100, hour()), null);
});

test("a question that cannot be sent is answered with what to do", async () => {
  const listeners = new Set();
  const model = {
    on: (/** @type {string} */ _name, /** @type {Function} */ listen) => listeners.add(listen),
    off: (/** @type {string} */ _name, /** @type {Function} */ listen) => listeners.delete(listen),
    send: () => { throw new Error("Cannot send"); },
  };
  await assert.rejects(request(model, "ping"), { message: /no connection/, remedy: /Reload/ });
  assert.equal(listeners.size, 0);
});
