/** An answer, with ways into its body that fail with a sentence. */
import assert from 'node:assert/strict';
import { isRecord } from './schema.ts';

type Step = string | number;

/** The value at a path of keys and indices, `undefined` where there is none. */
export function dig(value: unknown, ...path: readonly Step[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof step === 'number') {
      if (!Array.isArray(current)) return undefined;
      current = current.at(step);
    } else {
      if (!isRecord(current) || !Object.hasOwn(current, step)) return undefined;
      current = current[step];
    }
  }
  return current;
}

export type Dict = Record<string, unknown>;

export class Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  readonly what: string;

  constructor(parts: { status: number; body: unknown; headers: Headers; bytes: Uint8Array; what: string }) {
    this.status = parts.status;
    this.body = parts.body;
    this.headers = parts.headers;
    this.bytes = parts.bytes;
    this.what = parts.what;
  }

  get(...path: readonly Step[]): unknown {
    return dig(this.body, ...path);
  }

  text(...path: readonly Step[]): string {
    return this.#typed(path, (value) => typeof value === 'string', 'a string') as string;
  }

  number(...path: readonly Step[]): number {
    return this.#typed(path, (value) => typeof value === 'number', 'a number') as number;
  }

  object(...path: readonly Step[]): Dict {
    return this.#typed(path, isRecord, 'an object') as Dict;
  }

  /** The objects of a list. */
  list(...path: readonly Step[]): Dict[] {
    return this.#typed(path, Array.isArray, 'a list') as Dict[];
  }

  texts(...path: readonly Step[]): string[] {
    return this.#typed(path, Array.isArray, 'a list') as string[];
  }

  #typed(path: readonly Step[], fits: (value: unknown) => boolean, name: string): unknown {
    const value = this.get(...path);
    assert.ok(fits(value), `${this.what}: ${path.join('.')} is not ${name} in ${show(this.body)}`);
    return value;
  }

  /** Asserts the status. */
  expect(status: number, errcode?: string): this {
    const told = `${this.what}: ${this.status} ${show(this.body)}`;
    assert.equal(this.status, status, told);
    if (errcode !== undefined) assert.equal(this.get('errcode'), errcode, told);
    return this;
  }
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? '(no JSON)';
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
