/** The engine's host in a browser: IndexedDB, keys that cannot be taken out, the crypto wasm loaded late. */
import type { Route } from '../../../matrix/routes/route.ts';
import type { Host, StoredSession } from '../../../client/engine/host.ts';
import { openIndexedDbStore } from '../../../client/store/indexed-db.ts';
import { openMemoryStore } from '../../../client/store/memory.ts';
import { createSealer, generateSealingKey } from '../../../client/store/sealer.ts';
import type { PageHelp } from './page-help.ts';
import type { ClientEnvironment } from '../../../client/environment.ts';

const environment: ClientEnvironment = {
  fetch: (url, init) => fetch(url, init),
  nowMs: () => Date.now(),
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  sleep: (delayMs, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    }),
  subtle: crypto.subtle,
};

const VAULT = 'postern-vault';
const TABLE = 'vault';

function request<T>(wish: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    wish.onsuccess = () => resolve(wish.result);
    wish.onerror = () => reject(wish.error ?? new Error('IndexedDB'));
  });
}

async function openVault(): Promise<IDBDatabase> {
  const opening = indexedDB.open(VAULT, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE);
  return request(opening);
}

async function vault<T>(mode: IDBTransactionMode, use: (table: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await openVault();
  try {
    return await request(use(database.transaction(TABLE, mode).objectStore(TABLE)));
  } finally {
    database.close();
  }
}

/** A sealing key by name, made when first asked for; the browser never gives its bytes out. */
async function sealingKey(name: string): Promise<CryptoKey> {
  const known: unknown = await vault('readonly', (table) => table.get(`key ${name}`));
  if (known instanceof CryptoKey) return known;
  const key = await generateSealingKey(environment);
  await vault('readwrite', (table) => table.put(key, `key ${name}`));
  return key;
}

async function loadSession(): Promise<StoredSession | undefined> {
  const sealed: unknown = await vault('readonly', (table) => table.get('session'));
  if (!(sealed instanceof Uint8Array)) return undefined;
  const sealer = createSealer(environment, await sealingKey('session'));
  return (await sealer.open(sealed).catch(() => undefined)) as StoredSession | undefined;
}

async function saveSession(session: StoredSession): Promise<void> {
  const sealed = await createSealer(environment, await sealingKey('session')).seal(session);
  await vault('readwrite', (table) => table.put(sealed, 'session'));
}

/** The key of the crypto machine's own database, sealed. */
async function machineKey(storeName: string): Promise<Uint8Array> {
  const sealer = createSealer(environment, await sealingKey(storeName));
  const sealed: unknown = await vault('readonly', (table) => table.get(`machine ${storeName}`));
  if (sealed instanceof Uint8Array) return Uint8Array.from((await sealer.open(sealed)) as number[]);
  const key = environment.randomBytes(32);
  const kept = await sealer.seal([...key]);
  await vault('readwrite', (table) => table.put(kept, `machine ${storeName}`));
  return key;
}

async function loadRoutes(): Promise<unknown> {
  const sealed: unknown = await vault('readonly', (table) => table.get('routes'));
  if (!(sealed instanceof Uint8Array)) return undefined;
  return await createSealer(environment, await sealingKey('routes')).open(sealed);
}

/** The service worker puts these origins into the policy under which page and engine start next time. */
async function tellOrigins(routes: readonly Route[]): Promise<void> {
  const origins = routes.flatMap((route) => (route.kind === 'web' ? [new URL(route.baseUrl).origin] : []));
  const cache = await caches.open('postern-routes');
  await cache.put('/routes.json', new Response(JSON.stringify(origins)));
}

async function saveRoutes(saved: object, routes: readonly Route[]): Promise<void> {
  const sealed = await createSealer(environment, await sealingKey('routes')).seal(saved);
  await vault('readwrite', (table) => table.put(sealed, 'routes'));
  // A file has no cache, and needs none: its policy is its own.
  await tellOrigins(routes).catch(() => undefined);
}

async function clearSession({ storeName }: StoredSession): Promise<void> {
  const databases = [
    storeName,
    `${storeName}-crypto::matrix-sdk-crypto`,
    `${storeName}-crypto::matrix-sdk-crypto-meta`,
  ];
  for (const name of databases) indexedDB.deleteDatabase(name);
  for (const key of ['session', `key ${storeName}`, `machine ${storeName}`]) {
    await vault('readwrite', (table) => table.delete(key));
  }
}

export interface BrowserParts {
  readonly pages: PageHelp;
  /** Where the crypto wasm is, where it does not lie beside the script. */
  wasmUrl?(): Promise<string>;
}

/** The host for a client that was loaded from its homeserver's own address, or from a file, which has none. */
export function browserHost(homeserver: string, { pages, wasmUrl }: BrowserParts): Host {
  return {
    environment,
    homeserver,
    loadSession,
    saveSession,
    clearSession,
    loadRoutes,
    saveRoutes,
    openDirect: (place, signal) => pages.open(place, signal),
    sealingKey,
    openStore: (name) => openIndexedDbStore(name).catch(() => openMemoryStore()),
    async openCrypto(options, storeName) {
      const { openCrypto } = await import('../../../client/crypto/open.ts');
      const store = { name: `${storeName}-crypto`, key: await machineKey(storeName) };
      return openCrypto({ ...options, store, ...(wasmUrl !== undefined && { wasmUrl: await wasmUrl() }) });
    },
  };
}
