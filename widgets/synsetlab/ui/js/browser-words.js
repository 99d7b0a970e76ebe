// @ts-check
/** Names of languages, as the browser knows them. */

/** @type {Intl.DisplayNames | undefined} */
let names;

/**
 * The English name of a language: "Italian" for "ita" as for "it".
 *
 * @param {string} code ISO 639
 * @returns {string}
 */
export function languageName(code) {
  try {
    names ??= new Intl.DisplayNames("en", { type: "language" });
    return names.of(code) ?? code;
  } catch {
    return code; // no code of a language
  }
}
