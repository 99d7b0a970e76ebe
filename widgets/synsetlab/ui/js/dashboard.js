// @ts-check
/** ConsensusDashboard: numbers, charts and tables, each asked for and failing by itself. */

import { bars, shares, table } from "./dashboard-charts.js";
import { hoursLeft } from "./dashboard-forecast.js";
import { annotatorColumns, cellTable, problemTable, SortedTable, synsetColumns } from "./dashboard-tables.js";
import { Connection } from "./connection.js";
import { append, h, showError } from "./dom.js";
import { count, frame, notices, share, skeleton } from "./review-frame.js";

/** @import { RenderProps } from "@anywidget/types" */
/** @typedef {import("./dashboard-tables.js").Synset} Synset */
/** @typedef {import("./dashboard-tables.js").Annotator} Annotator */

const EVERY = 60_000;
const SLOW = 300_000; // a fit over many votes

class Dashboard {
  #asked = 0;
  /** @type {Synset | null} whose confidence table is open */
  #synset = null;
  /** @type {Synset[]} */
  #rows = [];
  /** @type {any} */
  #last = { time: null, points: null };

  /** @param {any} model @param {HTMLElement} root @param {AbortSignal} signal */
  constructor(model, root, signal) {
    this.model = model;
    this.root = root;
    this.signal = signal;
    this.connection = new Connection(model, root, signal);
    this.notices = notices();
    this.when = h("span", { class: "sl-muted sl-num" });
    this.live = h("input", { type: "checkbox", checked: true, "aria-label": "Refresh every minute" });
    const again = h("button", { class: "sl-button", type: "button", "data-do": "refresh", onclick: () => this.start() }, "Refresh");
    this.cards = h("div", { class: "sl-numbers" });
    this.price = h("input", { type: "number", min: "0", step: "any", class: "sl-price", "aria-label": "Price of a vote", onchange: () => this.#left() });
    this.left = h("div", { class: "sl-left" });
    this.time = section("time", "Votes per hour", "");
    this.agreement = section("agreement", "Agreement over time", "of the questions whose last vote fell into each stretch");
    this.synsets = section("synsets", "Synsets", "a name opens its confidence table");
    this.problems = section("problems", "Reports of annotators", "");
    this.problems.element.hidden = true;
    this.annotators = section("annotators", "Annotators", "");
    /** @type {SortedTable<Synset>} */
    this.synsetTable = new SortedTable("Synsets", synsetColumns((row) => this.#choose(row)), { by: "difficulty", down: true, key: (row) => row.wnid });
    /** @type {SortedTable<Annotator>} */
    this.annotatorTable = new SortedTable("Annotators", annotatorColumns(), { by: "votes", down: true, key: (row) => row.name });
    this.cells = h("div", { class: "sl-cells-place", hidden: true, role: "region", tabindex: "-1", "aria-label": "Confidence table" });
    const head = h("header", { class: "sl-dash-head" }, h("h2", {}, "Progress"), this.when, h("label", {}, this.live, " every minute"), again);
    const main = h(
      "div", { class: "sl-dash" }, head, this.cards, this.left,
      h("div", { class: "sl-two" }, this.time.element, this.agreement.element), this.synsets.element, this.cells, this.problems.element, this.annotators.element,
    );
    append(root, main, this.notices.element);
    const receive = (/** @type {any} */ message) => {
      if (message?.type === "refresh") this.start();
      else if (message?.type === "synset") this.#wanted(message.wnid);
    };
    model.on("msg:custom", receive);
    const timer = setInterval(() => this.live.checked && !document.hidden && this.root.dataset.state === "ready" && this.start(), EVERY);
    const widths = new ResizeObserver(() => this.#draw());
    widths.observe(this.time.body);
    signal.addEventListener("abort", () => {
      model.off("msg:custom", receive);
      clearInterval(timer);
      widths.disconnect();
    });
    this.start();
  }

  /** @param {string} type @param {Record<string, unknown>} [fields] */
  ask(type, fields) {
    return this.connection.ask(type, fields, { timeout: SLOW });
  }

  async start() {
    const number = ++this.#asked;
    const first = this.root.dataset.state !== "ready";
    if (first) {
      this.root.dataset.state = "loading";
      this.cards.replaceChildren(skeleton(3));
    }
    this.root.dataset.fresh = "false";
    let wanted = "";
    try {
      const { totals, time, price, synset } = await this.ask("open");
      if (number !== this.#asked) return;
      if (first) this.price.value = String(price);
      wanted = synset;
      this.#last.time = time;
      this.#cards(totals);
      this.#draw();
      this.when.textContent = `at ${new Date().toLocaleTimeString("en-GB")}`;
      this.root.dataset.state = "ready";
      this.root.dataset.votes = String(totals.votes);
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError") return;
      if (number !== this.#asked) return;
      if (!first) return this.notices.fail(error);
      this.root.dataset.state = "error";
      return showError(this.cards, error, () => this.start());
    }
    await Promise.all([this.#left(), this.#synsets(), this.#agreement(), this.#annotators(), this.#problems()]);
    if (this.#synset) await this.#open(this.#synset, false);
    else if (first) this.#wanted(wanted);
    if (number === this.#asked) this.root.dataset.fresh = "true";
  }

  /** @param {any} totals */
  #cards(totals) {
    const decided = totals.questions - totals.open;
    const whole = { ...totals, name: "", wnid: "", agreement: null, difficulty: null };
    const ratio = totals.questions ? Math.round((100 * decided) / totals.questions) : 0;
    /** @type {[string, string, string][]} */
    const numbers = [
      ["Votes", count(totals.votes), totals.annotators === 1 ? "by 1 annotator" : `by ${count(totals.annotators)} annotators`],
      ["Decided", `${ratio} %`, `${count(decided)} of ${count(totals.questions)} questions`],
      ["Accepted", count(totals.accepted), `${count(totals.rejected)} rejected${totals.excluded ? `, ${count(totals.excluded)} excluded` : ""}`],
      ["For an expert", count(totals.ambiguous), totals.ambiguous ? "ambiguous, in the review queue" : "nothing waits"],
    ];
    this.cards.replaceChildren(...numbers.map(([name, value, note]) => h(
      "div", { class: "sl-number", "data-number": name }, h("h3", {}, name), h("p", { class: "sl-big sl-num" }, value), h("p", { class: "sl-muted sl-num" }, note),
    )));
    this.cards.children[1].append(outcome(whole));
  }

  async #left() {
    const price = Number(this.price.value);
    await this.#into(this.left, async () => {
      const left = await this.ask("left", { price: Number.isFinite(price) ? price : 0 });
      const votes = Math.round(left.votes);
      const words = left.questions === 0
        ? ["Nothing is left to ask. "]
        : [
          h("b", { class: "sl-num" }, `about ${count(votes)} ${votes === 1 ? "vote" : "votes"}`), ` on ${count(left.questions)} open ${left.questions === 1 ? "question" : "questions"}`,
          left.hours === null ? "" : `, ${span(left.hours)} of looking`, this.#pace(left.votes),
          `; ${Math.round(100 * left.expert_share)} % may need an expert. `,
        ];
      const cost = h("b", { class: "sl-num" }, left.cost.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 }));
      const held = this.left.contains(document.activeElement);
      this.left.replaceChildren(h("p", {}, h("span", { class: "sl-muted" }, "Left: "), ...words), h("label", {}, "at ", this.price, " a vote: ", cost));
      this.left.dataset.votes = String(votes);
      if (held) this.price.focus();
    });
  }

  /** When that many votes will be there, if people go on as of late. @param {number} votes */
  #pace(votes) {
    const hours = hoursLeft(votes, this.#last.time ?? { hours: 1, points: [] });
    return hours === null ? "" : `, done in ${span(hours)} at the pace of late`;
  }

  async #synsets() {
    await this.#into(this.synsets.body, async () => {
      const { synsets } = await this.ask("synsets");
      this.#rows = synsets;
      if (synsets.length === 0) return nothing(this.synsets.body, "No synset is chosen yet.");
      this.synsetTable.show(synsets);
      if (!this.synsets.body.contains(this.synsetTable.element)) this.synsets.body.replaceChildren(this.synsetTable.element);
    });
  }

  async #annotators() {
    await this.#into(this.annotators.body, async () => {
      const { annotators } = await this.ask("annotators");
      if (annotators.length === 0) return nothing(this.annotators.body, "Nobody has voted yet.");
      this.annotatorTable.show(annotators);
      if (!this.annotators.body.contains(this.annotatorTable.element)) this.annotators.body.replaceChildren(this.annotatorTable.element);
    });
  }

  async #problems() {
    await this.#into(this.problems.body, async () => {
      const { problems } = await this.ask("problems");
      this.problems.element.hidden = problems.length === 0;
      this.problems.body.replaceChildren(problemTable(problems, (wnid) => {
        const row = this.#rows.find((one) => one.wnid === wnid);
        if (row) this.#choose(row);
      }));
    });
  }

  async #agreement() {
    await this.#into(this.agreement.body, async () => {
      this.#last.points = (await this.ask("agreement")).points;
      this.#draw();
    });
  }

  /** Open the table of a synset, and tell Python. @param {Synset} row */
  async #choose(row) {
    await this.#open(row);
    await this.#tell(row.wnid);
  }

  /** Python wants a synset's table to be open, or (empty) none. @param {string} wnid */
  #wanted(wnid) {
    const row = this.#rows.find((one) => one.wnid === wnid);
    if (row) this.#open(row, false);
    else if (this.#synset) this.#close();
  }

  /** @param {string} wnid */
  async #tell(wnid) {
    try {
      await this.ask("synset", { wnid });
    } catch (error) {
      this.notices.fail(error);
    }
  }

  /** @param {Synset} row @param {boolean} [focus] */
  async #open(row, focus = true) {
    this.#synset = row;
    this.cells.hidden = false;
    this.cells.dataset.wnid = row.wnid;
    const close = h("button", { class: "sl-button", type: "button", onclick: () => { this.#close(); this.#tell(""); } }, "Close");
    const title = h("header", {}, h("h3", {}, `Confidence: ${row.name}`), h("span", { class: "sl-mono sl-muted" }, row.wnid), close);
    const body = h("div", { class: "sl-scroll" });
    await this.#into(body, async () => {
      const { cells } = await this.ask("cells", { wnid: row.wnid });
      if (cells.length === 0) nothing(body, "It has no pictures yet.");
      else body.replaceChildren(cellTable(cells));
      const note = h("p", { class: "sl-muted" }, "Belief that a picture with these votes shows it, and how many pictures have them.");
      this.cells.replaceChildren(title, note, body);
      if (focus) {
        this.cells.focus({ preventScroll: true });
        this.cells.scrollIntoView({ block: "nearest" });
      }
    });
  }

  #close() {
    const wnid = this.#synset?.wnid;
    this.#synset = null;
    this.cells.hidden = true;
    /** @type {HTMLElement | null} */ (this.synsetTable.body.querySelector(`[data-key="${wnid}"] button`))?.focus();
  }

  /** Charts have the width of their place: drawn anew when it changes. */
  #draw() {
    const { time, points } = this.#last;
    const width = Math.floor(this.time.body.clientWidth);
    if (width < 100) return;
    if (time) {
      if (time.points.length === 0) nothing(this.time.body, "The first votes will be drawn here.");
      else this.#time(time, width);
    }
    if (points) {
      if (points.length === 0) nothing(this.agreement.body, "It can be measured when ten questions have two votes or more.");
      else this.#lines(points, Math.floor(this.agreement.body.clientWidth));
    }
  }

  /** @param {{ unit: string, hours: number, points: { at: string, votes: number, annotators: number }[] }} time @param {number} width */
  #time({ unit, hours, points }, width) {
    const stamp = stamps(points.map(({ at }) => at), unit);
    const pace = points.map(({ votes }) => votes / hours);
    const made = points.map(({ votes, annotators }, i) => ({
      label: stamp.short[i], value: pace[i], note: `${stamp.long[i]}: ${count(votes)} votes by ${annotators}, ${rate(pace[i])} per hour`,
    }));
    const most = pace.indexOf(Math.max(...pace));
    const each = /^\d/.test(unit) ? unit : `1 ${unit}`;
    this.time.note.textContent = unit === "hour" ? "" : `in stretches of ${each}`;
    const label = `Votes per hour in stretches of ${each}: ${points.length} of them, the most ${rate(pace[most])} at ${stamp.long[most]}.`;
    const rows = points.map(({ votes, annotators }, i) => [stamp.long[i], count(votes), rate(pace[i]), annotators]);
    this.time.paint(bars(made, width, label), table("Votes per hour", ["From", "Votes", "Per hour", "Annotators"], rows));
  }

  /** @param {{ at: string, alpha: number | null, percent: number | null, questions: number }[]} points @param {number} width */
  #lines(points, width) {
    const stamp = stamps(points.map(({ at }) => at), "hour");
    const lines = [
      { name: "alpha", look: "solid", values: points.map(({ alpha }) => alpha) },
      { name: "percent", look: "dashed", values: points.map(({ percent }) => percent) },
    ];
    const last = points[points.length - 1];
    const label = `Agreement over time, ${points.length} stretches; last Krippendorff's alpha ${share(last.alpha)}, agreeing pairs ${share(last.percent)}.`;
    const legend = h(
      "p", { class: "sl-legend" },
      h("span", {}, h("i", { class: "solid" }), "● Krippendorff's alpha"), h("span", {}, h("i", { class: "dashed" }), "■ share of agreeing pairs"),
    );
    const rows = points.map(({ alpha, percent, questions }, i) => [stamp.long[i], share(alpha), share(percent), count(questions)]);
    this.agreement.paint(shares(stamp.short, lines, width, label), table("Agreement over time", ["Until", "Alpha", "Agreeing pairs", "Questions"], rows), legend);
  }

  /** @param {HTMLElement} place @param {() => Promise<void>} work */
  async #into(place, work) {
    try {
      await work();
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError") return;
      place.closest("[hidden]")?.removeAttribute("hidden"); // what is empty is not shown, what fails is
      showError(place, error, () => this.#into(place, work));
    }
  }
}

