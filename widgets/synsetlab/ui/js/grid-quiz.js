// @ts-check
/** The definition quiz: before the first page of a synset, to be sure that its definition was read. */

import { h } from "./dom.js";

/**
 * @param {import("./grid-session.js").Session} session
 * @param {() => void} leave label another synset
 * @returns {HTMLElement}
 */
export function quiz(session, leave) {
  const questions = session.quiz ?? [];
  const said = h("p", { class: "sl-wrong", role: "alert" });
  const sets = questions.map(({ prompt, options }, i) =>
    h("fieldset", { "data-question": i }, h("legend", {}, prompt),
      ...options.map((option, j) => h("label", {}, h("input", { type: "radio", name: `q${i}`, value: j, required: true }), h("span", {}, option)))));
  const form = h(
    "form", { class: "sl-quiz" },
    h("h3", {}, "Before you begin"), h("p", {}, "Read the definition above, then answer; you can try again."),
    ...sets, said,
    h("div", { class: "sl-choices" }, h("button", { class: "sl-button primary", type: "submit" }, "Check"),
      session.can.has("tasks") && h("button", { class: "sl-button", type: "button", onclick: leave }, "Label something else")),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = new FormData(form);
    try {
      const { passed, wrong } = await session.solve(questions.map((_, i) => Number(given.get(`q${i}`))));
      if (passed) return;
      sets.forEach((set, i) => set.classList.toggle("wrong", wrong.includes(i)));
      said.textContent = wrong.length === 1 ? "One answer is not right yet: read the definition again." : `${wrong.length} answers are not right yet: read the definition again.`;
    } catch (error) {
      said.textContent = error instanceof Error ? error.message : String(error);
    }
  });
  return form;
}
