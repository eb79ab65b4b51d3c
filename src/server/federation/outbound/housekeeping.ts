/** What comes round for the sending: outbound events that everybody has, and servers that are gone for good. */
import type { ServerName } from '../../../matrix/ids.ts';
import type { Timer } from '../../../ports/clock.ts';
import type { DestinationRecord } from '../../../ports/store/index.ts';
import type { Context } from '../../context.ts';
import type { RetryLimits } from './back-off.ts';
import type { Ledger } from './ledger.ts';
import { type Place, placeOf } from './place.ts';

const HOUR_MS = 3_600_000;
/** So much of the stream is kept for servers that are away: behind it, each room is caught up by its newest event. */
const KEPT_POSITIONS = 1_000_000;
/** A server that has not answered for so long, and is in no room of ours, is forgotten. */
const FORGOTTEN_AFTER_MS = 7 * 24 * HOUR_MS;
const EDUS_PAGE = 1000;

export interface HousekeepingOptions {
  readonly ledger: Ledger;
  readonly retry: RetryLimits;
  settled(): Place;
  /** Takes a server from those that sleep; false where it is not among them. */
  forget(server: ServerName): boolean;
}

export class Housekeeping {
  readonly #context: Context;
  readonly #options: HousekeepingOptions;
  #timer: Timer | undefined;

  constructor(context: Context, options: HousekeepingOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** Runs once an hour from now on. */
  start(): void {
    this.#timer = this.#context.clock.schedule(HOUR_MS, () => {
      this.#run()
        .catch((error: unknown) => this.#context.log.error('housekeeping of the sending failed', error))
        .finally(() => {
          if (this.#timer !== undefined) this.start();
        });
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #run(): Promise<void> {
    const { store } = this.#context;
    const { ledger } = this.#options;
    await ledger.flush();
    let floor = this.#options.settled();
    const asleep = (await store.federation.listDestinations()).filter((one) => one.retryAt !== undefined);
    for (const record of asleep) {
      if (await this.#isGone(record)) await this.#forget(record.server);
      else if (record.ackedPosition < floor) floor = record.ackedPosition;
    }
    const kept = placeOf(Math.max(0, store.position - KEPT_POSITIONS));
    await ledger.prune(floor < kept ? kept : floor);
  }

  /** "never dropped while a room is shared" */
  async #isGone({ server, retryIntervalMs, lastSuccessAt = 0 }: DestinationRecord): Promise<boolean> {
    if (retryIntervalMs < this.#options.retry.maxMs) return false;
    if (lastSuccessAt > this.#context.clock.now() - FORGOTTEN_AFTER_MS) return false;
    const stays = await this.#context.store.federation.listRoomsOfServer(server, this.#context.store.position);
    return stays.length === 0;
  }

  async #forget(server: ServerName): Promise<void> {
    if (!this.#options.forget(server)) return;
    const { store } = this.#context;
    for (;;) {
      const rows = await store.federation.listOutboundEdus(server, EDUS_PAGE);
      await store.transact((one) => {
        one.federation.deleteOutboundEdus(
          server,
          rows.map((row) => row.number),
        );
        one.federation.deleteDestination(server);
      });
      if (rows.length < EDUS_PAGE) return;
    }
  }
}
