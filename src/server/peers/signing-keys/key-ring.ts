/** The keys of other servers: remembered, and fetched once for all who want them. */
import { Slots } from '../../../lib/slots.ts';
import { OperationError } from '../../../matrix/errors.ts';
import type { ServerName } from '../../../matrix/ids.ts';
import type { ServerKeyRecord } from '../../../ports/store/index.ts';
import type { FindServerKey, ServerKey } from '../../../rules/signatures/verify.ts';
import { boundedMap } from '../../bounded-map.ts';
import type { Context } from '../../context.ts';
import type { KeyFetcher } from './fetch-keys.ts';
import type { OwnKeys } from './own-keys.ts';

export interface WantedKeys {
  readonly server: ServerName;
  /** Any of these will do. */
  readonly keyIds: readonly string[];
  /** The time of what they signed, where the key has to be valid then (room versions from 5 on). */
  readonly validAt?: number | undefined;
  /** Somebody waits who is known to be there: a server that failed before is asked all the same. */
  readonly isUrgent?: boolean;
}

export interface KeyRingOptions {
  readonly context: Context;
  readonly ownKeys: OwnKeys;
  readonly fetcher: KeyFetcher;
  /** `federation.trustedKeyServers` */
  readonly notaries: readonly ServerName[];
}

type KeysOfServer = ReadonlyMap<string, ServerKeyRecord>;

interface Attempts {
  at: number;
  pauseMs: number;
  running: Promise<void> | undefined;
}

const SERVERS_MAX = 20_000;
/** "Requesting servers should limit how frequently they query for certificates": after an answer … */
const PAUSE_MS = 10_000;
/** … after failures, doubling up to an hour … */
const FAILED_PAUSE_MS = 30_000;
const FAILED_PAUSE_MAX_MS = 3_600_000;
/** … and for those who are known to be there. */
const URGENT_PAUSE_MS = 1_000;
/** Servers that are asked at the same time for keys of events: a large room has thousands, and each has its turn. */
const FETCHES_MAX = 100;
/** The same for keys of requests, which have places of their own: a forged one names whom it likes. */
const URGENT_FETCHES_MAX = 50;
/** Of those so many wait at most: whoever comes then is refused, and asks again. */
const URGENT_WAITING_MAX = 200;
const WEEK_MS = 7 * 24 * 3_600_000;

export class KeyRing {
  readonly #options: KeyRingOptions;
  readonly #known = boundedMap<ServerName, KeysOfServer>(SERVERS_MAX);
  readonly #attempts = boundedMap<ServerName, Attempts>(SERVERS_MAX);
  readonly #slots = new Slots(FETCHES_MAX);
  readonly #urgentSlots = new Slots(URGENT_FETCHES_MAX);

  constructor(options: KeyRingOptions) {
    this.#options = options;
  }

