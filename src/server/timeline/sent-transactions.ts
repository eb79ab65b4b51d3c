/** Which transaction ids a device has used: almost every send asks, and almost every answer is "not yet". */
import type { EventId } from '../../matrix/ids.ts';
import type { EventReads, TransactionKey } from '../../ports/store/index.ts';
import { type BoundedMap, boundedMap } from '../bounded-map.ts';

const DEVICES_MAX = 5_000;
/** Ids of one device that are kept in memory; of a device that has used more, the store is asked. */
const PER_DEVICE_MAX = 20_000;
/** Ids of all devices together: beyond that memory begins anew. */
const TOTAL_MAX = 1_000_000;

/** Fingerprints of the ids that a device has used, or `undefined` where they are too many. */
type Used = Set<number> | undefined;

export class SentTransactions {
  readonly #events: Pick<EventReads, 'findByTransaction' | 'listTransactions'>;
  readonly #devices: BoundedMap<string, Promise<{ used: Used }>> = boundedMap(DEVICES_MAX);
  #total = 0;

  constructor(events: Pick<EventReads, 'findByTransaction' | 'listTransactions'>) {
    this.#events = events;
  }

  /** The event that was sent under this transaction id; `undefined` where none was. */
  async find(key: TransactionKey): Promise<EventId | undefined> {
    const { used } = await this.#device(key);
    // A fingerprint that is not there is proof; one that is there may be another id's.
    if (used?.has(fingerprint(key)) === false) return undefined;
    return await this.#events.findByTransaction(key);
  }

  /** Notes an id that has been used, or may have been: from now on the store is asked about it. */
  async note(key: TransactionKey): Promise<void> {
    const entry = await this.#device(key);
    if (entry.used === undefined) return;
    entry.used.add(fingerprint(key));
    this.#total += 1;
    if (entry.used.size > PER_DEVICE_MAX) entry.used = undefined;
    if (this.#total > TOTAL_MAX) {
      this.#devices.clear();
      this.#total = 0;
    }
  }

  #device({ user, device }: TransactionKey): Promise<{ used: Used }> {
    const name = `${user} ${device}`;
    let entry = this.#devices.get(name);
    if (entry === undefined) {
      entry = this.#load(user, device);
      this.#devices.set(name, entry);
      entry.catch(() => this.#devices.delete(name));
    }
    return entry;
  }

  async #load(user: TransactionKey['user'], device: string): Promise<{ used: Used }> {
    const rows = await this.#events.listTransactions(user, device, PER_DEVICE_MAX + 1);
    this.#total += rows.length;
    return { used: rows.length > PER_DEVICE_MAX ? undefined : new Set(rows.map(fingerprint)) };
  }
}

/** 32 bits of a transaction's name (FNV-1a). Two names with the same bits cost one question to the store. */
function fingerprint({ scope, transactionId }: Pick<TransactionKey, 'scope' | 'transactionId'>): number {
  let hash = 0x811c9dc5;
  const name = `${scope} ${transactionId}`;
  for (let index = 0; index < name.length; index += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
