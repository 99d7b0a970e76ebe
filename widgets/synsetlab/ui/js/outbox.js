// @ts-check
/** Answers on their way: kept in the browser until Python has committed them. */

/** @typedef {import("./grid-state.js").VoteEvent} VoteEvent */
/** @typedef {{ event: VoteEvent, owner: string, order: number }} Entry */

/**
 * @typedef {object} Keeper where entries survive the page
 * @property {boolean} lasting false: only as long as the page
 * @property {(entries: Entry[]) => Promise<void>} put
 * @property {(ids: string[]) => Promise<void>} remove
 * @property {(owner: string) => Promise<Entry[]>} all
 */

/**
 * Entries of the keeper and of this page as one list, each id once, in the order in which they were
 * made.
 *
 * @param {Entry[]} kept
 * @param {Entry[]} own
 * @returns {Entry[]}
 */
export function merged(kept, own) {
  const all = new Map(kept.map((entry) => [entry.event.id, entry]));
  for (const entry of own) all.set(entry.event.id, entry);
  return [...all.values()].sort((a, b) => a.order - b.order || (a.event.id < b.event.id ? -1 : 1));
}

/** Order of entries over reloads: ms since 1970, later ones always greater. */
export function orderly() {
  let last = 0;
  return () => {
    last = Math.max(Date.now(), last + 0.001);
    return last;
  };
}

const BATCH = 64;

export class Outbox {
  /** @type {Map<string, Entry>} */
  #pending = new Map();
  #order = orderly();
  #sending = false;
  #timer = 0;
  #closed = false;

  /**
   * @param {object} options
   * @param {string} options.owner
   * @param {Keeper} options.keeper
   * @param {(events: VoteEvent[]) => Promise<{ acked: string[], refused: Record<string, string> }>} options.deliver
   * @param {() => void} options.onchange the list of what is pending has changed
   * @param {(error: unknown, events: VoteEvent[]) => void} options.onlate no answer, or an error, for a batch
   * @param {(refused: { event: VoteEvent, why: string }[]) => void} options.onrefused
   * @param {(lasting: boolean) => void} options.onkeeper the browser will not keep entries (or does so again)
   * @param {number} [options.again] ms after which an unanswered batch is sent once more
   */
  constructor({ owner, keeper, deliver, onchange, onlate, onrefused, onkeeper, again = 3000 }) {
    this.owner = owner;
    this.keeper = keeper;
    this.deliver = deliver;
    this.onchange = onchange;
    this.onlate = onlate;
    this.onrefused = onrefused;
    this.onkeeper = onkeeper;
    this.again = again;
  }

  get size() {
    return this.#pending.size;
  }

  /** @param {string} key */
  has(key) {
    for (const { event } of this.#pending.values()) if (event.key === key) return true;
    return false;
  }

  /** Keys that wait for their acknowledgement; only those that have for at least so many ms, if given. */
  keys(waited = -Infinity) {
    const until = Date.now() - waited;
    return new Set([...this.#pending.values()].filter(({ order }) => order <= until).map(({ event }) => event.key));
  }

  /** What is not saved yet, in order. @returns {VoteEvent[]} */
  events() {
    return [...this.#pending.values()].map(({ event }) => event);
  }

  /** Take up what an earlier page of the same owner could not deliver. */
  async restore() {
    try {
      const kept = await this.keeper.all(this.owner);
      this.#pending = new Map(merged(kept, [...this.#pending.values()]).map((entry) => [entry.event.id, entry]));
    } catch {
      this.onkeeper(false);
    }
    this.onchange();
    this.flush();
  }

  /**
   * Keep events and send them, both at once: keeping takes the browser longer than the commit, and whichever
   * is done first has them safe. The keeper does in order what it is asked, so it forgets them afterwards.
   *
   * @param {VoteEvent[]} events
   */
  async add(events) {
    const entries = events.map((event) => ({ event, owner: this.owner, order: this.#order() }));
    for (const entry of entries) this.#pending.set(entry.event.id, entry);
    const keeping = this.keeper.put(entries).then(() => this.keeper.lasting, () => false);
    const sending = this.flush();
    this.onchange();
    this.onkeeper(await keeping);
    await sending;
  }

  /** Drop what was committed, and what never can be. @param {string[]} acked @param {Record<string, string>} [refused] */
  settle(acked, refused = {}) {
    const gone = [...acked, ...Object.keys(refused)].filter((id) => this.#pending.has(id));
    if (!gone.length) return;
    const told = gone.filter((id) => id in refused && !acked.includes(id));
    const lost = told.map((id) => ({ event: /** @type {Entry} */ (this.#pending.get(id)).event, why: refused[id] }));
    for (const id of gone) this.#pending.delete(id);
    this.keeper.remove(gone).catch(() => this.onkeeper(false));
    if (lost.length) this.onrefused(lost);
    this.onchange();
  }

  /** Send what is pending, one batch at a time; after a failure once more when `again` has passed. */
  async flush() {
    if (this.#sending || this.#closed) return;
    clearTimeout(this.#timer);
    this.#sending = true;
    try {
      for (;;) {
        const batch = this.events().slice(0, BATCH);
        if (!batch.length || this.#closed) return;
        try {
          const { acked, refused } = await this.deliver(batch);
          this.settle(acked, refused);
          if (!batch.some(({ id }) => acked.includes(id) || id in refused)) throw new Error("[synsetlab] nothing was acknowledged");
        } catch (error) {
          if (!this.#closed) {
            this.#timer = setTimeout(() => this.flush(), this.again);
            this.onlate(error, batch);
          }
          return;
        }
      }
    } finally {
      this.#sending = false;
    }
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
  }
}
