/** Where `postern doctor` leaves a question for a peer, and finds the answer of the process that has the link. */
import type { Duplex } from 'node:stream';
import { asObject, getArray, getString } from '../../matrix/json.ts';
import { parseTrusted } from '../../matrix/json-parse.ts';
import type { PrivateTexts } from '../../ports/certificates.ts';
import type { Clock, Timer } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { askReach, type Reached } from './ask.ts';

export interface DeskOptions {
  readonly texts: PrivateTexts;
  readonly peers: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  openStream(node: string, signal: AbortSignal): Promise<Duplex>;
}

const LOOK_MS = 2_000;
const OPEN_MS = 10_000;

/** Leaves a question; the former answer is gone. */
export function leaveQuestion(texts: PrivateTexts, node: string, ports: readonly number[]): void {
  texts.remove(`${node}.answer`);
  texts.write(`${node}.question`, JSON.stringify({ ports }));
}

/** Takes a question back. */
export function dropQuestion(texts: PrivateTexts, node: string): void {
  texts.remove(`${node}.question`);
}

/** The answer, once it is there: what the peer says, or why it said nothing. */
export function findAnswer(texts: PrivateTexts, node: string): Reached | { readonly why: string } | undefined {
  const text = texts.read(`${node}.answer`);
  if (text === undefined) return undefined;
  const body = asObject(parseTrusted(text));
  const address = getString(body, 'address');
  if (address === undefined) return { why: getString(body, 'why') ?? '' };
  const ports = (getArray(body, 'ports') ?? []).flatMap((item) => {
    const one = asObject(item);
    return one === undefined ? [] : [{ port: Number(one['port']), isOpen: one['isOpen'] === true }];
  });
  return { address, ports };
}

export class ReachDesk {
  readonly #options: DeskOptions;
  readonly #abort = new AbortController();
  #timer: Timer | undefined;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** Begins to look for questions. */
  start(): void {
    this.#timer = this.#options.clock.schedule(LOOK_MS, () => this.#look());
  }

  close(): void {
    this.#timer?.cancel();
    this.#abort.abort();
  }

  #look(): void {
    this.start();
    const { texts, peers, log } = this.#options;
    for (const peer of peers) {
      const text = texts.read(`${peer}.question`);
      if (text === undefined) continue;
      texts.remove(`${peer}.question`);
      void this.#ask(peer, text).catch((error: unknown) => log.error('asking a peer back failed', error));
    }
  }

  async #ask(peer: string, question: string): Promise<void> {
    const { texts, clock, openStream } = this.#options;
    const ports = (getArray(asObject(parseTrusted(question)), 'ports') ?? []).filter((one) => typeof one === 'number');
    const limit = new AbortController();
    const timer = clock.schedule(OPEN_MS, () => limit.abort());
    try {
      const stream = await openStream(peer, AbortSignal.any([limit.signal, this.#abort.signal]));
      texts.write(`${peer}.answer`, JSON.stringify(await askReach(stream, ports, clock)));
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      texts.write(`${peer}.answer`, JSON.stringify({ why: error instanceof Error ? error.message : String(error) }));
    } finally {
      timer.cancel();
    }
  }
}
