// @ts-check
/** What every panel needs of the page: elements, requests to Python, ids, errors painted in place. */

/**
 * Make an element. Attributes beginning with "on" are listeners, `class` and `style` are strings,
 * booleans switch an attribute on or off, everything else is set as an attribute.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | number | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  append(element, ...children);
  return element;
}

/**
 * Append children, leaving out what is null, undefined or false.
 *
 * @param {Element} parent
 * @param {...(Node | string | number | null | undefined | false)} children
 */
export function append(parent, ...children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : String(child));
  }
}

/** Write a text where it is another: the same one written again is laid out again. @param {Node} node @param {string} text */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Keep a panel's keys from JupyterLab and Notebook, which listen further up. They look for what a shortcut
 * fits from the element with the focus upwards, and in Notebook 7 some fit any such element (`y` makes a code
 * cell): so the mark that stops them must stand on that element too, not only around it.
 *
 * @param {HTMLElement} root
 */
export function keepKeys(root) {
  const mark = (/** @type {Element} */ element) => element.setAttribute("data-lm-suppress-shortcuts", "true");
  mark(root);
  root.addEventListener("focusin", (event) => mark(/** @type {Element} */ (event.target)));
  root.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (scrollsUnderDialog(event)) event.preventDefault();
  });
}

const SCROLLING = new Set(["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"]);

/** Whether a key in a dialog would scroll the page under it, for want of anything in the dialog. @param {KeyboardEvent} event */
function scrollsUnderDialog(event) {
  const target = /** @type {Element} */ (event.target);
  const dialog = SCROLLING.has(event.key) && !target.closest("input, textarea, select") && target.closest("dialog");
  if (!dialog) return false;
  for (let at = target; at !== dialog.parentElement; at = /** @type {Element} */ (at.parentElement)) {
    if (at.scrollHeight > at.clientHeight && /auto|scroll/.test(getComputedStyle(at).overflowY)) return false;
  }
  return true;
}

/**
 * A random UUID (version 4). `crypto.randomUUID` exists only on https and localhost; teams also
 * label over plain http in their own network.
 *
 * @returns {string}
 */
export function uuid() {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/**
 * The id of an event: a UUID of version 7 (RFC 9562), which begins with the time. Ids of one page are then
 * neighbours in the index of the vote log, so that a commit writes a few of its pages instead of one a vote.
 *
 * @returns {string}
 */
export function eventId() {
  const time = Date.now().toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${uuid().slice(15)}`;
}

/** An answer of Python that is an error: words for people, and what to do about it. */
export class PanelError extends Error {
  /** @param {{ message: string, remedy?: string }} error */
  constructor(error) {
    super(error.message);
    this.remedy = error.remedy ?? "";
  }
}

/**
 * Ask Python. Resolves with the reply's fields and buffers; rejects with a PanelError, or when no
 * answer came within `timeout` milliseconds (the kernel or the network is gone).
 *
 * @param {{ send: Function, on: Function, off: Function }} model
 * @param {string} type
 * @param {Record<string, unknown>} [fields]
 * @param {{ timeout?: number, signal?: AbortSignal }} [options]
 * @returns {Promise<{ reply: any, buffers: DataView[] }>}
 */
export function request(model, type, fields = {}, { timeout = 30000, signal } = {}) {
  const id = uuid();
  return new Promise((resolve, reject) => {
    const finish = () => {
      clearTimeout(timer);
      model.off("msg:custom", listen);
      signal?.removeEventListener("abort", abort);
    };
    const abort = () => {
      finish();
      reject(new DOMException("[synsetlab] request given up", "AbortError"));
    };
    /** @param {any} message @param {DataView[]} buffers */
    const listen = (message, buffers) => {
      if (message?.type !== "reply" || message.id !== id) return;
      finish();
      if (message.error) reject(new PanelError(message.error));
      else resolve({ reply: message, buffers });
    };
    const timer = setTimeout(() => {
      finish();
      reject(new PanelError({ message: "No answer from the server.", remedy: "Reload the page." }));
    }, timeout);
    if (signal?.aborted) return abort();
    signal?.addEventListener("abort", abort);
    model.on("msg:custom", listen);
    try {
      model.send({ type, id, ...fields });
    } catch {
      finish(); // the connection is closed for good: the page was ended, by signing out for example
      reject(new PanelError({ message: "This page has no connection any more.", remedy: "Reload it. You may have to sign in again." }));
    }
  });
}

/**
 * Paint an error into `place`: what is wrong, what to do, and (if given) a button to try again.
 *
 * @param {Element} place
 * @param {unknown} error
 * @param {() => void} [retry]
 */
export function showError(place, error, retry) {
  const message = error instanceof Error ? error.message : String(error);
  const remedy = error instanceof PanelError ? error.remedy : "";
  place.replaceChildren(
    h(
      "div",
      { class: "sl-error", role: "alert" },
      h("strong", {}, message),
      remedy && h("p", {}, remedy),
      retry && h("button", { class: "sl-button", type: "button", onclick: retry }, "Try again"),
    ),
  );
}
