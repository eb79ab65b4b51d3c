/**
 * Cuts a large JSON text into the byte ranges of its parts before anything is parsed, so that each element of
 * `pdus`, `auth_chain` or `state` is judged alone: one bad PDU never fails its neighbours, and each has its own
 * size. Structure is followed by quotes and brackets only; whatever else is wrong in a part, its own parse tells.
 */
import type { JsonValue } from './json.ts';
import { JsonParseError, type JsonParseOptions, type ParsedJson, parseJson, parseJsonFlagged } from './json-parse.ts';
import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './json-bytes.ts';

/** Bytes `start` (inclusive) to `end` (exclusive). */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export type ElementResult =
  | { readonly ok: true; readonly bytes: Uint8Array; readonly parsed: ParsedJson }
  | { readonly ok: false; readonly bytes: Uint8Array; readonly error: JsonParseError };

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  for (let byte = bytes[at]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09; ) {
    at += 1;
    byte = bytes[at];
  }
  return at;
}

/** The place after the string whose opening quote is at `from`. */
function skipString(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(QUOTE, from + 1); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) {
    let backslashes = 0;
    while (bytes[at - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at + 1;
  }
  throw new JsonParseError('unexpected end', bytes.length);
}

/** The place after the value that begins at `from`: after its closing bracket, or before `,`, `]` or `}`. */
function skipValue(bytes: Uint8Array, from: number): number {
  let depth = 0;
  let at = from;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = skipString(bytes, at);
      continue;
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (depth === 0) return at;
      depth -= 1;
    } else if (byte === COMMA && depth === 0) return at;
    at += 1;
  }
  if (depth > 0) throw new JsonParseError('unexpected end', at);
  return at;
}

function trimEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && [0x20, 0x0a, 0x0d, 0x09].includes(bytes[at - 1] ?? 0)) at -= 1;
  return at;
}

function unexpected(bytes: Uint8Array, at: number): JsonParseError {
  return new JsonParseError(at < bytes.length ? 'unexpected character' : 'unexpected end', at);
}

/**
 * The items between the brackets of the container at `from`; calls `item` at the start of each, which returns its end.
 */
function walkItems(bytes: Uint8Array, from: number, closing: number, item: (start: number) => number): number {
  let at = skipSpace(bytes, from + 1);
  if (bytes[at] === closing) return at + 1;
  for (;;) {
    at = skipSpace(bytes, item(at));
    if (bytes[at] === closing) return at + 1;
    if (bytes[at] !== COMMA) throw unexpected(bytes, at);
    at = skipSpace(bytes, at + 1);
  }
}

/** The range of each member's value in the object that `bytes` hold; throws {@link JsonParseError}. */
export function sliceMembers(bytes: Uint8Array): Map<string, ByteRange> {
  const members = new Map<string, ByteRange>();
  const opening = skipSpace(bytes, 0);
  if (bytes[opening] !== OPEN_BRACE) throw unexpected(bytes, opening);
  const end = walkItems(bytes, opening, CLOSE_BRACE, (start) => {
    if (bytes[start] !== QUOTE) throw unexpected(bytes, start);
    const keyEnd = skipString(bytes, start);
    const key = parseJson(bytes.subarray(start, keyEnd));
    const colon = skipSpace(bytes, keyEnd);
    if (bytes[colon] !== COLON) throw unexpected(bytes, colon);
    const valueStart = skipSpace(bytes, colon + 1);
    const valueEnd = skipValue(bytes, valueStart);
    if (typeof key !== 'string' || members.has(key)) throw new JsonParseError('duplicate key', start);
    members.set(key, { start: valueStart, end: trimEnd(bytes, valueStart, valueEnd) });
    return valueEnd;
  });
  const rest = skipSpace(bytes, end);
  if (rest !== bytes.length) throw unexpected(bytes, rest);
  return members;
}

/** The range of each element of the array that fills `range`; throws when there is no array. */
export function sliceElements(bytes: Uint8Array, range: ByteRange): ByteRange[] {
  const elements: ByteRange[] = [];
  const view = bytes.subarray(0, range.end);
  if (view[range.start] !== OPEN_BRACKET) throw unexpected(view, range.start);
  const end = walkItems(view, range.start, CLOSE_BRACKET, (start) => {
    const elementEnd = skipValue(view, start);
    if (elementEnd === start) throw unexpected(view, start);
    elements.push({ start, end: trimEnd(view, start, elementEnd) });
    return elementEnd;
  });
  if (end !== range.end) throw unexpected(view, end);
  return elements;
}

/** Parses one element alone: a verdict, never an exception. */
export function parseElement(bytes: Uint8Array, options: JsonParseOptions = {}): ElementResult {
  try {
    return { ok: true, bytes, parsed: parseJsonFlagged(bytes, { numbers: 'raw', ...options }) };
  } catch (error) {
    if (!(error instanceof JsonParseError)) throw error;
    return { ok: false, bytes, error };
  }
}

/** Parses each element of the array in `range` alone. */
export function parseElements(bytes: Uint8Array, range: ByteRange, options: JsonParseOptions = {}): ElementResult[] {
  return sliceElements(bytes, range).map(({ start, end }) => parseElement(bytes.subarray(start, end), options));
}

/** Parses one member that {@link sliceMembers} found; `undefined` when the object has none of that name. */
export function parseMember(
  bytes: Uint8Array,
  members: ReadonlyMap<string, ByteRange>,
  name: string,
): JsonValue | undefined {
  const range = members.get(name);
  return range === undefined ? undefined : parseJson(bytes.subarray(range.start, range.end));
}
