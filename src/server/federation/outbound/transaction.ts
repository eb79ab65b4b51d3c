/** What is sent to another server, and what comes back. */
import type { ServerName } from '../../../matrix/ids.ts';
import type { Random } from '../../../ports/random.ts';

/** "Transactions are limited in size; they can have at most 50 PDUs and 100 EDUs." */
export const PDUS_MAX = 50;
export const EDUS_MAX = 100;

export interface OutboundTransaction {
  readonly id: string;
  readonly originServerTs: number;
  /** Each the canonical JSON of one event. */
  readonly pdus: readonly string[];
  /** Each the canonical JSON of one EDU. */
  readonly edus: readonly string[];
}

/** Which connections it may use: those of servers that answered lately, or the few for all others. */
export type Lane = 'fast' | 'slow';

export type TransactionAnswer =
  /** 200; `failedPdus` of the events were refused, which is the other server's last word on them. */
  | { readonly kind: 'accepted'; readonly failedPdus: number }
  /** Any other status. `why` is short and says nothing of the content: it is shown to the administrator. */
  | { readonly kind: 'refused'; readonly status: number; readonly why: string; readonly retryAfterMs?: number }
  /** No answer. */
  | { readonly kind: 'unreachable'; readonly why: string };

/** Delivers a transaction; an `OperationError` counts as unreachable. It ends soon after `signal` is aborted. */
export type SendTransaction = (
  server: ServerName,
  transaction: OutboundTransaction,
  options: { readonly lane: Lane; readonly signal: AbortSignal },
) => Promise<TransactionAnswer>;

/** The body of a transaction, which is canonical JSON because its parts are. */
export function transactionText(origin: ServerName, transaction: OutboundTransaction): string {
  const { originServerTs, pdus, edus } = transaction;
  const head = `{"edus":[${edus.join(',')}],"origin":${JSON.stringify(origin)}`;
  return `${head},"origin_server_ts":${originServerTs},"pdus":[${pdus.join(',')}]}`;
}

/** Ids of transactions: a random part for each run of the program, so that none comes twice after a restore. */
export class TransactionIds {
  readonly #epoch: string;
  #count = 0;

  constructor(random: Random) {
    this.#epoch = random.token(12);
  }

  next(): string {
    this.#count += 1;
    return `${this.#epoch}.${this.#count}`;
  }
}
