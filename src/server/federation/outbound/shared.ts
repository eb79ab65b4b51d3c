/** What all destinations share. */
import type { ServerName } from '../../../matrix/ids.ts';
import type { Log } from '../../../ports/log.ts';
import type { Store } from '../../../ports/store/index.ts';
import type { BoundedMap } from '../../bounded-map.ts';
import type { Places } from '../../overtime.ts';
import type { RetryLimits } from './back-off.ts';
import type { Ledger } from './ledger.ts';
import type { OutboundMetrics } from './metrics.ts';
import type { Pdus } from './pdus.ts';
import type { Place } from './place.ts';
import type { Lane, OutboundTransaction, TransactionAnswer, TransactionIds } from './transaction.ts';

export interface Shared {
  readonly store: Store;
  readonly log: Log;
  readonly retry: RetryLimits;
  readonly ids: TransactionIds;
  readonly pdus: Pdus;
  readonly ledger: Ledger;
  readonly metrics: OutboundMetrics;
  /** Transactions on their way to servers that answered lately. */
  readonly fast: Places;
  /** When a server last took something: those of the last minutes use the fast lane. */
  readonly recent: BoundedMap<ServerName, number>;
  readonly isClosed: boolean;
  /** Gives back a place of the slow lane, which somebody else may be waiting for. */
  leaveSlowLane(): void;
  now(): number;
  /** Up to where the stream has been handed to the destinations. */
  dispatched(): Place;
  send(server: ServerName, transaction: OutboundTransaction, lane: Lane): Promise<TransactionAnswer>;
}
