/** Reading a map of the topology key by key: every mistake is noted, and reading goes on. */
import { nearest } from '../../lib/nearest.ts';
import type { Kind } from './kinds.ts';
import { type Mistake, type MistakeName, show } from './mistakes.ts';

export type Path = readonly string[];

export class Fields {
  readonly path: Path;
  /** Whether there is a map at all: in none, nothing else is missing. */
  readonly isMap: boolean;
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #mistakes: Mistake[];

  private constructor(path: Path, values: ReadonlyMap<string, unknown> | undefined, mistakes: Mistake[]) {
    this.path = path;
    this.isMap = values !== undefined;
    this.#values = values ?? new Map();
    this.#mistakes = mistakes;
  }

  /** Opens the map at `path`; what is none reads as an empty one. Keys that nobody knows are mistakes. */
  static open(value: unknown, path: Path, known: readonly string[], mistakes: Mistake[]): Fields {
    const entries = entriesOf(value, path, mistakes);
    const values = entries === undefined ? undefined : new Map(entries);
    for (const key of values?.keys() ?? []) {
      if (known.includes(key)) continue;
      const guess = nearest(key.slice(0, 80), known);
      const hint = guess === undefined ? { known: known.join(', ') } : { guess };
      const name = guess === undefined ? 'unknown-key' : 'unknown-key-near';
      mistakes.push({ path: [...path, key], name, values: hint });
    }
    return new Fields(path, values, mistakes);
  }

  /** The value of `key`, or `fallback` where it is absent or wrong. */
  read<T, F>(key: string, kind: Kind<T>, fallback: F): T | F {
    const value = this.#values.get(key);
    if (value === undefined || value === null) return fallback;
    return this.#parse([...this.path, key], kind, value) ?? fallback;
  }

  /** The same where the key must be there. */
  require<T, F>(key: string, kind: Kind<T>, fallback: F): T | F {
    if (this.isMap && !this.has(key)) this.#missing(key, kind);
    return this.read(key, kind, fallback);
  }

  has(key: string): boolean {
    const value = this.#values.get(key);
    return value !== undefined && value !== null;
  }

  /** A list, of which the wrong items are left out. */
  list<T>(key: string, kind: Kind<T>): T[] {
    const path = [...this.path, key];
    return this.items(key).flatMap((item, index) => {
      const parsed = this.#parse([...path, String(index)], kind, item);
      return parsed === undefined ? [] : [parsed];
    });
  }

  /** The items of a list as they are. */
  items(key: string): readonly unknown[] {
    const value = this.#values.get(key);
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) {
      const items: readonly unknown[] = value;
      return items;
    }
    this.note([...this.path, key], 'no-list', { found: show(value) });
    return [];
  }

  /** The entries of a map with free keys. */
  entries(key: string): readonly (readonly [string, unknown])[] {
    const value = this.#values.get(key);
    return value === undefined || value === null ? [] : (entriesOf(value, [...this.path, key], this.#mistakes) ?? []);
  }

  raw(key: string): unknown {
    return this.#values.get(key);
  }

  note(path: Path, name: MistakeName, values: Mistake['values'] = {}): void {
    this.#mistakes.push({ path, name, values });
  }

  #missing<T>(key: string, kind: Kind<T>): void {
    const allowed = { name: kind.allowed, values: kind.allowedValues ?? {} };
    this.#mistakes.push({ path: [...this.path, key], name: 'missing', values: {}, allowed });
  }

  #parse<T>(path: Path, kind: Kind<T>, value: unknown): T | undefined {
    const parsed = kind.parse(value);
    if (parsed !== undefined) return parsed;
    const allowed = { name: kind.allowed, values: kind.allowedValues ?? {} };
    this.#mistakes.push({ path, name: 'wrong-value', values: { found: show(value) }, allowed });
    return undefined;
  }
}

function entriesOf(
  value: unknown,
  path: Path,
  mistakes: Mistake[],
): readonly (readonly [string, unknown])[] | undefined {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  mistakes.push({ path, name: 'no-map', values: { found: show(value) } });
  return undefined;
}
