/**
 * `json-slice.ts` for a text that arrives in pieces: the elements of named arrays are given as soon as they are
 * complete, so that a join answer of hundreds of megabytes is never in memory whole. What is structure and what is an
 * error is the same, however the text is cut; whatever else is wrong in an element, its own parse tells.
 */
import { concatBytes } from '../lib/bytes.ts';
import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './json-bytes.ts';
import type { JsonValue } from './json.ts';
import { JsonParseError, parseJson } from './json-parse.ts';
import { type ElementResult, parseElement } from './json-slice.ts';

export interface JsonStreamLimits {
  /** The members whose elements are given one by one, with how many each may have. */
  readonly arrays: ReadonlyMap<string, number>;
  /** A larger element is given as one that failed, without its bytes. */
  readonly elementBytesMax: number;
  /** Names and values of all other members together. */
  readonly otherBytesMax: number;
  readonly bytesMax: number;
}

export interface StreamedElement {
  /** The member that it is an element of. */
  readonly name: string;
  readonly element: ElementResult;
}

/** What the next byte that is no white space has to be. */
type Expected =
  | 'the object'
  | 'a name or the end'
  | 'a name'
  | 'a colon'
  | 'a value'
  | 'an element or the end'
  | 'an element'
  | 'the next element'
  | 'the next member'
  | 'nothing';

/** What is being read. */
type Token = 'name' | 'value' | 'element';

