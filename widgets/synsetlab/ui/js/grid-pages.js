// @ts-check
/** Dialogs about more than this page: pages handed in before, other synsets, problems with this one. */

import { h } from "./dom.js";
import { show } from "./grid-dialogs.js";
import { lookOf } from "./grid-state.js";

/** @typedef {import("./grid-session.js").Session} Session */
/** @typedef {{ batch: string, at: string, name: string, open: number, answers: Record<string, number> }} EarlierPage */
/** @typedef {{ wnid: string, name: string, gloss: string, mine: number, left: number, current: boolean }} Task */

/**
 * A list to choose from.
 *
 * @param {HTMLElement} root
 * @param {string} title
 * @param {string} detail
 * @param {{ value: string, head: string, text: string, aside: string, current?: boolean }[]} rows
 * @param {string} nothing what to say when there are none
 * @returns {Promise<string>} the value; "": none was chosen
 */
function choose(root, title, detail, rows, nothing) {
  return new Promise((resolve) => {
    const list = rows.map(({ value, head, text, aside, current }, i) =>
      h("button", { class: "sl-choice", type: "submit", value, "data-value": value, autofocus: i === 0, "aria-current": current ? "true" : null },
        h("b", {}, head), h("span", {}, text), h("small", { class: "sl-num" }, aside)));
    const find = rows.length > 8 && h("input", { class: "sl-find", type: "search", placeholder: "Find", "aria-label": "Find", oninput: (/** @type {Event} */ event) => {
      const wanted = /** @type {HTMLInputElement} */ (event.target).value.toLowerCase();
      list.forEach((button) => { button.hidden = !button.textContent?.toLowerCase().includes(wanted); });
    } });
    const dialog = h(
      "dialog", { class: "sl-dialog sl-list", "aria-label": title },
      h("form", { method: "dialog" }, h("h3", {}, title), h("p", {}, rows.length ? detail : nothing), find, h("div", { class: "sl-rows" }, ...list),
        h("div", { class: "sl-choices" }, h("button", { class: "sl-button", type: "submit", value: "" }, "Cancel"))),
    );
    show(root, dialog, () => resolve(dialog.returnValue));
  });
}

/** Open a page that was handed in before. @param {HTMLElement} root @param {Session} session */
export async function earlier(root, session) {
  /** @type {{ pages: EarlierPage[] }} */
  const { pages } = await session.ask("earlier", {});
  const rows = pages.map(({ batch, at, name, open, answers }) => ({
    value: batch, head: name, aside: new Date(at).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" }),
    text: Object.entries(answers).map(([answer, n]) => `${n} ${lookOf(answer, session.choices).word}`).join(", ") + ` · ${open} ${open === 1 ? "picture" : "pictures"}`,
  }));
  const batch = await choose(root, "Pages handed in before", "They can be changed until their pictures are decided.", rows, "There is none that can still be changed.");
  if (batch) await session.turn("reopen", { batch });
}

/** Label another synset. @param {HTMLElement} root @param {Session} session */
export async function another(root, session) {
  /** @type {{ tasks: Task[] }} */
  const { tasks } = await session.ask("tasks", {});
  const rows = tasks.map(({ wnid, name, gloss, mine, left, current }) => ({
    value: wnid, head: name, text: gloss, current, aside: `${mine.toLocaleString("en")} answered by you · ${left.toLocaleString("en")} left for you`,
  }));
  const wnid = await choose(root, "Choose what to label", "Synsets with pictures for you.", rows, "There is no synset with pictures for you.");
  if (wnid) await session.turn("choose", { wnid });
}

const PROBLEMS = /** @type {[string, string][]} */ ([["not-visible", "This class cannot be seen in pictures"], ["bad-definition", "The definition or the rules are bad"]]);

/** Say that something is wrong with the synset. @param {HTMLElement} root @param {Session} session @returns {Promise<boolean>} whether something was said */
export function report(root, session) {
  return new Promise((resolve) => {
    const text = h("textarea", { rows: 3, maxlength: 2000, name: "text", placeholder: "What is wrong? (may stay empty)", "aria-label": "What is wrong" });
    const kinds = PROBLEMS.map(([kind, words], i) => h("label", {}, h("input", { type: "radio", name: "kind", value: kind, checked: i === 0, autofocus: i === 0 }), h("span", {}, h("b", {}, words))));
    const problem = h("p", { class: "sl-wrong", role: "alert" });
    const send = h("button", { class: "sl-button primary", type: "button", "data-do": "send-report" }, "Send");
    const name = session.header.lemmas?.[0] ?? session.header.question;
    const dialog = h(
      "dialog", { class: "sl-dialog sl-report", "aria-label": "Report a problem" },
      h("form", { method: "dialog" }, h("h3", {}, `Report a problem with “${name}”`), h("p", {}, "A curator reads it. For one bad picture, flag it (F) instead."),
        h("fieldset", {}, ...kinds), text, problem,
        h("div", { class: "sl-choices" }, send, h("button", { class: "sl-button", type: "submit", value: "" }, "Cancel"))),
    );
    send.addEventListener("click", async () => {
      const kind = /** @type {HTMLInputElement | null} */ (dialog.querySelector("input:checked"))?.value;
      try {
        send.disabled = true;
        await session.ask("report", { kind, text: text.value });
        dialog.close("sent");
      } catch (error) {
        send.disabled = false;
        problem.textContent = error instanceof Error ? error.message : String(error);
      }
    });
    show(root, dialog, () => resolve(dialog.returnValue === "sent"));
  });
}
