/** Sending to other servers: durable, in order, one transaction at a time for each. The face of the folder. */
import type { ServerName } from '../../../matrix/ids.ts';
import type { Timer } from '../../../ports/clock.ts';
import type { DestinationRecord, OutboundEventRow } from '../../../ports/store/index.ts';
import { type BoundedMap, boundedMap } from '../../bounded-map.ts';
import type { Context } from '../../context.ts';
import { Places } from '../../overtime.ts';
import { nextPause, type RetryLimits, withJitter } from './back-off.ts';
import { Destination, type Ending } from './destination.ts';
import { Dispatcher } from './dispatcher.ts';
import { Housekeeping } from './housekeeping.ts';
import { Ledger } from './ledger.ts';
import { OutboundMetrics, type QueueLengths } from './metrics.ts';
import { Pdus } from './pdus.ts';
import { type Place, placeOf } from './place.ts';
import type { Shared } from './shared.ts';
import { type Sleeper, Sleepers } from './sleepers.ts';
import { Slots } from '../../../lib/slots.ts';
import { type SendTransaction, TransactionIds } from './transaction.ts';
import { Transport } from './transport.ts';

export type { OutboundTransaction, SendTransaction, TransactionAnswer } from './transaction.ts';
export { transactionText } from './transaction.ts';

export interface OutboundOptions {
  readonly send: SendTransaction;
  readonly retry: RetryLimits;
}

/** "Destinations with a success in the last 10 minutes use the fast lane; all others share 20 slots." */
const RECENT_MS = 600_000;
const SLOW_SLOTS = 20;
/** Where many servers fall silent at once, those that live wait for a place no longer than `holdMs`. */
const FAST = { places: 256, overtime: { holdMs: 5_000, max: 512 } };
const RECENT_MAX = 20_000;
/** A timer is not set for longer: a clock that is set forward is noticed after this. */
const TIMER_MAX_MS = 60_000;
const STOP_MAX_MS = 2000;
/** A random number between 0 and 1 has so many steps. */
const SHARES = 1 << 20;

export class Outbound {
  readonly #context: Context;
  readonly #options: OutboundOptions;
  readonly #active = new Map<ServerName, Destination>();
  readonly #running = new Set<Promise<void>>();
  readonly #sleepers = new Sleepers();
  readonly #recent: BoundedMap<ServerName, number> = boundedMap(RECENT_MAX);
  readonly #slow = new Slots(SLOW_SLOTS);
  readonly #transport: Transport;
  readonly #ledger: Ledger;
  readonly #dispatcher: Dispatcher;
  readonly #housekeeping: Housekeeping;
  readonly #shared: Shared;
  /** While starting: how far a destination is known to be ahead of where the stream is taken up. */
  readonly #ahead = new Map<ServerName, Place>();
  #timer: Timer | undefined;
  #isStarted = false;
  #isClosed = false;

