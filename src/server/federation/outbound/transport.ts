/** Sending with a time limit, and an end to everything when the server stops. */
import type { ServerName } from '../../../matrix/ids.ts';
import type { Clock } from '../../../ports/clock.ts';
import { OperationError } from '../../../matrix/errors.ts';
import { defer } from '../../../lib/deferred.ts';
import type { Lane, OutboundTransaction, SendTransaction, TransactionAnswer } from './transaction.ts';

/** "connect time-out 10 s, total 60 s": a transport keeps these itself, and is not waited for much longer. */
const SEND_MAX_MS = 70_000;

export class Transport {
  readonly #send: SendTransaction;
  readonly #clock: Clock;
  readonly #running = new Set<AbortController>();
  #isClosed = false;

  constructor(send: SendTransaction, clock: Clock) {
    this.#send = send;
    this.#clock = clock;
  }

  /** The answer; a failure of the network is one. Anything else that is thrown is a bug, and is thrown on. */
  async send(server: ServerName, transaction: OutboundTransaction, lane: Lane): Promise<TransactionAnswer> {
    if (this.#isClosed) return { kind: 'unreachable', why: 'stopping' };
    const controller = new AbortController();
    const given = defer<TransactionAnswer>();
    controller.signal.addEventListener('abort', () => given.resolve({ kind: 'unreachable', why: 'timed out' }));
    const timer = this.#clock.schedule(SEND_MAX_MS, () => controller.abort());
    this.#running.add(controller);
    try {
      return await Promise.race([this.#send(server, transaction, { lane, signal: controller.signal }), given.promise]);
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      return { kind: 'unreachable', why: error.kind };
    } finally {
      timer.cancel();
      this.#running.delete(controller);
    }
  }

  /** Cuts what is on its way; nothing more is sent. */
  close(): void {
    this.#isClosed = true;
    for (const controller of this.#running) controller.abort();
  }
}
