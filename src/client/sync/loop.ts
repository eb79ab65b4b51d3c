/** The sync loop: sliding sync, or `/sync` where the server has none; for ever, whatever the network does. */
import { slidingSync } from '../../matrix/api/client-server/slidingSync.ts';
import { sync } from '../../matrix/api/client-server/sync.ts';
import type { Api } from '../api/call.ts';
import { isServerError, isTemporary, ServerError } from '../api/errors.ts';
import type { CryptoFace } from '../crypto/face.ts';
import { freshId, type ClientEnvironment } from '../environment.ts';
import { asObject, asString, field } from '../json.ts';
import type { Store } from '../store/store.ts';
import { applyChanges, type Applied, type ApplyDependencies } from './apply.ts';
import type { SyncChanges } from './changes.ts';

import { parseSlidingSync } from './sliding-parse.ts';
import { growWindow, planSlidingRequest, WINDOW_START } from './sliding-request.ts';
import { parseV3Sync } from './v3-parse.ts';

export type Connection = 'connecting' | 'online' | 'offline';

export interface SyncOptions extends ApplyDependencies {
  readonly api: Api;
  readonly environment: ClientEnvironment;
  readonly store: Store;
  crypto(): CryptoFace | undefined;
  /** Resolves when the crypto is there: `/sync` v3 gives each to-device message once only. */
  whenCrypto(): Promise<unknown>;
  onApplied(applied: Applied): Promise<void>;
  onConnection(connection: Connection): void;
  /** The first answer has been applied: what is shown is current. */
  onCurrent(): void;
}

const POLL_MS = 60_000;
const RETRY_FIRST_MS = 1000;
const RETRY_MAX_MS = 30_000;
const V3_FILTER = JSON.stringify({
  room: { state: { lazy_load_members: true }, timeline: { limit: 20, lazy_load_members: true } },
});

type Mode = 'sliding' | 'v3';

export class SyncLoop {
  readonly #options: SyncOptions;
  #mode: Mode = 'sliding';
  #connectionId = '';
  #position: string | undefined;
  #toDevicePosition: string | undefined;
  #missedDeviceLists = false;
  #windowEnd = WINDOW_START;
  #roomCount = 0;
  #openRooms: readonly string[] = [];
  #request: AbortController = new AbortController();
  #stopped = false;
  #isPolling = false;
  #restart = false;

  constructor(options: SyncOptions) {
    this.#options = options;
  }

