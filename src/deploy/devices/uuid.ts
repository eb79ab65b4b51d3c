import type { Crypto } from '../../ports/crypto.ts';

/** An identifier made of a name, of the form that RFC 9562 §5.8 leaves to its maker (version 8). */
export function uuidOf({ sha256 }: Pick<Crypto, 'sha256'>, name: string): string {
  const bytes = Buffer.from(sha256(`postern devices ${name}`)).subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex').toUpperCase();
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