/** A time for people. @param {number} hours */
function span(hours) {
  if (hours < 1 / 40) return "a minute";
  if (hours < 1) return `${Math.round(hours * 60)} minutes`;
  return hours < 48 ? `${hours.toFixed(1)} hours` : `${count(Math.round(hours / 24))} days`;
}

/** Votes per hour, for people. @param {number} value */
function rate(value) {
  return value >= 10 || value === 0 ? count(Math.round(value)) : value.toFixed(1);
}

/** @param {any} totals */
function outcome(totals) {
  /** @type {[string, number, string][]} */
  const parts = [["accepted", totals.accepted, "--sl-yes"], ["rejected", totals.rejected, "--sl-no"], ["ambiguous", totals.ambiguous, "--sl-unsure"]];
  const words = parts.map(([name, n]) => `${n} ${name}`).join(", ");
  return h("div", { class: "sl-bar", role: "img", "aria-label": words, title: words }, ...parts.map(([, n, colour]) => h("i", { style: `width:${(100 * n) / Math.max(1, totals.questions)}%;background:var(${colour})` })));
}

/** @param {HTMLElement} place @param {string} words */
function nothing(place, words) {
  place.replaceChildren(h("p", { class: "sl-nothing sl-muted" }, words));
}

/**
 * A titled part of the page; its table stays open when it is painted anew.
 *
 * @param {string} name @param {string} title @param {string} words
 */
