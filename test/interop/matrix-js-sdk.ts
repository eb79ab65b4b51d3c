/** Clients of matrix-js-sdk with Rust crypto in memory, on a server of this process. */
import { once } from 'node:events';
import { ClientEvent, createClient, type MatrixClient, SyncState } from 'matrix-js-sdk';
import { type Logger, logger } from 'matrix-js-sdk/lib/logger.js';
import { CryptoEvent } from 'matrix-js-sdk/lib/crypto-api/index.js';
import type { User } from '../harness/index.ts';

/** The SDK tells its console everything; a test wants to hear of failures by assertions. */
const quiet: Logger = {
  getChild: () => quiet,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
Object.assign(logger, quiet, { log: () => undefined });

export { CryptoEvent };

/** Timers that a stopped client leaves behind must not keep the process: the server does while it is needed. */
const { setTimeout: timeout, setInterval: interval } = globalThis;
globalThis.setTimeout = ((...all: Parameters<typeof timeout>) => timeout(...all).unref()) as typeof timeout;
globalThis.setInterval = ((...all: Parameters<typeof interval>) => interval(...all).unref()) as typeof interval;

export interface SdkClient {
  readonly client: MatrixClient;
  readonly secrets: Map<string, Uint8Array<ArrayBuffer>>;
  stop(): void;
}

/** Starts a client for a session that exists; resolves when it has synced once. */
export async function startSdk(user: User): Promise<SdkClient> {
  const secrets = new Map<string, Uint8Array<ArrayBuffer>>();
  const client = createClient({
    baseUrl: user.server.baseUrl,
    accessToken: user.token,
    userId: user.id,
    deviceId: user.device,
    logger: quiet,
    cryptoCallbacks: {
      getSecretStorageKey: async ({ keys }) => {
        const id = Object.keys(keys).find((one) => secrets.has(one)) ?? Object.keys(keys)[0];
        const key = id === undefined ? undefined : (secrets.get(id) ?? secrets.get('any'));
        return id === undefined || key === undefined ? null : [id, key];
      },
      cacheSecretStorageKey: (id, _info, key) => void secrets.set(id, key as Uint8Array<ArrayBuffer>),
    },
  });
  await client.initRustCrypto({ useIndexedDB: false });
  const ready = untilSynced(client);
  await client.startClient({ initialSyncLimit: 20, threadSupport: true });
  await ready;
  return { client, secrets, stop: () => client.stopClient() };
}

async function untilSynced(client: MatrixClient): Promise<void> {
  for (;;) {
    const [state] = (await once(client as never, ClientEvent.Sync)) as [SyncState];
    if (state === SyncState.Prepared || state === SyncState.Syncing) return;
  }
}

/** Waits until `check` gives something, asking again at every event that may change it. */
export async function eventually<T>(
  client: MatrixClient,
  check: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const signal = AbortSignal.timeout(20_000);
  for (;;) {
    const found = await check();
    if (found !== undefined) return found;
    await once(client as never, ClientEvent.Sync, { signal });
  }
}
