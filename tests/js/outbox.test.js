/** The outbox against a kernel that stalls, dies, answers late or refuses. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { merged, Outbox } from "../../widgets/synsetlab/ui/js/outbox.js";

const event = (id, name = "k") => ({ id, key: name, answer: "yes", retracts: null });
const entry = (id, order) => ({ event: event(id), owner: "me", order });

/** A keeper that outlives its outbox. */
function keeper(kept = new Map()) {
  return {
    kept,
    lasting: true,
    put: async (entries) => entries.forEach((one) => kept.set(one.event.id, one)),
    remove: async (ids) => ids.forEach((id) => kept.delete(id)),
    all: async (owner) => [...kept.values()].filter((one) => one.owner === owner),
  };
}

/** An outbox whose deliveries the test answers by hand, one after another. */
function bench({ store = keeper(), again = 1, owner = "me" } = {}) {
  const seen = { late: [], refused: [], lasting: [] };
  const deliveries = [];
  const waiting = [];
  const outbox = new Outbox({
    owner, again, keeper: store,
    deliver: (events) => new Promise((resolve, reject) => {
      const delivery = {
        ids: events.map(({ id }) => id), reject,
        ack: (acked = events.map(({ id }) => id), refused = {}) => resolve({ acked, refused }),
      };
      const taker = waiting.shift();
      if (taker) taker(delivery);
      else deliveries.push(delivery);
    }),
    onchange: () => {}, onlate: (error) => seen.late.push(error),
    onrefused: (refused) => seen.refused.push(...refused), onkeeper: (lasting) => seen.lasting.push(lasting),
  });
  const delivery = async () => deliveries.shift() ?? new Promise((resolve) => waiting.push(resolve));
  return { outbox, seen, store, delivery };
}

test("merging keeps every id once, in the order in which they were made", () => {
  const all = merged([entry("b", 2), entry("a", 1)], [entry("c", 3), entry("b", 2)]);
  assert.deepEqual(all.map((one) => one.event.id), ["a", "b", "c"]);
});

test("a slow keeper holds nothing up, and forgets what it kept in vain", async () => {
  const store = keeper();
  let finish = () => {};
  let last = new Promise((resolve) => { finish = resolve; });
  const slowly = (work) => (last = last.then(work)); // in order, as the transactions of IndexedDB
  const { outbox, delivery } = bench({
    store: { ...store, put: (entries) => slowly(() => store.put(entries)), remove: (ids) => slowly(() => store.remove(ids)) },
  });
  const added = outbox.add([event("a")]);
  (await delivery()).ack();
  while (outbox.size) await null;
  assert.equal(store.kept.size, 0);
  finish();
  await added;
  await last;
  assert.equal(store.kept.size, 0);
});

test("an event leaves the keeper when it is acknowledged, not before", async () => {
  const { outbox, store, delivery } = bench();
  const added = outbox.add([event("a")]);
  const sent = await delivery();
  assert.ok(store.kept.has("a"));
  assert.equal(outbox.size, 1);
  sent.ack();
  await added;
  assert.equal(outbox.size, 0);
  assert.equal(store.kept.size, 0);
});

test("without an answer the same events go again, also those added meanwhile", async () => {
  const { outbox, seen, delivery } = bench();
  outbox.add([event("a")]);
  const first = await delivery();
  const later = outbox.add([event("b")]);
  first.reject(new Error("no answer"));
  await later;
  const second = await delivery();
  assert.deepEqual(second.ids, ["a", "b"]);
  assert.equal(seen.late.length, 1);
  second.ack();
});

test("an acknowledgement that comes after we gave up still counts", async () => {
  const { outbox, delivery } = bench({ again: 1e6 });
  const added = outbox.add([event("a")]);
  (await delivery()).reject(new Error("no answer"));
  await added;
  outbox.settle(["a", "never heard of"]);
  assert.equal(outbox.size, 0);
  outbox.close();
});

test("a page that died is taken up by the next of the same owner, and by no other", async () => {
  const store = keeper();
  const dead = bench({ store, again: 1e6 });
  const added = dead.outbox.add([event("a"), event("b")]);
  (await dead.delivery()).ack(["a"]);
  (await dead.delivery()).reject(new Error("killed"));
  await added;
  dead.outbox.close();

  const other = bench({ store, owner: "someone else" });
  await other.outbox.restore();
  assert.equal(other.outbox.size, 0);

  const next = bench({ store });
  const restored = next.outbox.restore();
  const sent = await next.delivery();
  assert.deepEqual(sent.ids, ["b"]);
  sent.ack();
  await restored;
  assert.equal(store.kept.size, 0);
});

test("what is refused for good is told and dropped, and stops nothing behind it", async () => {
  const { outbox, seen, store, delivery } = bench();
  const added = outbox.add([event("a"), event("b")]);
  (await delivery()).ack(["b"], { a: "no such picture" });
  await added;
  assert.deepEqual(seen.refused.map(({ event: { id }, why }) => [id, why]), [["a", "no such picture"]]);
  assert.equal(outbox.size + store.kept.size, 0);
});

test("a kernel that acknowledges nothing is not asked in a loop", async () => {
  const { outbox, seen, delivery } = bench({ again: 1e6 });
  const added = outbox.add([event("a")]);
  (await delivery()).ack([]);
  await added;
  assert.equal(seen.late.length, 1);
  assert.equal(outbox.size, 1);
  outbox.close();
});

test("a browser that keeps nothing says so, and the events are sent all the same", async () => {
  const full = { ...keeper(), put: () => Promise.reject(new Error("QuotaExceededError")) };
  const { outbox, seen, delivery } = bench({ store: full });
  const added = outbox.add([event("a")]);
  (await delivery()).ack();
  await added;
  assert.deepEqual(seen.lasting, [false]);
  assert.equal(outbox.size, 0);
});

test("many events go in batches, all of them once", async () => {
  const { outbox, delivery } = bench();
  const names = Array.from({ length: 150 }, (_, i) => `e${i}`);
  const added = outbox.add(names.map((name) => event(name)));
  const sent = [];
  while (sent.length < names.length) {
    const one = await delivery();
    sent.push(...one.ids);
    one.ack();
  }
  await added;
  assert.deepEqual(sent, names);
});
