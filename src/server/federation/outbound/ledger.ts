/** How far each destination has got, in memory first and on the disk soon after. */
import type { ServerName } from '../../../matrix/ids.ts';
import type { Timer } from '../../../ports/clock.ts';
import type { DestinationRecord, Transaction, UndeliverableRow } from '../../../ports/store/index.ts';
import type { Context } from '../../context.ts';
import { type Place, placeOf } from './place.ts';

/** What is lost in a crash is sent again, which event ids make harmless. */
const FLUSH_MS = 1000;
/** Every destination that is not asleep has what is for it up to here. */
const SETTLED_KEY = 'federation.settled';
/** Outbound events up to here have been deleted. */
const FLOOR_KEY = 'federation.floor';

export class Ledger {
  readonly #context: Context;
  /** The position up to which every destination that is not asleep is served. */
  readonly #settled: () => Place;
  #dirty = new Map<ServerName, DestinationRecord>();
  /** What is being written, which reads of the store may not show yet. */
  #writing = new Map<ServerName, DestinationRecord>();
  #storedSettled: Place = 0;
  #floor: Place = 0;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(context: Context, settled: () => Place) {
    this.#context = context;
    this.#settled = settled;
  }

  /** Outbound events up to here are no longer stored one by one. */
  get floor(): Place {
    return this.#floor;
  }

  /** What the run before left: where to begin, and the destinations. */
  async load(): Promise<{ settled: Place; records: DestinationRecord[] }> {
    const { accounts, federation } = this.#context.store;
    this.#storedSettled = placeOf(Number((await accounts.findServerValue(SETTLED_KEY)) ?? 0));
    this.#floor = placeOf(Number((await accounts.findServerValue(FLOOR_KEY)) ?? 0));
    return { settled: this.#storedSettled, records: await federation.listDestinations() };
  }

  /** The newest record of a destination. */
  async find(server: ServerName): Promise<DestinationRecord | undefined> {
    return (
      this.#dirty.get(server) ??
      this.#writing.get(server) ??
      (await this.#context.store.federation.findDestination(server))
    );
  }

  put(record: DestinationRecord): void {
    this.#dirty.set(record.server, record);
    this.touch();
  }

  /** Writes soon, as something has moved. */
  touch(): void {
    if (this.#isClosed) return;
    this.#timer ??= this.#context.clock.schedule(FLUSH_MS, () => {
      this.#timer = undefined;
      this.flush().catch((error: unknown) => {
        this.#context.log.error('the cursors of destinations could not be written', error);
        this.touch();
      });
    });
  }

  /** Writes everything that has moved; `more` joins in. */
  async flush(more?: (transaction: Transaction) => void): Promise<void> {
    const records = this.#dirty;
    const settled = this.#settled();
    if (records.size === 0 && settled === this.#storedSettled && more === undefined) return;
    this.#dirty = new Map();
    for (const record of records.values()) this.#writing.set(record.server, record);
    try {
      await this.#context.store.transact((one) => {
        for (const record of records.values()) one.federation.putDestination(record);
        // Never ahead of the records: both stand in one transaction.
        if (settled !== this.#storedSettled) one.accounts.setServerValue(SETTLED_KEY, String(settled));
        more?.(one);
      });
      this.#storedSettled = settled;
    } catch (error) {
      for (const [server, record] of records) if (!this.#dirty.has(server)) this.#dirty.set(server, record);
      throw error;
    } finally {
      for (const [server, record] of records) if (this.#writing.get(server) === record) this.#writing.delete(server);
    }
  }

  /** Deletes EDUs that have arrived, and sets aside what cannot. */
  async conclude(
    server: ServerName,
    done: { readonly eduNumbers: readonly number[]; readonly undeliverable?: readonly UndeliverableRow[] },
  ): Promise<void> {
    const { eduNumbers, undeliverable = [] } = done;
    if (eduNumbers.length === 0 && undeliverable.length === 0) return;
    await this.#context.store.transact((one) => {
      one.federation.deleteOutboundEdus(server, eduNumbers);
      for (const row of undeliverable) one.federation.putUndeliverable(row);
    });
  }

  /** Deletes the outbound events up to `floor`. */
  async prune(floor: Place): Promise<void> {
    if (floor <= this.#floor || floor === 0) return;
    this.#floor = floor;
    await this.flush((one) => {
      one.federation.deleteOutboundEventsUpTo(floor);
      one.accounts.setServerValue(FLOOR_KEY, String(floor));
    });
  }

  /** Writes what has moved, and then nothing more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.flush();
  }
}
