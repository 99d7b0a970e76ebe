// @ts-check
/** What a panel asks of Python, and a banner while Python is gone. */

import { h, request } from "./dom.js";
import { Pulse } from "./pulse.js";

const USUAL = 30_000;
const LATE = 3_000;

/**
 * Say in a banner that the server is gone, or hide it.
 *
 * @param {HTMLElement} banner
 * @param {Pulse} pulse
 * @param {string} more what that means for the reader
 */
export function paintBanner(banner, pulse, more) {
  banner.hidden = pulse.online;
  if (pulse.online) {
    delete banner.dataset.text;
    return banner.replaceChildren();
  }
  const since = pulse.heard ? ` since ${pulse.heard.toLocaleTimeString("en-GB")}` : "";
  const told = `The server has not answered${since}.${more ? ` ${more}` : ""}`;
  const text = `${told} If it stays so, reload the page: you may have to sign in again.`;
  if (banner.dataset.text === text) return;
  banner.dataset.text = text;
  const reload = h("button", { class: "sl-button", type: "button", "data-do": "reload", onclick: () => location.reload() }, "Reload the page");
  banner.replaceChildren(h("b", {}, "Not connected. "), h("span", {}, text), reload);
}

export class Connection {
  /** @param {any} model @param {HTMLElement} root gets the banner, and says data-connection @param {AbortSignal} signal */
  constructor(model, root, signal) {
    this.model = model;
    this.signal = signal;
    this.banner = h("div", { class: "sl-banner", role: "alert", hidden: true });
    root.append(this.banner);
    const ping = (/** @type {number} */ timeout) => request(model, "ping", {}, { timeout, signal });
    const paint = () => {
      root.dataset.connection = this.pulse.online ? "online" : "offline";
      paintBanner(this.banner, this.pulse, "What you do now is not kept.");
    };
    this.pulse = new Pulse(ping, paint, signal);
    const receive = (/** @type {any} */ message) => message?.type === "reply" && this.pulse.alive();
    model.on("msg:custom", receive);
    signal.addEventListener("abort", () => model.off("msg:custom", receive));
    paint();
  }

  /**
   * What Python answers. Where it is given more time than usual it may be too busy for a ping.
   *
   * @param {string} type
   * @param {Record<string, unknown>} [fields]
   * @param {{ timeout?: number }} [options]
   */
  async ask(type, fields = {}, { timeout = USUAL } = {}) {
    const long = timeout > USUAL;
    if (long) this.pulse.busy += 1;
    const late = long ? 0 : setTimeout(() => this.pulse.hurry(), LATE);
    try {
      return (await request(this.model, type, fields, { signal: this.signal, timeout })).reply;
    } finally {
      clearTimeout(late);
      if (long) this.pulse.busy -= 1;
    }
  }
}
