/** What to do after an answer. */
import type { TransactionAnswer } from './transaction.ts';

export type Verdict =
  /** It is there. */
  | { readonly kind: 'delivered' }
  /** The server is left alone for a while; at least so long where it said so. */
  | { readonly kind: 'pause'; readonly atLeastMs: number }
  /** Something in the transaction may be what it cannot take. `sure` where its own words say so. */
  | { readonly kind: 'suspect'; readonly sure: boolean };

/** So many failures of the server in a row make the content suspect. */
const SERVER_ERRORS_MAX = 3;
/** No server makes us wait for longer than this. */
const RETRY_AFTER_MAX_MS = 3_600_000;

/**
 * Judges an answer after `failures` failures in a row before it. `isSuspected` says that the server takes an empty
 * transaction and that its content is being searched for what it does not take.
 */
export function judgeAnswer(answer: TransactionAnswer, before: { failures: number; isSuspected: boolean }): Verdict {
  if (answer.kind === 'accepted') return { kind: 'delivered' };
  if (answer.kind === 'unreachable') return { kind: 'pause', atLeastMs: 0 };
  const { status, retryAfterMs = 0 } = answer;
  if (status === 400 || status === 413) return { kind: 'suspect', sure: true };
  if (status >= 500 && (before.isSuspected || before.failures + 1 >= SERVER_ERRORS_MAX)) {
    return { kind: 'suspect', sure: false };
  }
  return { kind: 'pause', atLeastMs: Math.min(Math.max(0, retryAfterMs), RETRY_AFTER_MAX_MS) };
}
