/**
 * Base64 as Matrix uses it. `content/appendices.md`, "Unpadded Base64": "an encoding that omits the padding",
 * and "when decoding Base64, implementations SHOULD accept input with or without padding characters".
 */

const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const URL_SAFE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const INVALID = 255;

function reverse(alphabet: string): Uint8Array {
  const table = new Uint8Array(128).fill(INVALID);
  for (let i = 0; i < 64; i += 1) table[alphabet.charCodeAt(i)] = i;
  return table;
}

const FROM_STANDARD = reverse(STANDARD);
const FROM_URL_SAFE = reverse(URL_SAFE);

function encode(bytes: Uint8Array, alphabet: string): string {
  let text = '';
  let at = 0;
  for (; at + 2 < bytes.length; at += 3) {
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += alphabet.charAt(group >> 18) + alphabet.charAt((group >> 12) & 63);
    text += alphabet.charAt((group >> 6) & 63) + alphabet.charAt(group & 63);
  }
  const left = bytes.length - at;
  if (left === 0) return text;
  const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8);
  text += alphabet.charAt(group >> 18) + alphabet.charAt((group >> 12) & 63);
  return left === 2 ? text + alphabet.charAt((group >> 6) & 63) : text;
}

function decode(text: string, table: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  let length = text.length;
  if (length % 4 === 0 && text.endsWith('=')) length -= text.endsWith('==') ? 2 : 1;
  if (length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((length * 3) / 4));
  let bits = 0;
  let held = 0;
  let out = 0;
  for (let i = 0; i < length; i += 1) {
    const digit = table[text.charCodeAt(i)] ?? INVALID;
    if (digit === INVALID) return undefined;
    bits = ((bits << 6) | digit) & 0xfff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[out] = bits >> held;
      out += 1;
    }
  }
  return bytes;
}

/** Encodes with the standard alphabet, without padding: signatures, keys, content hashes. */
export function encodeBase64(bytes: Uint8Array): string {
  return encode(bytes, STANDARD);
}

/** Encodes with the URL-safe alphabet, without padding: event ids from room version 4 on. */
export function encodeBase64Url(bytes: Uint8Array): string {
  return encode(bytes, URL_SAFE);
}

/** Decodes the standard alphabet, padded or not; `undefined` when `text` is not base64. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  return decode(text, FROM_STANDARD);
}

/** Decodes the URL-safe alphabet, padded or not; `undefined` when `text` is not base64. */
export function decodeBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  return decode(text, FROM_URL_SAFE);
}