function section(name, title, words) {
  const note = h("span", { class: "sl-muted" }, words);
  const body = h("div", { class: "sl-body" }, skeleton(3));
  const element = h("section", { class: "sl-part", "data-part": name, "aria-label": title }, h("header", {}, h("h3", {}, title), note), body);
  const details = h("details", {}, h("summary", {}, "As a table"));
  const paint = (/** @type {Element} */ chart, /** @type {Element} */ behind, /** @type {Element[]} */ ...more) => {
    details.replaceChildren(details.children[0], h("div", { class: "sl-scroll" }, behind));
    body.replaceChildren(...more, chart, details);
  };
  return { element, body, note, paint };
}

/** Times as labels: the day where all are days apart, else the hour. @param {string[]} times @param {string} unit */
function stamps(times, unit) {
  const made = times.map((time) => new Date(time));
  const days = /day|week|year/.test(unit);
  const oneDay = new Set(made.map((time) => time.toDateString())).size === 1;
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
  const hour = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
  const long = made.map((time) => (days ? day.format(time) : `${day.format(time)} ${hour.format(time)}`));
  return { long, short: made.map((time) => (!days && oneDay ? hour.format(time) : day.format(time))) };
}

/** @param {RenderProps} props */
function render({ model, el }) {
  const ends = new AbortController();
  new Dashboard(model, frame(el, "sl-dashboard", "Progress of the labelling", ends.signal), ends.signal);
  return () => ends.abort();
}

export default { render };
