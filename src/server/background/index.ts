/** Work that comes round: what has lost its use is forgotten. The face of the folder. */
import type { Timer } from '../../ports/clock.ts';
import type { Context } from '../context.ts';
import type { Media } from '../media/index.ts';
import type { Purge } from './purge.ts';

export { Purge } from './purge.ts';

const HOUR_MS = 3_600_000;
/** "transactions 24 h": a client that repeats a request does so within minutes. */
const TRANSACTIONS_KEPT_MS = 24 * HOUR_MS;
/** A server repeats what was not answered for as long as it tries at all. */
const RECEIVED_KEPT_MS = 7 * 24 * HOUR_MS;

export class Housekeeping {
  readonly #context: Context;
  readonly #media: Media;
  readonly #purge: Purge | undefined;
  #timer: Timer | undefined;

  /** Without `purge` rooms that everybody has forgotten are kept. */
  constructor(context: Context, media: Media, purge: Purge | undefined) {
    this.#context = context;
    this.#media = media;
    this.#purge = purge;
  }

  /** Runs once an hour from now on. */
  start(): void {
    this.#timer = this.#context.clock.schedule(HOUR_MS, () => {
      this.run()
        .catch((error: unknown) => this.#context.log.error('housekeeping failed', error))
        .finally(() => {
          if (this.#timer !== undefined) this.start();
        });
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Forgets old transaction ids, what others sent long ago, tokens that have run out, media not used, rooms. */
  async run(): Promise<void> {
    const { store, clock } = this.#context;
    const before = clock.now() - TRANSACTIONS_KEPT_MS;
    const receivedBefore = clock.now() - RECEIVED_KEPT_MS;
    await store.transact((one) => {
      one.events.deleteTransactionsBefore(before);
      one.keys.deleteToDeviceTransactionsBefore(before);
      one.federation.deleteInboundTransactionsBefore(receivedBefore);
      one.federation.deleteReceivedMessagesBefore(receivedBefore);
      one.federation.deleteOpenIdTokensBefore(clock.now());
    });
    await this.#media.deleteExpired();
    await this.#purge?.run();
  }
}
