/**
 * Ed25519 by another thread, of which there is one: it begins with the first question. Questions of one turn of the
 * event loop go there together, since a message for each would cost as much as a signature.
 */
import { Worker } from 'node:worker_threads';
import { type Deferred, defer } from '../../lib/deferred.ts';
import { siblingUrl } from '../../lib/sibling-url.ts';
import type { Ed25519 } from './sodium-crypto.ts';

/** Bytes of a key or a seed, and of a signature. */
export const KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;
/** Questions of one message: about two milliseconds, so that the first answers are used while others are sought. */
const TOGETHER_MAX = 64;

/** What the thread is asked: one seed or key for each text, and one signature for each where these are verified. */
export interface AsideQuestion {
  readonly texts: readonly string[];
  readonly keys: Uint8Array;
  /** `undefined` where signatures are wanted. */
  readonly signatures: Uint8Array | undefined;
}

/** A signature for each text, or a byte for each: 1 where its signature holds. */
export type AsideAnswer = Uint8Array;

interface Task {
  readonly key: Uint8Array;
  readonly text: string;
  readonly signature?: Uint8Array;
}

interface Wanted<T> extends Task {
  readonly answer: Deferred<T>;
}

interface Asked {
  settle(answer: AsideAnswer): void;
  /** Where there is no thread any more. */
  settleHere(): void;
}

export class Aside {
  readonly #here: Ed25519;
  readonly #url: URL;
  readonly #asked: Asked[] = [];
  #toSign: Wanted<Uint8Array>[] = [];
  #toVerify: Wanted<boolean>[] = [];
  #worker: Worker | undefined;
  #isBroken = false;
  #isFlushing = false;

  constructor(here: Ed25519, thread = siblingUrl(import.meta.url, './aside-thread')) {
    this.#here = here;
    this.#url = thread;
  }

  async sign(seed: Uint8Array, text: string): Promise<Uint8Array> {
    const answer = defer<Uint8Array>();
    this.#toSign.push({ key: seed, text, answer });
    this.#flushSoon();
    return await answer.promise;
  }

  async verify(publicKey: Uint8Array, text: string, signature: Uint8Array): Promise<boolean> {
    if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
    const answer = defer<boolean>();
    this.#toVerify.push({ key: publicKey, text, signature, answer });
    this.#flushSoon();
    return await answer.promise;
  }

  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    const [toSign, toVerify] = [this.#toSign, this.#toVerify];
    [this.#toSign, this.#toVerify, this.#isFlushing] = [[], [], false];
    for (let at = 0; at < toVerify.length; at += TOGETHER_MAX) this.#verifyAll(toVerify.slice(at, at + TOGETHER_MAX));
    for (let at = 0; at < toSign.length; at += TOGETHER_MAX) this.#signAll(toSign.slice(at, at + TOGETHER_MAX));
  }

  #signAll(wanted: readonly Wanted<Uint8Array>[]): void {
    this.#ask(wanted, {
      settle(answer) {
        wanted.forEach((one, index) => {
          one.answer.resolve(answer.subarray(index * SIGNATURE_BYTES, (index + 1) * SIGNATURE_BYTES));
        });
      },
      settleHere: () => {
        for (const { key, text, answer } of wanted) answer.resolve(this.#here.ed25519Sign(key, text));
      },
    });
  }

  #verifyAll(wanted: readonly Wanted<boolean>[]): void {
    this.#ask(wanted, {
      settle(answer) {
        wanted.forEach((one, index) => one.answer.resolve(answer[index] === 1));
      },
      settleHere: () => {
        for (const { key, text, signature = new Uint8Array(), answer } of wanted)
          answer.resolve(this.#here.ed25519Verify(key, text, signature));
      },
    });
  }

  #ask(wanted: readonly Task[], asked: Asked): void {
    const worker = this.#thread();
    if (worker === undefined) {
      asked.settleHere();
      return;
    }
    const signatures = wanted.map(({ signature }) => signature).filter((one) => one !== undefined);
    const question: AsideQuestion = {
      texts: wanted.map(({ text }) => text),
      keys: joined(
        wanted.map(({ key }) => key),
        KEY_BYTES,
      ),
      signatures: signatures.length === 0 ? undefined : joined(signatures, SIGNATURE_BYTES),
    };
    this.#asked.push(asked);
    // The process goes on while somebody waits for an answer, and not for the thread alone.
    worker.ref();
    worker.postMessage(question);
  }

  /** The thread; `undefined` once it has broken. */
  #thread(): Worker | undefined {
    if (this.#isBroken || this.#worker !== undefined) return this.#worker;
    const worker = new Worker(this.#url);
    worker.on('message', (answer: AsideAnswer) => {
      this.#asked.shift()?.settle(answer);
      if (this.#asked.length === 0) worker.unref();
    });
    worker.on('error', () => this.#break());
    worker.on('exit', () => this.#break());
    this.#worker = worker;
    return worker;
  }

  /** Without the thread everything is done here: slower for others, and right all the same. */
  #break(): void {
    this.#isBroken = true;
    this.#worker = undefined;
    for (const asked of this.#asked.splice(0)) asked.settleHere();
  }
}

function joined(parts: readonly Uint8Array[], bytesOfEach: number): Uint8Array {
  const all = new Uint8Array(parts.length * bytesOfEach);
  parts.forEach((part, index) => all.set(part, index * bytesOfEach));
  return all;
}
