import { Buffer } from 'node:buffer';

/** An Argon2id hash with what it was made with. */
export interface PhcHash {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

// $argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>, both in base64 without padding.
const PHC =
  /^\$argon2id\$v=19\$m=([1-9]\d{0,9}),t=([1-9]\d{0,5}),p=([1-9]\d?)\$([A-Za-z\d+/]{11,86})\$([A-Za-z\d+/]{16,86})$/;

function unpadded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replaceAll('=', '');
}

/** The PHC string of a hash. */
export function encodePhc(hash: PhcHash): string {
  const { memoryKib, passes, lanes } = hash;
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${lanes}$${unpadded(hash.salt)}$${unpadded(hash.hash)}`;
}

/** Parses a PHC string; `undefined` for every other form. */
export function parsePhc(text: string): PhcHash | undefined {
  const match = PHC.exec(text);
  if (match === null) return undefined;
  const [, memory = '', passes = '', lanes = '', salt = '', hash = ''] = match;
  return {
    memoryKib: Number(memory),
    passes: Number(passes),
    lanes: Number(lanes),
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  };
}
