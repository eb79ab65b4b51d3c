/** Numbers that a seed determines. */

/** A generator with 128 bits of state (sfc32), so that no two of a world run into each other. */
export class Seeded {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `stream` makes generators of one seed differ. */
  constructor(seed: number, stream = 0) {
    [this.#a, this.#b, this.#c] = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0, stream >>> 0];
    for (let round = 0; round < 12; round += 1) this.word();
  }

  /** 32 random bits. */
  word(): number {
    const sum = (this.#a + this.#b + this.#counter) >>> 0;
    this.#counter = (this.#counter + 1) >>> 0;
    this.#a = (this.#b ^ (this.#b >>> 9)) >>> 0;
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = ((((this.#c << 21) | (this.#c >>> 11)) >>> 0) + sum) >>> 0;
    return sum;
  }

  /** From 0 up to but not including 1. */
  share(): number {
    return this.word() / 2 ** 32;
  }

  /** A whole number from 0 up to but not including `limit`. */
  below(limit: number): number {
    return Math.floor(this.share() * limit);
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.share() < probability;
  }

  /** Mostly small, at times as large as `limit`: a delay. */
  quadratic(limit: number): number {
    const share = this.share();
    return Math.floor(share * share * limit);
  }

  pick<T>(list: readonly T[]): T {
    const one = list[this.below(list.length)];
    if (one === undefined) throw new Error('there is nothing to pick from');
    return one;
  }

  /** Fills a buffer. */
  fill(bytes: Buffer): void {
    let at = 0;
    for (; at + 4 <= bytes.length; at += 4) bytes.writeUInt32LE(this.word(), at);
    for (; at < bytes.length; at += 1) bytes[at] = this.word() & 0xff;
  }
}
