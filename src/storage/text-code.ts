import { Buffer } from 'node:buffer';
import type { SqlParam } from './database.ts';

/**
 * PostgreSQL's text holds no U+0000, Matrix strings may. There it is kept as U+0001 `0`, and U+0001 itself as
 * U+0001 `1`: reversible, and nothing else changes.
 */
export function escapeNul(text: string): string {
  if (!text.includes('\0') && !text.includes('\u0001')) return text;
  return text.replaceAll('\u0001', '\u00011').replaceAll('\0', '\u00010');
}

/** The text that {@link escapeNul} was given. */
export function unescapeNul(text: string): string {
  if (!text.includes('\u0001')) return text;
  return text.replaceAll('\u00010', '\0').replaceAll('\u00011', '\u0001');
}

/**
 * How one engine is handed text. Both write UTF-8 themselves, so that a lone surrogate becomes U+FFFD; inside a list,
 * which travels as JSON, that is done here.
 */
export type TextCode = (text: string) => string;

export const sqliteText: TextCode = (text) => text;
export const postgresText: TextCode = escapeNul;

/** A list as the JSON array that the list marks of `dialect.ts` unpack. */
export function listText(list: readonly (string | number | Uint8Array)[], code: TextCode): string {
  return JSON.stringify(
    list.map((item) => {
      if (typeof item === 'number') return item;
      if (typeof item === 'string') return code(item.replaceAll(/\p{Surrogate}/gu, '\uFFFD'));
      return Buffer.from(item.buffer, item.byteOffset, item.byteLength).toString('hex');
    }),
  );
}

/** A parameter as an engine binds it. */
export function bindable(param: SqlParam, code: TextCode): string | number | Uint8Array | null {
  if (typeof param === 'string') return code(param);
  if (param === null || typeof param === 'number' || param instanceof Uint8Array) return param;
  return listText(param, code);
}
