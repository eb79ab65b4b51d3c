/** One server that is being sent to: one transaction at a time, until it has everything or does not answer. */
import type { ServerName } from '../../../matrix/ids.ts';
import type {
  DestinationRecord,
  OutboundAttempt,
  OutboundEduRow,
  OutboundEventRow,
} from '../../../ports/store/index.ts';
import { type Batch, type Found, planBatch } from './batch.ts';
import { failuresBefore } from './back-off.ts';
import type { Place } from './place.ts';
import { planStretch } from './reader.ts';
import type { Shared } from './shared.ts';
import { EDUS_MAX, type OutboundTransaction, PDUS_MAX, type TransactionAnswer } from './transaction.ts';
import { judgeAnswer } from './verdict.ts';

/** Events that wait in memory: behind more of them, the destination reads its own from the store. */
const PENDING_MAX = 500;
/** EDUs that may be dropped and wait: beyond, the oldest are. */
const EPHEMERAL_MAX = 1000;
/** Proxies commonly take requests up to 1 MiB: half for events, half for EDUs. */
const BYTES_MAX = 512 * 1024;

/** A lone item is the culprit when the server fails on it so often and takes an empty transaction each time. */
const STRIKES_MAX = 2;
/** So many items in a row are set aside: then the server is left alone as if it had not answered. */
const SET_ASIDE_MAX = 3;

const LIMITS = { pdus: PDUS_MAX, edus: EDUS_MAX, bytes: BYTES_MAX };
const EMPTY: Omit<Batch, 'end'> = { pdus: [], edus: [], eduNumbers: [], itemCount: 0 };

/** How a destination's turn has ended. */
export type Ending =
  | { readonly kind: 'idle' }
  /** It has not answered: it is left alone, at least as long as it said. */
  | { readonly kind: 'asleep'; readonly record: DestinationRecord; readonly atLeastMs: number }
  /** Not even its record could be read. */
  | { readonly kind: 'failed' };

export interface DestinationOptions {
  /** It has had everything up to here; `undefined` where its record says how far it has got. */
  readonly servedUpTo: Place | undefined;
  /** It holds a place of the slow lane, which it gives back. */
  readonly hasSlowSlot: boolean;
  readonly onEnd: (destination: Destination, ending: Ending) => void;
}

export class Destination {
  readonly server: ServerName;
  readonly #shared: Shared;
  readonly #onEnd: (destination: Destination, ending: Ending) => void;
  /** Everything up to here has arrived, or is not for this server. */
  #acked: Place;
  #retryIntervalMs = 0;
  #lastSuccessAt: number | undefined;
  /** The transaction that was not answered last time. */
  #attempt: OutboundAttempt | undefined;
  /** Whether what is for it is read from the store, instead of being noted as it comes. */
  #isBehind: boolean;
  /** Whether the cursor is known. */
  #isLoaded: boolean;
  #mayHaveEdus = true;
  #pending: OutboundEventRow[] = [];
  #ephemeral = new Map<string, string>();
  /** The server has failed on a transaction several times, and takes an empty one. */
  #isDoubted = false;
  /** While something is suspect: how many items a transaction holds at most. */
  #itemsMax: number | undefined;
  /** How often a lone item has failed while an empty transaction was taken. */
  #strikes = 0;
  /** Items set aside in a row, with none delivered between. */
  #setAsideCount = 0;
  #hasSlowSlot: boolean;

  constructor(shared: Shared, server: ServerName, options: DestinationOptions) {
    this.server = server;
    this.#shared = shared;
    this.#acked = options.servedUpTo ?? 0;
    this.#isBehind = options.servedUpTo === undefined;
    this.#isLoaded = !this.#isBehind;
    this.#hasSlowSlot = options.hasSlowSlot;
    this.#onEnd = options.onEnd;
  }

  /** Up to where it is served; `undefined` while it is behind, when its record says so itself. */
  get settled(): Place | undefined {
    return this.#isBehind ? undefined : this.#acked;
  }