  /**
   * Sees to it that the wanted keys are known, as far as they can be had, and gives the function that finds them.
   * A key that nobody tells is unknown; nothing rejects but the store.
   */
  async ensure(wanted: readonly WantedKeys[]): Promise<FindServerKey> {
    const { context, ownKeys } = this.#options;
    const others = wanted.filter(({ server }) => server !== context.serverName);
    await this.#load(others.map(({ server }) => server));
    await Promise.all(others.filter((one) => this.#lacks(one)).map((one) => this.#fetch(one)));
    const lacking = others.filter((one) => this.#lacks(one));
    if (lacking.length > 0) await this.#askNotaries(lacking);
    const found = new Map(others.map(({ server }) => [server, this.#known.get(server)]));
    return (server, keyId) => {
      if (server === context.serverName) return ownKeys.find(keyId);
      const record = found.get(server)?.get(keyId);
      return record === undefined ? undefined : serverKeyOf(record);
    };
  }

  /** What is known of a server's keys, asked anew where the newest of it ends before `validUntil` or gets old. */
  async records(server: ServerName, validUntil: number): Promise<readonly ServerKeyRecord[]> {
    await this.#load([server]);
    const newest = [...(this.#known.get(server)?.values() ?? [])]
      .filter(({ isOld }) => !isOld)
      .toSorted((left, right) => right.validUntil - left.validUntil)[0];
    const now = this.#options.context.clock.now();
    // "Intermediate notary servers should cache a response for half of its lifetime".
    const isFresh =
      newest !== undefined && newest.validUntil >= validUntil && now - newest.fetchedAt < newest.validUntil - now;
    if (!isFresh) await this.#fetch({ server, keyIds: [] });
    return [...(this.#known.get(server)?.values() ?? [])];
  }

  /** Puts what the store knows of these servers into memory. */
  async #load(servers: readonly ServerName[]): Promise<void> {
    const missing = [...new Set(servers)].filter((server) => !this.#known.has(server));
    if (missing.length === 0) return;
    const records = await this.#options.context.store.federation.getServerKeys(missing);
    for (const server of missing) {
      if (this.#known.has(server)) continue;
      const some = records.filter((record) => record.server === server);
      this.#known.set(server, new Map(some.map((record) => [record.keyId, record])));
    }
  }

  #lacks({ server, keyIds, validAt }: WantedKeys): boolean {
    const known = this.#known.get(server);
    // "Servers MUST use the lesser of this field and 7 days into the future": nothing makes a key valid after that.
    const needed = Math.min(validAt ?? 0, this.#options.context.clock.now() + WEEK_MS);
    return !keyIds.some((keyId) => {
      const record = known?.get(keyId);
      return record !== undefined && (record.isOld || record.validUntil >= needed);
    });
  }

  /** Asks a server for its keys, unless that was done just now; all who want them wait for the same answer. */
  async #fetch({ server, isUrgent }: WantedKeys): Promise<void> {
    const attempts = this.#attempts.get(server) ?? { at: Number.NEGATIVE_INFINITY, pauseMs: 0, running: undefined };
    if (attempts.running === undefined) {
      const pauseMs = isUrgent === true ? Math.min(URGENT_PAUSE_MS, attempts.pauseMs) : attempts.pauseMs;
      if (this.#options.context.clock.monotonic() < attempts.at + pauseMs) return;
      const slots = isUrgent === true ? this.#urgentSlots : this.#slots;
      if (isUrgent === true && slots.waiting >= URGENT_WAITING_MAX) return;
      this.#attempts.set(server, attempts);
      attempts.running = this.#fetchInTurn(server, attempts, slots);
    }
    await attempts.running;
  }

  async #fetchInTurn(server: ServerName, attempts: Attempts, slots: Slots): Promise<void> {
    await slots.enter();
    try {
      await this.#fetchNow(server, attempts);
    } finally {
      slots.leave();
    }
  }

  async #fetchNow(server: ServerName, attempts: Attempts): Promise<void> {
    const { context, fetcher } = this.#options;
    try {
      const records = await fetcher.fetchFrom(server);
      attempts.pauseMs = PAUSE_MS;
      await this.#keep(records, 'itself');
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      attempts.pauseMs = Math.min(Math.max(FAILED_PAUSE_MS, attempts.pauseMs * 2), FAILED_PAUSE_MAX_MS);
      context.log.debug('keys could not be fetched', { server, kind: error.kind });
    } finally {
      attempts.at = context.clock.monotonic();
      attempts.running = undefined;
    }
  }

  async #askNotaries(wanted: readonly WantedKeys[]): Promise<void> {
    const { context, fetcher, notaries } = this.#options;
    for (const notary of notaries) {
      if (notary === context.serverName) continue;
      const lacking = wanted.filter((one) => one.server !== notary && this.#lacks(one));
      if (lacking.length === 0) return;
      const byServer = new Map(lacking.map(({ server, keyIds }) => [server, keyIds]));
      try {
        await this.#keep(await fetcher.fetchFromNotary(notary, byServer, this.#keysOfNotary), 'a notary');
      } catch (error) {
        if (!(error instanceof OperationError)) throw error;
        context.log.debug('a notary did not answer', { server: notary, kind: error.kind });
      }
    }
  }

  /** The keys that a notary uses now, by its own word. */
  readonly #keysOfNotary = async (notary: ServerName): Promise<ReadonlyMap<string, Uint8Array>> => {
    const now = this.#options.context.clock.now();
    const records = await this.records(notary, now);
    const inUse = records.filter(({ isOld, validUntil }) => !isOld && validUntil >= now);
    return new Map(inUse.map(({ keyId, publicKey }) => [keyId, publicKey]));
  };

  /** Remembers keys. What a notary tells only adds to what a server itself has told. */
  async #keep(records: readonly ServerKeyRecord[], source: 'itself' | 'a notary'): Promise<void> {
    const { store } = this.#options.context;
    await this.#load(records.map(({ server }) => server));
    const kept = records.filter(({ server, keyId, validUntil }) => {
      const before = this.#known.get(server)?.get(keyId);
      return source === 'itself' || before === undefined || (!before.isOld && before.validUntil < validUntil);
    });
    if (kept.length === 0) return;
    for (const record of kept) {
      this.#known.set(record.server, new Map([...(this.#known.get(record.server) ?? []), [record.keyId, record]]));
    }
    await store.transact(({ federation }) => {
      for (const record of kept) federation.putServerKey(record);
    });
  }
}

function serverKeyOf({ publicKey, validUntil, isOld }: ServerKeyRecord): ServerKey {
  return { publicKey, validUntilTs: validUntil, ...(isOld && { expiredTs: validUntil }) };
}