const EMPTY = new Uint8Array();

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Bytes of one token across chunks: no more of them are kept than it may have, however long it goes on. */
class Collected {
  readonly #bytesMax: number;
  readonly #parts: Uint8Array[] = [];
  #kept = 0;
  #size = 0;
  /** White space at the end, which is no part of the token. */
  #trailing = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  add(part: Uint8Array): void {
    let solid = part.length;
    while (solid > 0 && isSpace(part[solid - 1])) solid -= 1;
    this.#trailing = part.length - solid + (solid === 0 ? this.#trailing : 0);
    this.#size += part.length;
    const kept = part.subarray(0, Math.max(0, this.#bytesMax - this.#kept));
    if (kept.length > 0) this.#parts.push(kept);
    this.#kept += kept.length;
  }

  get size(): number {
    return this.#size - this.#trailing;
  }

  /** The token; `undefined` where it is larger than it may be. */
  bytes(): Uint8Array | undefined {
    const { size } = this;
    if (size > this.#bytesMax) return undefined;
    const [first] = this.#parts;
    const whole = this.#parts.length === 1 && first !== undefined ? first : concatBytes(this.#parts);
    return whole.subarray(0, size);
  }
}

export class JsonStream {
  readonly #limits: JsonStreamLimits;
  readonly #others = new Map<string, Uint8Array>();
  readonly #counts = new Map<string, number>();
  #expected: Expected = 'the object';
  #token: Token | undefined;
  #collected = new Collected(0);
  #name = '';
  /** Brackets that are open inside the token. */
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  /** Bytes of the chunks before this one. */
  #before = 0;
  #otherBytes = 0;

  constructor(limits: JsonStreamLimits) {
    this.#limits = limits;
  }

  /** Takes the next piece; gives the elements that end in it. Throws {@link JsonParseError}, and is over then. */
  push(chunk: Uint8Array): StreamedElement[] {
    if (this.#before + chunk.length > this.#limits.bytesMax) throw this.#tooLarge(chunk.length);
    const elements: StreamedElement[] = [];
    for (let at = 0; at < chunk.length; ) {
      if (this.#token === undefined) {
        at = this.#between(chunk, at);
        continue;
      }
      const end = this.#endOfToken(chunk, at);
      this.#collected.add(chunk.subarray(at, end ?? chunk.length));
      if (this.#token !== 'element') this.#checkOthers(end ?? chunk.length);
      if (end === undefined) break;
      const element = this.#take(end);
      if (element !== undefined) elements.push(element);
      at = end;
    }
    this.#before += chunk.length;
    return elements;
  }

  /** The members that were not asked for one by one, as they stand in the text; throws where it is cut off. */
  finish(): ReadonlyMap<string, Uint8Array> {
    if (this.#expected !== 'nothing') throw new JsonParseError('unexpected end', this.#before);
    return this.#others;
  }

  /** Whether the object had such an array. */
  hasArray(name: string): boolean {
    return this.#counts.has(name);
  }

  #tooLarge(at: number): JsonParseError {
    return new JsonParseError('too large', this.#before + at);
  }

  #unexpected(at: number): JsonParseError {
    return new JsonParseError('unexpected character', this.#before + at);
  }

  #checkOthers(at: number): void {
    if (this.#otherBytes + this.#collected.size > this.#limits.otherBytesMax) throw this.#tooLarge(at);
  }

  /** Reads what stands between tokens; the place after it. */
  #between(chunk: Uint8Array, from: number): number {
    let at = from;
    while (at < chunk.length && isSpace(chunk[at])) at += 1;
    if (at === chunk.length) return at;
    const byte = chunk[at];
    switch (this.#expected) {
      case 'the object':
        if (byte !== OPEN_BRACE) throw this.#unexpected(at);
        this.#expected = 'a name or the end';
        return at + 1;
      case 'a name or the end':
        if (byte !== CLOSE_BRACE) return this.#beginName(byte, at);
        this.#expected = 'nothing';
        return at + 1;
      case 'a name':
        return this.#beginName(byte, at);
      case 'a colon':
        if (byte !== COLON) throw this.#unexpected(at);
        this.#expected = 'a value';
        return at + 1;
      case 'a value':
        return this.#beginValue(byte, at);
      case 'an element or the end':
        if (byte !== CLOSE_BRACKET) return this.#beginElement(byte, at);
        this.#expected = 'the next member';
        return at + 1;
      case 'an element':
        return this.#beginElement(byte, at);
      case 'the next element':
        if (byte !== COMMA && byte !== CLOSE_BRACKET) throw this.#unexpected(at);
        this.#expected = byte === COMMA ? 'an element' : 'the next member';
        return at + 1;
      case 'the next member':
        if (byte !== COMMA && byte !== CLOSE_BRACE) throw this.#unexpected(at);
        this.#expected = byte === COMMA ? 'a name' : 'nothing';
        return at + 1;
      case 'nothing':
        throw this.#unexpected(at);
    }
  }

  #begin(token: Token, bytesMax: number): void {
    this.#token = token;
    this.#collected = new Collected(bytesMax);
    this.#depth = 0;
    this.#inString = false;
    this.#isEscaped = false;
  }

  #beginName(byte: number | undefined, at: number): number {
    if (byte !== QUOTE) throw this.#unexpected(at);
    this.#begin('name', this.#limits.otherBytesMax);
    return at;
  }

  #beginValue(byte: number | undefined, at: number): number {
    if (!this.#limits.arrays.has(this.#name)) {
      this.#begin('value', this.#limits.otherBytesMax);
      return at;
    }
    if (byte !== OPEN_BRACKET) throw this.#unexpected(at);
    this.#counts.set(this.#name, 0);
    this.#expected = 'an element or the end';
    return at + 1;
  }

  #beginElement(byte: number | undefined, at: number): number {
    if (byte === COMMA || byte === CLOSE_BRACKET || byte === CLOSE_BRACE) throw this.#unexpected(at);
    const count = (this.#counts.get(this.#name) ?? 0) + 1;
    if (count > (this.#limits.arrays.get(this.#name) ?? 0)) throw this.#tooLarge(at);
    this.#counts.set(this.#name, count);
    this.#begin('element', this.#limits.elementBytesMax);
    return at;
  }

  /** The place after the token that is being read; `undefined` where it goes on behind the chunk. */
  #endOfToken(chunk: Uint8Array, from: number): number | undefined {
    let at = from;
    while (at < chunk.length) {
      if (this.#inString) {
        at = this.#endOfString(chunk, at);
        if (!this.#inString && this.#token === 'name') return at;
        continue;
      }
      const byte = chunk[at];
      if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#depth += 1;
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        if (this.#depth === 0) return at;
        this.#depth -= 1;
      } else if (byte === COMMA && this.#depth === 0) return at;
      at += 1;
    }
    return undefined;
  }

  /** The place after the string that is open, or the end of the chunk. */
  #endOfString(chunk: Uint8Array, from: number): number {
    let at = from;
    if (this.#isEscaped) {
      this.#isEscaped = false;
      at += 1;
    }
    for (; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte === QUOTE) {
        this.#inString = false;
        return at + 1;
      }
      if (byte === BACKSLASH) at += 1;
    }
    this.#isEscaped = at > chunk.length;
    return chunk.length;
  }

  /** Takes the token in that ends at `at`. */
  #take(at: number): StreamedElement | undefined {
    const token = this.#token;
    const bytes = this.#collected.bytes();
    this.#token = undefined;
    if (token === 'element') {
      this.#expected = 'the next element';
      return { name: this.#name, element: bytes === undefined ? this.#tooLargeElement() : parseElement(bytes) };
    }
    const known = bytes ?? EMPTY;
    this.#otherBytes += known.length;
    if (token === 'name') this.#takeName(parseJson(known), at);
    else {
      this.#others.set(this.#name, known);
      this.#expected = 'the next member';
    }
    return undefined;
  }

  #tooLargeElement(): ElementResult {
    return { ok: false, bytes: EMPTY, error: new JsonParseError('too large', this.#limits.elementBytesMax) };
  }

  #takeName(name: JsonValue, at: number): void {
    const isKnown = typeof name !== 'string' || this.#others.has(name) || this.#counts.has(name);
    if (isKnown) throw new JsonParseError('duplicate key', this.#before + at);
    this.#name = name;
    this.#expected = 'a colon';
  }
}
