import { Buffer } from 'node:buffer';
import { assert } from '../lib/assert.ts';
import type { EventToSign, SqlParam, SqlValue, StatementSink } from './database.ts';
import { listText, type TextCode } from './text-code.ts';

/** What travels to a writer: never an object, so that handing over a batch costs one flat array. */
export type Flat = string | number | null;

const EXPECT_ONE = 1;
const SIGNED = 2;
const ERASES = 4;

/** Header of a statement: number of its text, flags, mask of the parameters that are bytes, count of parameters. */
const HEADER_LENGTH = 4;
/**
 * Behind the parameters of a signed statement: contentStart, contentEnd, insertAt, redactedContent, server, key,
 * and the text to sign where it is given.
 */
const SIGN_LENGTH = 7;
const PARAMS_MAX = 31;

/** Gives each statement text a number, so that a writer is sent every text once. */
export class StatementTexts {
  readonly all: string[] = [];
  readonly #numbers = new Map<string, number>();

  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.all.length;
    this.all.push(text);
    this.#numbers.set(text, number);
    return number;
  }
}

/** The statements of one transaction in flat form. */
export class WriteUnit implements StatementSink {
  readonly flat: Flat[] = [];
  statementCount = 0;
  readonly #texts: StatementTexts;
  readonly #code: TextCode;
  readonly #deferred: (() => void)[] = [];
  readonly #durableTasks: (() => void)[] = [];
  #check: () => Error | undefined = () => undefined;
  #sealed = false;

  constructor(texts: StatementTexts, code: TextCode) {
    this.#texts = texts;
    this.#code = code;
  }

  run(text: string, ...params: SqlParam[]): void {
    this.#add(text, 0, params);
  }

  runOne(text: string, ...params: SqlParam[]): void {
    this.#add(text, EXPECT_ONE, params);
  }

  erase(text: string, ...params: SqlParam[]): void {
    this.#add(text, EXPECT_ONE + ERASES, params);
  }

  runSigned(text: string, first: SqlParam, event: EventToSign): void {
    this.#add(text, SIGNED, [first, event.json]);
    const { contentStart, contentEnd, insertAt, redactedContent, serverName, keyId, signedText } = event;
    this.flat.push(contentStart, contentEnd, insertAt, redactedContent, serverName, keyId, signedText ?? null);
  }

  defer(task: () => void): void {
    this.#deferred.push(task);
  }

  onDurable(task: () => void): void {
    this.#durableTasks.push(task);
  }

  /** Lets the unit fail unwritten where `check` tells an error when its turn comes. */
  dependOn(check: () => Error | undefined): void {
    this.#check = check;
  }

  /** Why it is not to be written; asked when its turn comes. */
  get refusal(): Error | undefined {
    return this.#check();
  }

  /** Queues what was deferred; from then on the unit takes nothing more. */
  seal(): void {
    for (const task of this.#deferred) task();
    this.#sealed = true;
  }

  /** Runs what waited for the commit. */
  finish(): void {
    for (const task of this.#durableTasks) task();
  }

  #add(text: string, flags: number, params: readonly SqlParam[]): void {
    assert(!this.#sealed, 'a transaction takes writes only while its plan runs');
    assert(params.length <= PARAMS_MAX, 'the mask of a statement has room for its parameters');
    const { flat } = this;
    const header = flat.length;
    flat.push(this.#texts.numberOf(text), flags, 0, params.length);
    let bytesMask = 0;
    for (const [index, param] of params.entries()) {
      if (param instanceof Uint8Array) {
        bytesMask |= 1 << index;
        flat.push(Buffer.from(param.buffer, param.byteOffset, param.byteLength).toString('latin1'));
      } else {
        flat.push(this.#flatten(param));
      }
    }
    flat[header + 2] = bytesMask;
    this.statementCount += 1;
  }

  #flatten(param: Exclude<SqlParam, Uint8Array>): Flat {
    if (typeof param === 'string') return this.#code(param);
    if (typeof param === 'number') {
      assert(Number.isSafeInteger(param), 'a stored number is an integer within 2^53');
      return param;
    }
    return param === null ? null : listText(param, this.#code);
  }
}

/** A statement as a writer runs it. */
export interface FlatStatement {
  readonly textNumber: number;
  readonly expectsOne: boolean;
  readonly erases: boolean;
  readonly params: SqlValue[];
  /** Where the next statement begins. */
  readonly next: number;
}

function numberAt(flat: readonly Flat[], at: number): number {
  const value = flat[at];
  assert(typeof value === 'number', 'a flat batch has a number here');
  return value;
}

function textAt(flat: readonly Flat[], at: number): string {
  const value = flat[at];
  assert(typeof value === 'string', 'a flat batch has text here');
  return value;
}

/** Reads the statement at `at`; `sign` returns the event with its signature. */
export function readStatement(flat: readonly Flat[], at: number, sign: (event: EventToSign) => string): FlatStatement {
  const flags = numberAt(flat, at + 1);
  const bytesMask = numberAt(flat, at + 2);
  const first = at + HEADER_LENGTH;
  const end = first + numberAt(flat, at + 3);
  const params: SqlValue[] = flat.slice(first, end);
  if (bytesMask !== 0) {
    for (let index = 0; index < params.length; index += 1) {
      const value = params[index];
      if ((bytesMask & (1 << index)) !== 0 && typeof value === 'string') params[index] = Buffer.from(value, 'latin1');
    }
  }
  const signed = (flags & SIGNED) !== 0;
  if (signed) params[params.length - 1] = sign(eventAt(flat, end));
  return {
    textNumber: numberAt(flat, at),
    expectsOne: (flags & EXPECT_ONE) !== 0,
    erases: (flags & ERASES) !== 0,
    params,
    next: signed ? end + SIGN_LENGTH : end,
  };
}

function eventAt(flat: readonly Flat[], end: number): EventToSign {
  const signedText = flat[end + 6];
  return {
    json: textAt(flat, end - 1),
    contentStart: numberAt(flat, end),
    contentEnd: numberAt(flat, end + 1),
    insertAt: numberAt(flat, end + 2),
    redactedContent: textAt(flat, end + 3),
    serverName: textAt(flat, end + 4),
    keyId: textAt(flat, end + 5),
    ...(typeof signedText === 'string' && { signedText }),
  };
}
