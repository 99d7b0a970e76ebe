// @ts-check
/** Thumbnails over HTTP, where the server has a route for them: in parallel, and cancelled when stale. */

/** @typedef {import("./grid-thumbs.js").Fetched} Fetched */

const KEY = /^[0-9a-f]{16}$/; // of a question of a workspace; examples have others

/**
 * How to get thumbnails where the server has a route for them: by HTTP what it answers, the rest as messages.
 *
 * @param {{ get: (name: string) => any }} model
 * @param {AbortSignal} signal
 * @param {(keys: string[]) => Promise<Fetched>} asMessages
 * @returns {(keys: string[], stale: AbortSignal) => Promise<Fetched>}
 */
export function overHttp(model, signal, asMessages) {
  let answers = true;
  return async (keys, stale) => {
    const route = String(model.get("thumbnails_url") ?? "");
    if (!route || !answers) return asMessages(keys);
    const ends = AbortSignal.any([signal, stale]);
    /** @type {Fetched} */
    const fetched = { found: [], missing: {} };
    const rest = keys.filter((key) => !KEY.test(key));
    const asked = keys.filter((key) => KEY.test(key));
    await Promise.all(asked.map(async (key) => {
      const response = await fetch(route + key, { signal: ends, credentials: "same-origin" }).catch(() => null);
      if (response?.ok) fetched.found.push([key, await response.blob()]);
      else rest.push(key);
    }));
    ends.throwIfAborted();
    // Nothing came: a proxy may not know the route. The kernel can do without it, and says why one is missing.
    if (asked.length > 1 && !fetched.found.length) answers = false;
    if (!rest.length) return fetched;
    const { found, missing } = await asMessages(rest);
    return { found: [...fetched.found, ...found], missing };
  };
}