  /** Rooms that are on screen: their newest events and full state are asked for. */
  setOpenRooms(roomIds: readonly string[]): void {
    if (roomIds.join('\n') === this.#openRooms.join('\n')) return;
    this.#openRooms = [...roomIds];
    this.interrupt();
  }

  /** Something in the request changed, or the network is back: ask anew at once. */
  interrupt(): void {
    this.#restart = true;
    if (this.#isPolling) this.#request.abort();
  }

  stop(): void {
    this.#stopped = true;
    this.#request.abort();
  }

  async run(): Promise<void> {
    await this.#load();
    let delayMs = RETRY_FIRST_MS;
    while (!this.#stopped) {
      this.#request = new AbortController();
      try {
        await this.#once();
        delayMs = RETRY_FIRST_MS;
      } catch (error) {
        if (this.#stopped) return;
        if (this.#request.signal.aborted) continue;
        if (await this.#recover(error)) continue;
        if (!isTemporary(error)) throw error;
        this.#options.onConnection('offline');
        this.#isPolling = true;
        await this.#options.environment.sleep(delayMs, this.#request.signal);
        this.#isPolling = false;
        delayMs = Math.min(delayMs * 2, RETRY_MAX_MS);
      }
    }
  }

  async #load(): Promise<void> {
    const { store, environment } = this.#options;
    const saved = await store.read(['meta'], async (one) => ({
      sync: asObject(await one.find('meta', ['sync'])),
      mode: await one.find('meta', ['syncMode']),
      connectionId: asString(await one.find('meta', ['connectionId'])),
    }));
    this.#position = asString(field(saved.sync, 'position'));
    this.#toDevicePosition = asString(field(saved.sync, 'toDevicePosition'));
    this.#missedDeviceLists = field(saved.sync, 'missedDeviceLists') === true;
    this.#mode = saved.mode === 'v3' ? 'v3' : 'sliding';
    this.#connectionId = saved.connectionId ?? `main-${freshId(environment, 8)}`;
    if (saved.connectionId === undefined) {
      await store.write(['meta'], async (one) => one.put('meta', ['connectionId'], this.#connectionId));
    }
  }

  /** Errors that a new beginning answers; true when the loop goes on at once. */
  async #recover(error: unknown): Promise<boolean> {
    // "If the server does not recognise the pos … M_UNKNOWN_POS": a new connection; the events stay.
    if (isServerError(error, 'M_UNKNOWN_POS') && this.#position !== undefined) {
      this.#position = undefined;
      this.#windowEnd = WINDOW_START;
      return true;
    }
    const unknown = error instanceof ServerError && (error.status === 404 || error.code === 'M_UNRECOGNIZED');
    if (this.#mode === 'sliding' && unknown) {
      this.#mode = 'v3';
      this.#position = undefined;
      await this.#options.store.write(['meta'], async (one) => one.put('meta', ['syncMode'], 'v3'));
      return true;
    }
    return false;
  }

  async #once(): Promise<void> {
    const first = this.#position === undefined;
    const changes = this.#mode === 'sliding' ? await this.#askSliding() : await this.#askV3();
    if (changes === undefined) throw new ServerError(502, { errcode: 'M_UNKNOWN', error: 'no position' });
    const crypto = this.#options.crypto();
    await this.#feedCrypto(changes, crypto, first);
    const kept = changes.toDevicePosition ?? this.#toDevicePosition;
    const applied = await applyChanges(
      {
        ...changes,
        missedDeviceLists: this.#missedDeviceLists,
        ...(kept === undefined ? {} : { toDevicePosition: kept }),
      },
      this.#options,
    );
    this.#position = changes.position;
    this.#toDevicePosition = kept;
    this.#roomCount = changes.roomCount ?? this.#roomCount;
    this.#options.onConnection('online');
    await this.#options.onApplied(applied);
    if (first) this.#options.onCurrent();
    if (crypto !== undefined) await crypto.flush().catch(() => undefined);
    this.#windowEnd = growWindow(this.#windowEnd, this.#roomCount) ?? this.#windowEnd;
  }

  /** To-device messages go to the machine before the commit: the keys of this very answer may be among them. */
  async #feedCrypto(changes: SyncChanges, crypto: CryptoFace | undefined, first: boolean): Promise<void> {
    if (crypto === undefined) {
      this.#missedDeviceLists ||= !first;
      return;
    }
    if (this.#missedDeviceLists) await crypto.forgetDeviceLists();
    this.#missedDeviceLists = false;
    if (changes.crypto !== undefined) await crypto.receiveSync(changes.crypto, { sliding: this.#mode === 'sliding' });
  }

  #isCovered(): boolean {
    return growWindow(this.#windowEnd, this.#roomCount) === undefined;
  }

  async #poll<R>(ask: (signal: AbortSignal) => Promise<R>): Promise<R> {
    this.#isPolling = true;
    this.#restart = false;
    try {
      return await ask(this.#request.signal);
    } finally {
      this.#isPolling = false;
    }
  }

  async #askSliding(): Promise<SyncChanges | undefined> {
    const { api, userId } = this.#options;
    const quick = this.#position === undefined || this.#restart || !this.#isCovered();
    const waitMs = quick ? 0 : POLL_MS;
    const body = planSlidingRequest({
      connectionId: this.#connectionId,
      userId,
      position: this.#position,
      toDevicePosition: this.#toDevicePosition,
      windowEnd: this.#windowEnd,
      openRooms: this.#openRooms,
      withCrypto: this.#options.crypto() !== undefined,
      timeoutMs: waitMs,
    });
    return parseSlidingSync(
      await this.#poll((signal) => api.call(slidingSync, { body: { ...body }, signal, waitMs })),
      userId,
    );
  }

  async #askV3(): Promise<SyncChanges | undefined> {
    await this.#options.whenCrypto();
    const waitMs = this.#position === undefined ? 0 : POLL_MS / 2;
    const query = {
      filter: V3_FILTER,
      timeout: waitMs,
      ...(this.#position === undefined ? {} : { since: this.#position }),
    };
    return parseV3Sync(await this.#poll((signal) => this.#options.api.call(sync, { query, signal, waitMs })));
  }
}