  constructor(context: Context, options: OutboundOptions) {
    this.#context = context;
    this.#options = options;
    this.#transport = new Transport(options.send, context.clock);
    this.#ledger = new Ledger(context, () => this.settled);
    this.#dispatcher = new Dispatcher(context, (server, row) => this.#onEvent(server, row));
    this.#housekeeping = new Housekeeping(context, {
      ledger: this.#ledger,
      settled: () => this.settled,
      forget: (server) => this.#sleepers.remove(server),
      retry: options.retry,
    });
    this.#shared = this.#makeShared();
    context.stream.listen((change) => {
      if (!this.#isStarted) return;
      if (change.kind === 'event') this.#dispatcher.wake();
      else if (change.kind === 'outbound-edu') this.#onEdu(change.server);
    });
  }

  /** Takes up where the run before ended. */
  async start(): Promise<void> {
    const now = this.#context.clock.now();
    const { settled, records } = await this.#ledger.load();
    for (const record of records) {
      const { server, ackedPosition, lastSuccessAt = 0 } = record;
      if (lastSuccessAt > now - RECENT_MS) this.#recent.set(server, lastSuccessAt);
      if (record.retryAt !== undefined) this.#sleepers.add(this.#sleeperOf(record, record.retryAt));
      else if (ackedPosition > settled) this.#ahead.set(server, ackedPosition);
    }
    this.#isStarted = true;
    await this.#dispatcher.start(settled);
    this.#dispatcher.wake();
    this.#ahead.clear();
    for (const server of await this.#context.store.federation.listServersWithEdus()) this.#onEdu(server);
    this.#housekeeping.start();
    this.#wakeDue();
  }

  /** Another server has shown that it is there, by a request with its signature: it is tried at once. */
  contact(server: ServerName): void {
    if (!this.#sleepers.has(server)) return;
    this.#sleepers.wake(server, this.#context.clock.now());
    this.#wakeDue();
  }

  /** The network has come back: every server is tried. */
  contactAll(): void {
    this.#sleepers.wakeAll(this.#context.clock.now());
    this.#wakeDue();
  }

  /**
   * Sends an EDU that may be dropped: to a server that does not answer it is. A newer one with the same key takes the
   * place of one that has not been sent.
   */
  sendEphemeral(server: ServerName, key: string, json: string): void {
    if (!this.#isStarted || this.#isClosed || server === this.#context.serverName) return;
    if (this.#sleepers.has(server)) return;
    let destination = this.#active.get(server);
    if (destination === undefined) {
      const isSlow = !this.#isRecent(server);
      if (isSlow && !this.#slow.tryEnter()) return;
      destination = this.#begin(server, { servedUpTo: this.#dispatcher.dispatched, isSlow });
    }
    destination.noteEphemeral(key, json);
  }

  /** Ends what is on its way, and writes how far each destination has got. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#housekeeping.stop();
    this.#dispatcher.close();
    this.#transport.close();
    await this.#untilStill();
    await this.#ledger.close();
  }

  /** Resolves when no destination is at work any more, or after a while. */
  async #untilStill(): Promise<void> {
    let timer: Timer | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = this.#context.clock.schedule(STOP_MAX_MS, resolve);
    });
    await Promise.race([Promise.all(this.#running), limit]);
    timer?.cancel();
  }

  #makeShared(): Shared {
    const { store, log, metrics, random, clock, stream } = this.#context;
    const isClosed = (): boolean => this.#isClosed;
    return {
      store,
      log,
      retry: this.#options.retry,
      ids: new TransactionIds(random),
      pdus: new Pdus(store, stream),
      ledger: this.#ledger,
      metrics: new OutboundMetrics(metrics, log, () => this.#lengths()),
      fast: new Places(clock, FAST),
      leaveSlowLane: () => {
        this.#slow.leave();
        this.#wakeDue();
      },
      recent: this.#recent,
      get isClosed() {
        return isClosed();
      },
      now: () => clock.now(),
      dispatched: () => this.#dispatcher.dispatched,
      send: (server, transaction, lane) => this.#transport.send(server, transaction, lane),
    };
  }

  #lengths(): QueueLengths {
    let queuedEvents = 0;
    for (const destination of this.#active.values()) queuedEvents += destination.queued;
    return { active: this.#active.size, asleep: this.#sleepers.size, queuedEvents };
  }

  /** Up to where every destination that is not asleep or behind has what is for it. */
  get settled(): Place {
    let least = this.#dispatcher.dispatched;
    for (const { settled } of this.#active.values()) if (settled !== undefined && settled < least) least = settled;
    return least;
  }

  #isRecent(server: ServerName): boolean {
    return (this.#recent.get(server) ?? 0) > this.#context.clock.now() - RECENT_MS;
  }

  #onEvent(server: ServerName, row: OutboundEventRow): void {
    if (row.position <= (this.#ahead.get(server) ?? 0)) return;
    this.#ledger.touch();
    this.#destinationFor(server, placeOf(row.position - 1))?.note(row);
  }

  #onEdu(server: ServerName): void {
    this.#destinationFor(server, this.#dispatcher.dispatched)?.noteEdus();
  }

  /**
   * The destination to hand something to. One that is asleep finds it in the store, and so does one that has not
   * answered lately: it waits for its turn among those.
   */
  #destinationFor(server: ServerName, acked: Place): Destination | undefined {
    if (this.#isClosed || this.#sleepers.has(server) || server === this.#context.serverName) return undefined;
    const active = this.#active.get(server);
    if (active !== undefined) return active;
    if (this.#isRecent(server)) return this.#begin(server, { servedUpTo: acked, isSlow: false });
    const retryAt = this.#context.clock.now();
    const record = { server, ackedPosition: acked, retryAt, retryIntervalMs: 0, lastSuccessAt: undefined };
    this.#ledger.put({ ...record, attempt: undefined });
    this.#sleepers.add({ server, retryAt, retryIntervalMs: 0, attemptedAt: 0, isFast: false });
    this.#wakeDue();
    return undefined;
  }

  #begin(server: ServerName, how: { servedUpTo: Place | undefined; isSlow: boolean }): Destination {
    const destination = new Destination(this.#shared, server, {
      servedUpTo: how.servedUpTo,
      hasSlowSlot: how.isSlow,
      onEnd: (ended, ending) => this.#onEnd(ended, ending),
    });
    this.#active.set(server, destination);
    const run = destination.run();
    this.#running.add(run);
    void run.finally(() => this.#running.delete(run));
    return destination;
  }

  #onEnd({ server }: Destination, ending: Ending): void {
    this.#active.delete(server);
    if (ending.kind !== 'idle') {
      const record = ending.kind === 'asleep' ? ending.record : undefined;
      const { clock, random } = this.#context;
      const retryIntervalMs = nextPause(record?.retryIntervalMs ?? 0, this.#options.retry);
      const waitMs = withJitter(retryIntervalMs, random.integer(SHARES) / SHARES);
      const retryAt = clock.now() + (ending.kind === 'asleep' ? Math.max(waitMs, ending.atLeastMs) : waitMs);
      if (record !== undefined) this.#ledger.put({ ...record, retryAt, retryIntervalMs });
      this.#sleepers.add({ ...this.#sleeperOf({ server, retryIntervalMs }, retryAt), attemptedAt: clock.now() });
    }
    this.#wakeDue();
  }

  #sleeperOf(
    { server, retryIntervalMs }: Pick<DestinationRecord, 'server' | 'retryIntervalMs'>,
    retryAt: number,
  ): Sleeper {
    // A clock that was set back does not make a pause longer than it can be.
    const latest = this.#context.clock.now() + 2 * this.#options.retry.maxMs;
    const isFast = this.#isRecent(server);
    return { server, retryAt: Math.min(retryAt, latest), retryIntervalMs, attemptedAt: 0, isFast };
  }

  /** Starts those whose pause is over, as far as there is room, and sets the timer for the next. */
  #wakeDue(): void {
    if (this.#isClosed || !this.#isStarted) return;
    const now = this.#context.clock.now();
    for (let next = this.#sleepers.take(now, true); next !== undefined; next = this.#sleepers.take(now, true)) {
      this.#begin(next.server, { servedUpTo: undefined, isSlow: false });
    }
    while (this.#slow.free > 0) {
      const next = this.#sleepers.take(now, false);
      if (next === undefined) break;
      this.#slow.tryEnter();
      this.#begin(next.server, { servedUpTo: undefined, isSlow: true });
    }
    this.#timer?.cancel();
    const nextAt = this.#sleepers.nextAt(now);
    if (nextAt === undefined) return;
    this.#timer = this.#context.clock.schedule(Math.min(nextAt - now, TIMER_MAX_MS), () => this.#wakeDue());
  }
}
