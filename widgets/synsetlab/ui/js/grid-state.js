// @ts-check
/** Answers of a page as values: what a click makes of one, the events of a change, the counts. */

/** @typedef {string} Answer yes, no, unsure, skip, or the value of a class */
/** @typedef {{ value: string, name: string, gloss?: string }} Choice one of the classes that may be assigned */
/** @typedef {"judge" | "wrong" | "right"} Mode what a click means: round the answers, or "this is a wrong (right) one" */
/** @typedef {{ id: string, answer: Answer }} Standing an answer that stands, with the id of its event */

/**
 * @typedef {object} VoteEvent
 * @property {string} id UUID
 * @property {string} key
 * @property {Answer | null} answer
 * @property {string | null} retracts id of the answer that no longer stands
 * @property {string | null} shown_at ISO 8601, UTC
 * @property {string} decided_at
 * @property {number} active_ms
 * @property {string} batch
 */

/** What a tile shows of an answer beside its colour. @type {Record<string, { mark: string, word: string }>} */
const LOOK = {
  yes: { mark: "✓", word: "yes" },
  no: { mark: "✕", word: "no" },
  unsure: { mark: "?", word: "unsure" },
  skip: { mark: "–", word: "skipped" },
};

/**
 * The look of an answer; of a class its number and its name.
 *
 * @param {Answer} answer
 * @param {Choice[]} [choices]
 */
export function lookOf(answer, choices = []) {
  if (Object.hasOwn(LOOK, answer)) return LOOK[answer];
  const place = choices.findIndex(({ value }) => value === answer);
  return { mark: String(place + 1), word: place < 0 ? answer : choices[place].name };
}

/**
 * What a page in which only one answer is given makes of the rest when it is handed in.
 *
 * @param {Mode} mode
 * @returns {Answer | null}
 */
export function impliedAnswer(mode) {
  return mode === "wrong" ? "yes" : mode === "right" ? "no" : null;
}

/**
 * What a click or the space bar makes of an answer: yes, no, unsure, none, and round again; where
 * there is one thing to mark, that or none.
 *
 * @param {Answer | null} answer
 * @param {Answer | null} [marks] the one answer that a click gives
 * @returns {Answer | null}
 */
export function nextAnswer(answer, marks = null) {
  if (marks !== null) return answer === marks ? null : marks;
  if (answer === null) return "yes";
  return answer === "yes" ? "no" : answer === "no" ? "unsure" : null;
}

/**
 * Yes becomes no, no becomes yes, anything else stays.
 *
 * @param {Answer | null} answer
 * @returns {Answer | null}
 */
export function inverted(answer) {
  return answer === "yes" ? "no" : answer === "no" ? "yes" : answer;
}

/**
 * The events that bring a key from its standing answer to `wanted`. At most one answer stands at
 * any time, so a change first retracts the old one; nothing changes: no events.
 *
 * @param {string} key
 * @param {Standing | null} standing
 * @param {Answer | null} wanted
 * @param {{ eventId: () => string, shownAt: string | null, decidedAt: string, activeMs: number, batch: string }} facts
 * @returns {{ events: VoteEvent[], standing: Standing | null }}
 */
export function change(key, standing, wanted, { eventId, shownAt, decidedAt, activeMs, batch }) {
  if ((standing?.answer ?? null) === wanted) return { events: [], standing };
  const common = { key, shown_at: shownAt, decided_at: decidedAt, batch };
  /** @type {VoteEvent[]} */
  const events = [];
  if (standing) {
    events.push({ id: eventId(), answer: null, retracts: standing.id, active_ms: wanted ? 0 : activeMs, ...common });
  }
  if (!wanted) return { events, standing: null };
  const id = eventId();
  events.push({ id, answer: wanted, retracts: null, active_ms: activeMs, ...common });
  return { events, standing: { id, answer: wanted } };
}

/**
 * Lay events that are not saved yet over what the server knows.
 *
 * @param {Record<string, Standing>} saved by key
 * @param {VoteEvent[]} pending in order
 * @returns {Map<string, Standing>}
 */
export function standingAnswers(saved, pending) {
  const all = new Map(Object.entries(saved));
  for (const event of pending) {
    if (event.answer) all.set(event.key, { id: event.id, answer: event.answer });
    else if (all.get(event.key)?.id === event.retracts) all.delete(event.key);
  }
  return all;
}

/**
 * How many pictures have each answer, and how many have one.
 *
 * @param {Iterable<Standing>} answers
 * @returns {Record<string, number> & { yes: number, no: number, unsure: number, skip: number, answered: number }}
 */
export function tally(answers) {
  /** @type {Record<string, number> & { yes: number, no: number, unsure: number, skip: number, answered: number }} */
  const counts = { yes: 0, no: 0, unsure: 0, skip: 0, answered: 0 };
  for (const { answer } of answers) {
    counts[answer] = (counts[answer] ?? 0) + 1;
    counts.answered += 1;
  }
  return counts;
}

/**
 * What must be asked before a page is submitted; empty: nothing. Where the rest has an implied
 * answer, only what was not looked at matters.
 *
 * @param {{ count: number, answered: number, unseen: number, implied?: boolean }} page
 * @returns {string}
 */
export function openMatters({ count, answered, unseen, implied = false }) {
  const left = count - answered;
  if (left === 0) return "";
  if (implied) return unseen ? `${unseen} not looked at yet.` : "";
  if (unseen === 0) return `${left} without an answer.`;
  return unseen >= left ? `${left} not looked at yet.` : `${left} without an answer, ${unseen} of them not looked at yet.`;
}

/** How a status line speaks of answers on their way. @param {{ pending: number, online: boolean }} status */
export function savedText({ pending, online }) {
  if (!online) return pending ? `Offline · ${pending} unsaved` : "Offline";
  return pending ? `Saving ${pending}` : "Saved";
}
