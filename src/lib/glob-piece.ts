/** A part of a glob without stars: literal characters and `?`. */

const QUESTION = 0x3f;
/** Up to this length trying every place costs less than preparing bit masks. */
const SHORT = 16;
const WORD_BITS = 32;

/** Where a piece matches. */
export interface Found {
  readonly start: number;
  readonly end: number;
}

function isHigh(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}

function isLow(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00;
}

/** UTF-16 units of the character at `at`: `?` takes a surrogate pair whole. */
function unitsAt(text: string, at: number): number {
  return isHigh(text.charCodeAt(at)) && isLow(text.charCodeAt(at + 1)) ? 2 : 1;
}

/** The place `count` characters before `at`; 0 when there are fewer. */
function stepBack(text: string, at: number, count: number): number {
  let start = at;
  for (let i = 0; i < count && start > 0; i += 1) start -= start > 1 && unitsAt(text, start - 2) === 2 ? 2 : 1;
  return start;
}

type Accepts = (found: Found) => boolean;

/**
 * The shift-and search: bit n of a state says that the last n + 1 characters match the first n + 1 of the piece. One
 * pass over the text whatever the piece looks like.
 */
class BitSearch {
  readonly #masks = new Map<number, Uint32Array>();
  readonly #others: Uint32Array;
  readonly #length: number;

  constructor(piece: string) {
    const characters = Array.from(piece, (character) => character.codePointAt(0) ?? 0);
    this.#length = characters.length;
    this.#others = new Uint32Array(Math.ceil(characters.length / WORD_BITS));
    const set = (mask: Uint32Array, bit: number) => {
      mask[bit >> 5] = (mask[bit >> 5] ?? 0) | (1 << (bit & 31));
    };
    characters.forEach((character, bit) => {
      if (character === QUESTION) set(this.#others, bit);
    });
    characters.forEach((character, bit) => {
      const mask = this.#masks.get(character) ?? this.#others.slice();
      set(mask, bit);
      this.#masks.set(character, mask);
    });
  }

  find(text: string, from: number, accepts: Accepts | undefined): Found | undefined {
    const state = new Uint32Array(this.#others.length);
    const last = this.#length - 1;
    // The place as many characters back as the piece has: it follows at the same pace.
    let start = from;
    let count = 0;
    for (let at = from; at < text.length; ) {
      const character = text.codePointAt(at) ?? 0;
      const mask = this.#masks.get(character) ?? this.#others;
      at += character > 0xffff ? 2 : 1;
      count += 1;
      if (count > this.#length) start += unitsAt(text, start);
      let carry = 1;
      for (let word = 0; word < state.length; word += 1) {
        const bits = state[word] ?? 0;
        state[word] = ((bits << 1) | carry) & (mask[word] ?? 0);
        carry = bits >>> 31;
      }
      if ((((state[last >> 5] ?? 0) >>> (last & 31)) & 1) === 0) continue;
      const found = { start, end: at };
      if (accepts === undefined || accepts(found)) return found;
    }
    return undefined;
  }
}

/** A piece made ready to be looked for. */
export class Piece {
  readonly #text: string;
  readonly #isLiteral: boolean;
  #bits: BitSearch | undefined;

  constructor(text: string) {
    this.#text = text;
    this.#isLiteral = !text.includes('?');
  }

  get isEmpty(): boolean {
    return this.#text === '';
  }

  /** Where the piece ends when it matches at `from`; -1 when it does not. */
  endAt(text: string, from: number): number {
    let at = from;
    for (let i = 0; i < this.#text.length; i += 1) {
      if (at >= text.length) return -1;
      const unit = this.#text.charCodeAt(i);
      if (unit === QUESTION) at += unitsAt(text, at);
      else if (unit === text.charCodeAt(at)) at += 1;
      else return -1;
    }
    return at;
  }

  /** Whether the piece matches the end of `text` without going below `from`. */
  isEndOf(text: string, from: number): boolean {
    if (this.#isLiteral) return text.length - this.#text.length >= from && text.endsWith(this.#text);
    const start = stepBack(text, text.length, Array.from(this.#text).length);
    return start >= from && this.endAt(text, start) === text.length;
  }

  /** The first place at or after `from` where the piece matches and that `accepts` takes. */
  find(text: string, from: number, accepts?: Accepts): Found | undefined {
    if (this.#text.length > SHORT && (!this.#isLiteral || accepts !== undefined)) {
      this.#bits ??= new BitSearch(this.#text);
      return this.#bits.find(text, from, accepts);
    }
    for (let start = from; start <= text.length; start += 1) {
      if (this.#isLiteral) {
        start = text.indexOf(this.#text, start);
        if (start < 0) return undefined;
      } else if (start > 0 && isLow(text.charCodeAt(start)) && isHigh(text.charCodeAt(start - 1))) continue;
      const end = this.#isLiteral ? start + this.#text.length : this.endAt(text, start);
      const found = { start, end };
      if (end >= 0 && (accepts === undefined || accepts(found))) return found;
    }
    return undefined;
  }
}
