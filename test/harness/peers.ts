/** Peers over ports of a few lines: the other servers are a function. */
import { createCrypto } from '../../src/adapters/crypto/index.ts';
import { FakeClock } from '../../src/adapters/clock/fake-clock.ts';
import { createMetrics } from '../../src/adapters/metrics/index.ts';
import { createRandom } from '../../src/adapters/random/index.ts';
import { present } from '../../src/lib/assert.ts';
import { OperationError } from '../../src/matrix/errors.ts';
import { parseServerName, type ServerName } from '../../src/matrix/ids.ts';
import type { JsonValue } from '../../src/matrix/json.ts';
import type { HttpAnswer, HttpRequest } from '../../src/ports/http.ts';
import type { Log } from '../../src/ports/log.ts';
import type { ServerKeyRecord, Store, Transaction } from '../../src/ports/store/index.ts';
import type { Context } from '../../src/server/context.ts';
import { Peers, type PeersOptions } from '../../src/server/peers/index.ts';
import { Stream } from '../../src/server/stream/index.ts';

/** A server name that is known to be one. */
export function serverName(text: string): ServerName {
  return present(parseServerName(text), 'a server name');
}

export interface PeersSetup extends Partial<PeersOptions> {
  /** The answer of whoever is asked; it may throw. Without one nobody is there. */
  readonly answer?: (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>;
  readonly name?: string;
  readonly clock?: FakeClock;
  /** Keys in the store. */
  readonly keys?: Map<string, ServerKeyRecord>;
}

export interface PeersRig {
  readonly peers: Peers;
  readonly clock: FakeClock;
  /** What was asked of others. */
  readonly requests: HttpRequest[];
  readonly keys: Map<string, ServerKeyRecord>;
  readonly context: Context;
}

/** An answer of another server. */
export function answerOf(
  value: JsonValue | Uint8Array,
  status = 200,
  headers: Record<string, string> = {},
): HttpAnswer {
  const bytes = value instanceof Uint8Array ? value : Buffer.from(JSON.stringify(value));
  return { status, headers: new Map(Object.entries(headers)), bytes };
}

/** The failure of an exchange. */
export function noAnswer(kind = 'no connection', temporary = true): OperationError {
  return new OperationError(kind, { temporary });
}

const SILENT: Log = {
  child: () => SILENT,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Makes Peers for a server of this name. */
export async function makePeers(setup: PeersSetup = {}): Promise<PeersRig> {
  const { answer, name = 'us.test', clock = new FakeClock(), keys = new Map(), ...options } = setup;
  const requests: HttpRequest[] = [];
  const ask = async (request: HttpRequest): Promise<HttpAnswer> => {
    requests.push(request);
    if (answer === undefined) throw noAnswer();
    return await answer(request);
  };
  const context: Context = {
    serverName: serverName(name),
    store: keyStore(keys),
    clock,
    random: createRandom(),
    crypto: await createCrypto(),
    log: SILENT,
    metrics: createMetrics({ process: false }),
    stream: new Stream(),
  };
  const peers = new Peers(context, {
    http: {
      request: ask,
      stream: async (request) => {
        const { bytes, ...head } = await ask(request);
        return { ...head, body: chunksOf(bytes), cancel: () => undefined };
      },
      close: async () => undefined,
    },
    dns: {
      resolveSrv: async () => ({ records: [], ttlMs: 0, failed: true }),
      resolveAddresses: async () => ({ records: [], ttlMs: 0, failed: true }),
    },
    signingKey: { keyId: 'ed25519:us', seed: Buffer.alloc(32, name) },
    oldSigningKeys: [],
    isEnabled: true,
    allow: null,
    overrides: {},
    // With a place of its own nobody is asked where a server is.
    hosts: {},
    trustedKeyServers: [],
    ...options,
  });
  return { peers, clock, requests, keys, context };
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += 1_000) yield bytes.subarray(at, at + 1_000);
}

/** The part of the store that keeps keys. */
function keyStore(keys: Map<string, ServerKeyRecord>): Store {
  const reads = {
    getServerKeys: async (servers: readonly ServerName[]) =>
      [...keys.values()].filter(({ server }) => servers.includes(server)),
  };
  const writes = {
    putServerKey: (record: ServerKeyRecord) => void keys.set(`${record.server} ${record.keyId}`, record),
  };
  const transact = async <T>(plan: (transaction: Transaction) => T): Promise<T> =>
    plan({ federation: writes } as unknown as Transaction);
  return { federation: reads, transact } as unknown as Store;
}
