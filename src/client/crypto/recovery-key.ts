/**
 * The recovery key: "prepend 0x8B 0x01 to the 256-bit key, append a parity byte so that the exclusive-or
 * of all bytes is zero, encode as base58 and group by four" (`content/client-server-api/modules/secrets.md`).
 */
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const PREFIX = [0x8b, 0x01];
const KEY_BYTES = 32;
const TEXT_LENGTH_MAX = 200;

function encodeBase58(bytes: Uint8Array): string {
  const digits: number[] = [];
  for (const byte of bytes) {
    let carry = byte;
    for (let i = 0; i < digits.length; i += 1) {
      carry += (digits[i] ?? 0) << 8;
      digits[i] = carry % 58;
      carry = Math.floor(carry / 58);
    }
    for (; carry > 0; carry = Math.floor(carry / 58)) digits.push(carry % 58);
  }
  const zeros = bytes.findIndex((byte) => byte !== 0);
  const text = digits.reverse().map((digit) => ALPHABET.charAt(digit));
  return '1'.repeat(zeros < 0 ? bytes.length : zeros) + text.join('');
}

function decodeBase58(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes: number[] = [];
  for (const character of text) {
    let carry = ALPHABET.indexOf(character);
    if (carry < 0) return undefined;
    for (let i = 0; i < bytes.length; i += 1) {
      carry += (bytes[i] ?? 0) * 58;
      bytes[i] = carry & 0xff;
      carry >>= 8;
    }
    for (; carry > 0; carry >>= 8) bytes.push(carry & 0xff);
  }
  for (const character of text) {
    if (character !== '1') break;
    bytes.push(0);
  }
  return Uint8Array.from(bytes.reverse());
}

function parityOf(bytes: Iterable<number>): number {
  let parity = 0;
  for (const byte of bytes) parity ^= byte;
  return parity;
}

/** Writes a 256-bit key as the text a person keeps. */
export function encodeRecoveryKey(key: Uint8Array): string {
  const payload = [...PREFIX, ...key];
  const text = encodeBase58(Uint8Array.from([...payload, parityOf(payload)]));
  return text.match(/.{1,4}/g)?.join(' ') ?? text;
}

/** Reads a recovery key as typed or pasted, spaces anywhere; `undefined` when it is none. */
export function decodeRecoveryKey(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length > TEXT_LENGTH_MAX) return undefined;
  const bytes = decodeBase58(text.replace(/\s/g, ''));
  if (bytes?.length !== PREFIX.length + KEY_BYTES + 1 || parityOf(bytes) !== 0) return undefined;
  if (bytes[0] !== PREFIX[0] || bytes[1] !== PREFIX[1]) return undefined;
  return bytes.slice(PREFIX.length, PREFIX.length + KEY_BYTES);
}
