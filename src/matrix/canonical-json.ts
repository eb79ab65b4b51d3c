/**
 * Canonical JSON: the one text of a JSON value that hashes and signatures cover.
 * `content/appendices.md`, "Canonical JSON": "the shortest UTF-8 JSON encoding with dictionary keys
 * lexicographically sorted by Unicode codepoint".
 */
import { type JsonObject, type JsonValue, RawNumber } from './json.ts';

/** The value has no canonical form: an unsafe or fractional number, a lone surrogate, `undefined`. */
export class CanonicalJsonError extends Error {
  override readonly name = 'CanonicalJsonError';
}

const SURROGATE = /[\ud800-\udfff]/;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
/** Above this length the engine's own scan beats a loop here. */
const SHORT = 32;

function isPlainShort(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || unit >= 0xd800) return false;
  }
  return true;
}

/** Quotes a string canonically; refuses lone surrogates, which UTF-8 cannot carry. */
function canonicalString(text: string): string {
  if (text.length <= SHORT && isPlainShort(text)) return `"${text}"`;
  if (SURROGATE.test(text) && LONE_SURROGATE.test(text)) throw new CanonicalJsonError('lone surrogate');
  return JSON.stringify(text);
}

/** Orders two strings by code point; `<` orders by UTF-16 unit, which puts U+1F600 before U+FF5E. */
export function compareCodePoints(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i += 1) {
    const a = left.charCodeAt(i);
    const b = right.charCodeAt(i);
    if (a === b) continue;
    // Surrogates stand for code points above all others: lift them over U+E000 to U+FFFF.
    const isHighA = a >= 0xd800 && a <= 0xdfff;
    const isHighB = b >= 0xd800 && b <= 0xdfff;
    if (isHighA !== isHighB) return isHighA ? 1 : -1;
    return a - b;
  }
  return left.length - right.length;
}

function sortedKeys(object: Readonly<JsonObject>): string[] {
  const keys = Object.keys(object);
  let isSorted = true;
  let hasSurrogates = false;
  for (let i = 0; i < keys.length; i += 1) {
    const key = keys[i] as string;
    if (i > 0 && (keys[i - 1] as string) > key) isSorted = false;
    if (!isPlainShort(key) && SURROGATE.test(key)) hasSurrogates = true;
  }
  if (hasSurrogates) return keys.sort(compareCodePoints);
  return isSorted ? keys : keys.sort();
}

function scalar(value: JsonValue | undefined): string {
  switch (typeof value) {
    case 'string':
      return canonicalString(value);
    case 'number':
      // "Numbers … must be integers … in the range [-(2**53)+1, (2**53)-1]"
      if (!Number.isSafeInteger(value)) throw new CanonicalJsonError(`number ${value}`);
      return value === 0 ? '0' : String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    default:
      if (value === null) return 'null';
      if (value instanceof RawNumber) throw new CanonicalJsonError(`number ${value.text}`);
      throw new CanonicalJsonError('a member without a value');
  }
}

interface Frame {
  /** The object whose `keys` are being written; `undefined` for an array. */
  readonly object: Readonly<JsonObject> | undefined;
  readonly keys: readonly string[];
  readonly items: readonly JsonValue[];
  next: number;
}

const NONE: readonly never[] = [];

function frameOf(value: JsonObject | JsonValue[]): Frame {
  return Array.isArray(value)
    ? { object: undefined, keys: NONE, items: value, next: 0 }
    : { object: value, keys: sortedKeys(value), items: NONE, next: 0 };
}

function isContainer(value: JsonValue | undefined): value is JsonObject | JsonValue[] {
  return typeof value === 'object' && value !== null && !(value instanceof RawNumber);
}

/**
 * The canonical text of `value`, in one pass and without recursion. Throws {@link CanonicalJsonError} for what
 * has none; with `rawNumbers` (room versions 1 to 5) raw numbers are written as their source text instead.
 */
export function canonicalJson(value: JsonValue, options?: { readonly rawNumbers: boolean }): string {
  if (!isContainer(value)) return scalar(value);
  const rawNumbers = options?.rawNumbers === true;
  const stack: Frame[] = [];
  let frame = frameOf(value);
  let out = frame.object === undefined ? '[' : '{';
  for (;;) {
    const { object, next } = frame;
    if (next === (object === undefined ? frame.items.length : frame.keys.length)) {
      out += object === undefined ? ']' : '}';
      const parent = stack.pop();
      if (parent === undefined) return out;
      frame = parent;
      continue;
    }
    frame.next = next + 1;
    if (next > 0) out += ',';
    let member: JsonValue | undefined;
    if (object === undefined) member = frame.items[next];
    else {
      const key = frame.keys[next] as string;
      out += `${canonicalString(key)}:`;
      member = object[key];
    }
    if (isContainer(member)) {
      stack.push(frame);
      frame = frameOf(member);
      out += frame.object === undefined ? '[' : '{';
    } else if (rawNumbers && member instanceof RawNumber) out += member.text;
    else out += scalar(member);
  }
}
