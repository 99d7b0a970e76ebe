// @ts-check
/** What a cluster's state means. No page needed. */

/**
 * @typedef {object} Copy
 * @property {string} key
 * @property {string} name
 * @property {number} width
 * @property {number} height
 * @property {number} bytes
 * @property {string} format
 * @property {string} licence
 * @property {string} source
 * @property {string | null} suggested
 * @property {string | null} verdict
 */
/** @typedef {{ a: string, b: string, distance: number, verdict: string }} Pair */
/** @typedef {{ cluster: string, copies: Copy[], pairs: Pair[] }} Cluster */

/** What happens to a copy now: a person's verdict, else the policy's; "look" where there is neither. @param {Copy} copy */
export function standing(copy) {
  return copy.verdict ?? copy.suggested ?? "look";
}

/** Whether a person has said all there is to say. @param {Cluster} cluster */
export function decided({ copies }) {
  return copies.every((copy) => copy.verdict !== null);
}

/** Whether the policy left it to a person. @param {Cluster} cluster */
export function needsLook({ copies }) {
  return copies.some((copy) => copy.suggested === null);
}

/** The copy that the others are measured against: one that stays. @param {Cluster} cluster @returns {Copy} */
export function reference({ copies }) {
  const ranks = ["keep", "look", "not-a-duplicate", "drop"];
  return copies.reduce((best, copy) => (ranks.indexOf(standing(copy)) < ranks.indexOf(standing(best)) ? copy : best));
}

/**
 * The pair of two copies; null where they were only joined through others.
 *
 * @param {Cluster} cluster
 * @param {string} one
 * @param {string} other
 * @returns {Pair | null}
 */
export function pairOf({ pairs }, one, other) {
  return pairs.find(({ a, b }) => (a === one && b === other) || (a === other && b === one)) ?? null;
}

/** Smallest and largest distance, in words. @param {Cluster} cluster */
export function distances({ pairs }) {
  const found = pairs.map((pair) => pair.distance);
  const low = Math.min(...found);
  const high = Math.max(...found);
  if (high === 0) return "same hash";
  return low === high ? `${low} bits apart` : `${low}–${high} bits apart`;
}

/** What the policy proposes for all, with "keep" where it left the question open. @param {Cluster} cluster @returns {Record<string, string>} */
export function suggestion({ copies }) {
  return Object.fromEntries(copies.map((copy) => [copy.key, copy.verdict ?? copy.suggested ?? "keep"]));
}

/** Keep one and drop the others, but not those that were called no duplicates. @param {Cluster} cluster @param {string} key @returns {Record<string, string>} */
export function keepOnly({ copies }, key) {
  const others = copies.filter((copy) => copy.key !== key && copy.verdict !== "not-a-duplicate");
  return { [key]: "keep", ...Object.fromEntries(others.map((copy) => [copy.key, "drop"])) };
}

/** Pairs by distance: how many at 0 bits, 1 bit, ... @param {Cluster[]} clusters @returns {number[]} */
export function histogram(clusters) {
  const most = Math.max(-1, ...clusters.flatMap(({ pairs }) => pairs.map(({ distance }) => distance)));
  const counts = /** @type {number[]} */ (Array(most + 1).fill(0));
  for (const { pairs } of clusters) for (const { distance } of pairs) counts[distance] += 1;
  return counts;
}

/** Whether a cluster has a pair as near as that. @param {Cluster} cluster @param {number} bits */
export function within({ pairs }, bits) {
  return pairs.some(({ distance }) => distance <= bits);
}

/**
 * What a threshold would join: pairs up to it that no second look took apart, the groups that they make,
 * and how many copies are more than one of each group.
 *
 * @param {Cluster[]} clusters
 * @param {number} bits
 */
export function atThreshold(clusters, bits) {
  let pairs = 0;
  let groups = 0;
  let surplus = 0;
  for (const cluster of clusters) {
    /** @type {Map<string, string>} */
    const above = new Map();
    const top = (/** @type {string} */ key) => {
      let at = key;
      for (let next = above.get(at); next !== undefined && next !== at; next = above.get(at)) at = next;
      return at;
    };
    for (const { a, b, distance, verdict } of cluster.pairs) {
      if (distance > bits || verdict === "different") continue;
      pairs += 1;
      for (const key of [a, b]) if (!above.has(key)) above.set(key, key);
      above.set(top(a), top(b));
    }
    const tops = new Set([...above.keys()].map(top)).size;
    groups += tops;
    surplus += above.size - tops;
  }
  return { pairs, groups, surplus };
}