  /** Events that wait in memory. */
  get queued(): number {
    return this.#pending.length;
  }

  /** An event of the stream is for this server. */
  note(row: OutboundEventRow): void {
    // Whoever is behind finds it in the store.
    if (this.#isBehind || row.position <= this.#acked) return;
    this.#pending.push(row);
    if (this.#pending.length <= PENDING_MAX) return;
    this.#pending = [];
    this.#isBehind = true;
    this.#putRecord(this.#shared.now());
  }

  /** EDUs wait in the store. */
  noteEdus(): void {
    this.#mayHaveEdus = true;
  }

  /** An EDU that may be dropped, instead of the one with the same key. */
  noteEphemeral(key: string, json: string): void {
    this.#ephemeral.delete(key);
    this.#ephemeral.set(key, json);
    if (this.#ephemeral.size <= EPHEMERAL_MAX) return;
    const [oldest] = this.#ephemeral.keys();
    if (oldest !== undefined) this.#ephemeral.delete(oldest);
  }

  /** Sends until there is nothing more, or until the server does not answer. */
  async run(): Promise<void> {
    try {
      if (this.#isBehind) await this.#load();
      while (!this.#shared.isClosed) {
        const batch = await this.#next();
        if (this.#shared.isClosed) break;
        if (batch === undefined) {
          if (!this.#hasNothing) continue;
          this.#end({ kind: 'idle' });
          return;
        }
        if (!(await this.#deliver(batch))) return;
      }
      this.#leaveSlowLane();
    } catch (error) {
      // The one boundary of this destination: the others go on, and this one tries again.
      this.#shared.log.error('sending to a server failed', error, { server: this.server });
      this.#sleep(0);
    }
  }

  async #load(): Promise<void> {
    const record = await this.#shared.ledger.find(this.server);
    this.#acked = record?.ackedPosition ?? this.#shared.dispatched();
    this.#retryIntervalMs = record?.retryIntervalMs ?? 0;
    this.#lastSuccessAt = record?.lastSuccessAt;
    this.#attempt = record?.attempt;
    this.#isLoaded = true;
  }

  get #hasNothing(): boolean {
    return !this.#isBehind && !this.#mayHaveEdus && this.#pending.length === 0 && this.#ephemeral.size === 0;
  }

  #end(ending: Ending): void {
    this.#leaveSlowLane();
    this.#onEnd(this, ending);
  }

  #leaveSlowLane(): void {
    if (!this.#hasSlowSlot) return;
    this.#hasSlowSlot = false;
    this.#shared.leaveSlowLane();
  }

  /** The next transaction; `undefined` where there is nothing now. Moves the cursor over what is not for it. */
  async #next(): Promise<Batch | undefined> {
    const { edus, hasAllEdus } = await this.#findEdus();
    const { events, end } = this.#isBehind ? await this.#findBehind() : await this.#findPending();
    const ephemeral = this.#attempt === undefined ? [...this.#ephemeral.values()] : [];
    const found: Found = { events, end, edus, ephemeral };
    const batch = planBatch(found, { ...LIMITS, items: this.#itemsMax });
    if (batch === undefined) {
      this.#move(end);
      // What was not answered, or was suspect, is no longer there.
      this.#attempt = undefined;
      [this.#isDoubted, this.#itemsMax, this.#strikes] = [false, undefined, 0];
    } else if (batch.eduNumbers.length < edus.length || !hasAllEdus) {
      this.#mayHaveEdus = true;
    }
    return batch;
  }

  async #findEdus(): Promise<{ edus: readonly OutboundEduRow[]; hasAllEdus: boolean }> {
    if (!this.#mayHaveEdus) return { edus: [], hasAllEdus: true };
    // Before the store is asked: what comes meanwhile is asked for again.
    this.#mayHaveEdus = false;
    const rows = await this.#shared.store.federation.listOutboundEdus(this.server, EDUS_MAX);
    const last = this.#attempt?.lastEdu;
    if (last === undefined) return { edus: rows, hasAllEdus: rows.length < EDUS_MAX };
    // What is repeated holds what it held; the others follow.
    this.#mayHaveEdus = true;
    return { edus: rows.filter((row) => row.number <= last), hasAllEdus: false };
  }

  async #findPending(): Promise<Pick<Found, 'events' | 'end'>> {
    const rows = this.#pending.slice(0, PDUS_MAX);
    const events = await this.#shared.pdus.load(rows.map(({ position, event }) => ({ position, events: [event] })));
    return { events, end: rows.at(-1)?.position ?? this.#acked };
  }

  async #findBehind(): Promise<Pick<Found, 'events' | 'end'>> {
    const { dispatched } = this.#shared;
    const here = dispatched();
    const upTo = this.#attempt?.endPosition ?? here;
    const stretch = { server: this.server, after: this.#acked, upTo, floor: this.#shared.ledger.floor };
    const planned = await planStretch(this.#shared.store, stretch);
    const events = await this.#shared.pdus.load(planned.events);
    const hasCaughtUp = events.length === 0 && planned.end >= here && this.#attempt === undefined;
    if (hasCaughtUp && dispatched() === here) {
      this.#isBehind = false;
      this.#move(planned.end);
      this.#putRecord(undefined);
    }
    return { events, end: planned.end };
  }

  /** Moves the cursor; what waits in memory up to there is done. */
  #move(end: Place): void {
    if (end <= this.#acked) return;
    this.#acked = end;
    this.#pending = this.#pending.filter((row) => row.position > end);
  }

  /** Sends a transaction and acts on the answer; false where the destination has gone to sleep. */
  async #deliver(batch: Batch): Promise<boolean> {
    const id = this.#attempt?.transactionId ?? this.#shared.ids.next();
    const sent = new Map(this.#ephemeral);
    const answer = await this.#send(id, batch);
    if (this.#shared.isClosed) {
      // The next run repeats it under the same id, as nobody knows whether it has arrived.
      this.#attempt = this.#attemptOf(id, batch);
      this.#putRecord(this.#shared.now());
      return true;
    }
    this.#shared.metrics.answered(answer, batch);
    const failures = failuresBefore(this.#retryIntervalMs, this.#shared.retry);
    const verdict = judgeAnswer(answer, { failures, isSuspected: this.#isDoubted || this.#itemsMax !== undefined });
    switch (verdict.kind) {
      case 'delivered':
        await this.#delivered(batch, sent);
        return true;
      case 'suspect':
        // Until the probe has been taken, nothing is proven, and the same transaction is to be repeated.
        this.#attempt = this.#attemptOf(id, batch);
        return this.#isolate(batch, { answer, isSure: verdict.sure });
      case 'pause':
        this.#attempt = this.#attemptOf(id, batch);
        this.#sleep(verdict.atLeastMs);
        return false;
    }
  }

  #attemptOf(transactionId: string, batch: Batch): OutboundAttempt {
    return { transactionId, endPosition: batch.end, lastEdu: batch.eduNumbers.at(-1) ?? 0 };
  }

  async #send(id: string, batch: Omit<Batch, 'end'>): Promise<TransactionAnswer> {
    const { pdus, edus } = batch;
    const transaction: OutboundTransaction = { id, originServerTs: this.#shared.now(), pdus, edus };
    if (this.#hasSlowSlot) return this.#shared.send(this.server, transaction, 'slow');
    return await this.#shared.fast.run(() => this.#shared.send(this.server, transaction, 'fast'));
  }

  async #delivered(batch: Batch, sent: ReadonlyMap<string, string>): Promise<void> {
    this.#retryIntervalMs = 0;
    this.#lastSuccessAt = this.#shared.now();
    this.#shared.recent.set(this.server, this.#lastSuccessAt);
    this.#leaveSlowLane();
    this.#attempt = undefined;
    [this.#isDoubted, this.#strikes, this.#setAsideCount] = [false, 0, 0];
    if (this.#itemsMax !== undefined) this.#itemsMax = widened(this.#itemsMax);
    else if (batch.edus.length > batch.eduNumbers.length) this.#forgetEphemeral(batch, sent);
    this.#move(batch.end);
    this.#putRecord(this.#isBehind ? this.#shared.now() : undefined);
    await this.#shared.ledger.conclude(this.server, batch);
  }

  /** Forgets the EDUs that were sent, unless a newer one has come for the same key. */
  #forgetEphemeral(batch: Batch, sent: ReadonlyMap<string, string>): void {
    const texts = new Set(batch.edus.slice(batch.eduNumbers.length));
    for (const [key, json] of sent) {
      if (texts.has(json) && this.#ephemeral.get(key) === json) this.#ephemeral.delete(key);
    }
  }

  /**
   * Something in the batch may be what the server cannot take. Where it takes an empty transaction, smaller and
   * smaller ones follow, until the culprit is alone; it is set aside, and the rest goes on.
   */
  async #isolate(batch: Batch, about: { answer: TransactionAnswer; isSure: boolean }): Promise<boolean> {
    this.#ephemeral.clear();
    const probe = await this.#send(this.#shared.ids.next(), EMPTY);
    if (this.#shared.isClosed) return true;
    if (probe.kind !== 'accepted') {
      const verdict = judgeAnswer(probe, { failures: 0, isSuspected: false });
      this.#sleep(verdict.kind === 'pause' ? verdict.atLeastMs : 0);
      return false;
    }
    this.#mayHaveEdus = true;
    if (!about.isSure && !this.#isDoubted) {
      // It may have come back just now: the same transaction, once more.
      this.#isDoubted = true;
      return true;
    }
    this.#attempt = undefined;
    this.#itemsMax = Math.max(1, Math.floor(batch.itemCount / 2));
    if (batch.itemCount !== 1) return true;
    this.#strikes += 1;
    if (!about.isSure && this.#strikes < STRIKES_MAX) return true;
    await this.#setAside(batch, about.answer);
    if (this.#setAsideCount < SET_ASIDE_MAX) return true;
    // It takes nothing at all: that is not the content's fault.
    this.#sleep(0);
    return false;
  }

  async #setAside(batch: Batch, answer: TransactionAnswer): Promise<void> {
    this.#strikes = 0;
    this.#setAsideCount += 1;
    const { server } = this;
    const [at, why] = [this.#shared.now(), answer.kind === 'accepted' ? '' : answer.why];
    const jsons = batch.pdus.length > 0 ? batch.pdus : batch.edus;
    this.#shared.metrics.setAside(server, why);
    await this.#shared.ledger.conclude(server, {
      eduNumbers: batch.eduNumbers,
      undeliverable: jsons.map((json) => ({ server, at, why, json })),
    });
    this.#move(batch.end);
    this.#putRecord(this.#isBehind ? at : undefined);
  }

  #sleep(atLeastMs: number): void {
    if (!this.#isLoaded) {
      this.#end({ kind: 'failed' });
      return;
    }
    this.#end({ kind: 'asleep', record: this.#recordUntil(undefined), atLeastMs });
  }

  #recordUntil(retryAt: number | undefined): DestinationRecord {
    return {
      server: this.server,
      ackedPosition: this.#acked,
      retryAt,
      retryIntervalMs: this.#retryIntervalMs,
      lastSuccessAt: this.#lastSuccessAt,
      attempt: this.#attempt,
    };
  }

  #putRecord(retryAt: number | undefined): void {
    this.#shared.ledger.put(this.#recordUntil(retryAt));
  }
}

/** Twice as many items as before; `undefined` where that is as many as there can be. */
function widened(itemsMax: number): number | undefined {
  const more = itemsMax * 2;
  return more > PDUS_MAX + EDUS_MAX ? undefined : more;
}
