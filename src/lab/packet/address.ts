/** IP addresses as bytes and as text, and prefixes of them. Pure. */

/** Reads an IPv4 or IPv6 address; `undefined` for anything else, zone ids included. */
export function parseAddress(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (const [at, part] of parts.entries()) {
    const value = Number(part);
    if (!/^\d{1,3}$/.test(part) || value > 255) return undefined;
    bytes[at] = value;
  }
  return bytes;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array<string>(missing).fill('0'), ...tail];
  const bytes = new Uint8Array(16);
  for (const [at, group] of groups.entries()) {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined;
    const value = Number.parseInt(group, 16);
    bytes[2 * at] = value >> 8;
    bytes[2 * at + 1] = value & 0xff;
  }
  return bytes;
}

/** The text of the 4 or 16 bytes that stand at `at`; IPv6 as RFC 5952 writes it. */
export function formatAddress(bytes: Uint8Array, at: number, version: 4 | 6): string {
  if (version === 4) return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[at + 2 * i] ?? 0) << 8) | (bytes[at + 2 * i + 1] ?? 0));
  const { start, length } = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  // RFC 5952 §4.2.2: "The symbol "::" MUST NOT be used to shorten just one 16-bit 0 field."
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (const [at, group] of groups.entries()) {
    if (group !== 0) start = at + 1;
    else if (at + 1 - start > best.length) best = { start, length: at + 1 - start };
  }
  return best;
}

/** A set of prefixes such as `203.0.113.0/24`, `2001:db8::/32`, or whole addresses. */
export class Prefixes {
  readonly #prefixes: readonly { readonly bytes: Uint8Array; readonly bits: number }[];
  readonly #known = new Map<string, boolean>();

  /** Throws a RangeError for a text that is no prefix. */
  constructor(texts: readonly string[]) {
    this.#prefixes = texts.map(parsePrefix);
  }

  has(address: string): boolean {
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    const bytes = parseAddress(address);
    const found = bytes !== undefined && this.#prefixes.some((one) => startsWith(bytes, one.bytes, one.bits));
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(address, found);
    return found;
  }
}

/** Packets name their addresses as they like: what is remembered of them has an end. */
const KNOWN_MAX = 4_096;

function parsePrefix(text: string): { bytes: Uint8Array; bits: number } {
  const [address = '', length] = text.split('/');
  const bytes = parseAddress(address);
  const bits = length === undefined ? (bytes?.length ?? 0) * 8 : Number(length);
  if (bytes === undefined || !Number.isInteger(bits) || bits < 0 || bits > bytes.length * 8) {
    throw new RangeError(`"${text}" is no prefix`);
  }
  return { bytes, bits };
}

function startsWith(address: Uint8Array, prefix: Uint8Array, bits: number): boolean {
  if (address.length !== prefix.length) return false;
  for (let at = 0; at * 8 < bits; at += 1) {
    const mask = bits - at * 8 >= 8 ? 0xff : 0xff & (0xff << (8 - (bits - at * 8)));
    if (((address[at] ?? 0) & mask) !== ((prefix[at] ?? 0) & mask)) return false;
  }
  return true;
}
