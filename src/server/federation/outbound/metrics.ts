/** What can be seen of the sending from outside: numbers, and one log line for what is set aside. */
import type { ServerName } from '../../../matrix/ids.ts';
import type { Log } from '../../../ports/log.ts';
import type { Counter, Metrics } from '../../../ports/metrics.ts';
import type { Batch } from './batch.ts';
import type { TransactionAnswer } from './transaction.ts';

export interface QueueLengths {
  /** Destinations that are being sent to, or that wait for a connection. */
  readonly active: number;
  /** Destinations that are left alone for now. */
  readonly asleep: number;
  /** Events that wait in memory, each counted for every destination. */
  readonly queuedEvents: number;
}

export class OutboundMetrics {
  readonly #log: Log;
  readonly #transactions: Counter;
  readonly #pdus: Counter;
  readonly #edus: Counter;
  readonly #refusedPdus: Counter;
  readonly #setAside: Counter;

  constructor(metrics: Metrics, log: Log, lengths: () => QueueLengths) {
    this.#log = log;
    this.#transactions = metrics.counter('postern_federation_transactions_total', 'Transactions by outcome.', [
      'outcome',
    ]);
    this.#pdus = metrics.counter('postern_federation_sent_pdus_total', 'Events delivered, each for every server.');
    this.#edus = metrics.counter('postern_federation_sent_edus_total', 'EDUs delivered, each for every server.');
    this.#refusedPdus = metrics.counter(
      'postern_federation_refused_pdus_total',
      'Events that a server received and refused.',
    );
    this.#setAside = metrics.counter('postern_federation_set_aside_total', 'Items that a server cannot take.');
    metrics.gauge('postern_federation_active_destinations', 'Servers being sent to.', () => lengths().active);
    metrics.gauge('postern_federation_sleeping_destinations', 'Servers left alone for now.', () => lengths().asleep);
    metrics.gauge('postern_federation_queued_events', 'Events that wait in memory.', () => lengths().queuedEvents);
  }

  answered(answer: TransactionAnswer, batch: Batch): void {
    this.#transactions.add(1, answer.kind);
    if (answer.kind !== 'accepted') return;
    this.#pdus.add(batch.pdus.length);
    this.#edus.add(batch.edus.length);
    this.#refusedPdus.add(answer.failedPdus);
  }

  setAside(server: ServerName, why: string): void {
    this.#setAside.add(1);
    this.#log.warn('an item was set aside: the server cannot take it', { server, why });
  }
}
