// @ts-check
/** Where the outbox keeps its entries: IndexedDB, or memory where the browser gives none. */

/** @typedef {import("./outbox.js").Entry} Entry */
/** @typedef {import("./outbox.js").Keeper} Keeper */

const DATABASE = "synsetlab-outbox";
const STORE = "events";
const OPENING = 4000;

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function answered(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {IDBTransaction} transaction @returns {Promise<void>} */
function committed(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    transaction.onerror = () => reject(transaction.error);
  });
}

/** @returns {Promise<IDBDatabase>} */
function open() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(STORE, { keyPath: "event.id" }).createIndex("owner", "owner");
  };
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(new Error("[synsetlab] IndexedDB does not answer")), OPENING);
  });
  return /** @type {Promise<IDBDatabase>} */ (Promise.race([answered(request), late]));
}

/** Entries as long as the page lives. @returns {Keeper} */
export function memoryKeeper() {
  return { lasting: false, put: async () => {}, remove: async () => {}, all: async () => [] };
}

/**
 * Entries in IndexedDB; in memory where it is switched off (private windows, pages without an origin).
 *
 * @returns {Promise<Keeper>}
 */
export async function lastingKeeper() {
  try {
    const database = await open();
    // Another tab with a newer synsetlab must not have to wait for this one.
    database.onversionchange = () => database.close();
    return {
      lasting: true,
      put: (entries) => {
        const transaction = database.transaction(STORE, "readwrite", { durability: "relaxed" });
        for (const entry of entries) transaction.objectStore(STORE).put(entry);
        return committed(transaction);
      },
      remove: (ids) => {
        const transaction = database.transaction(STORE, "readwrite");
        for (const id of ids) transaction.objectStore(STORE).delete(id);
        return committed(transaction);
      },
      all: (owner) => answered(database.transaction(STORE).objectStore(STORE).index("owner").getAll(owner)),
    };
  } catch {
    return memoryKeeper();
  }
}
