/**
 * The mutual proof at the start of a connection: each side signs, with the key by which the other one knows it, the
 * keying material that the TLS channel exports (RFC 8446 §7.5). So no certificate has to be trusted, whoever stands
 * between two channels has two different exports, and a proof is of no use in another connection.
 */
import { decodeBase64, encodeBase64 } from '../lib/base64.ts';
import type { Crypto } from '../ports/crypto.ts';

/** What the side that dials says of itself. */
export interface Hello {
  /** Its public key, 32 bytes of Ed25519. */
  readonly dialler: Uint8Array;
  /** The session that the connection is for, 16 random bytes. */
  readonly session: Uint8Array;
  /** Whether the session begins with it. */
  readonly isNew: boolean;
  /** Which of the session's connections it is. */
  readonly lane: number;
  /** Frames that it has received in that lane. */
  readonly received: number;
}

/** What the side that listens answers, once it knows who dials. */
export interface Welcome {
  /** False where it knows nothing of a session that is to go on. */
  readonly isKnown: boolean;
  readonly received: number;
}

/** Who proves what to whom: the seed of the one that speaks, the public key of the one that hears. */
export interface ProofKeys {
  readonly crypto: Crypto;
  readonly seed: Uint8Array;
  readonly other: Uint8Array;
}

/** The label and length of what TLS exports for it. */
export const EXPORT = { label: 'EXPORTER-postern-link-1', length: 32 } as const;

const KEY_BYTES = 32;
const SESSION_BYTES = 16;
const SIGNATURE_BYTES = 64;
const HELLO_BYTES = KEY_BYTES + SESSION_BYTES + 2 + 8;
const WELCOME_BYTES = 1 + 8;
const CONTEXTS = { hello: 'postern-link-1 hello', welcome: 'postern-link-1 welcome' } as const;

/** The text in which a dialler proves itself over the channel whose exported bytes are `binding`. */
export function writeHello(hello: Hello, binding: Uint8Array, keys: ProofKeys): string {
  const bytes = Buffer.alloc(HELLO_BYTES);
  bytes.set(hello.dialler, 0);
  bytes.set(hello.session, KEY_BYTES);
  bytes[KEY_BYTES + SESSION_BYTES] = hello.isNew ? 1 : 0;
  bytes[KEY_BYTES + SESSION_BYTES + 1] = hello.lane;
  bytes.writeBigUInt64BE(BigInt(hello.received), HELLO_BYTES - 8);
  return signed(bytes, signedBytes('hello', [binding, keys.other, bytes]), keys);
}

/** What a dialler says; nothing is proven yet. `undefined` for anything but a hello. */
export function readHello(text: string): Hello | undefined {
  const bytes = parts(text, HELLO_BYTES)?.body;
  const flag = bytes?.[KEY_BYTES + SESSION_BYTES];
  const received = bytes === undefined ? undefined : count(bytes, HELLO_BYTES - 8);
  if (bytes === undefined || flag === undefined || flag > 1 || received === undefined) return undefined;
  return {
    dialler: bytes.subarray(0, KEY_BYTES),
    session: bytes.subarray(KEY_BYTES, KEY_BYTES + SESSION_BYTES),
    isNew: flag === 1,
    lane: bytes[KEY_BYTES + SESSION_BYTES + 1] ?? 0,
    received,
  };
}

/** Whether the hello was said by the holder of its key, to us, over this channel. */
export function provesHello(text: string, binding: Uint8Array, { crypto, seed }: Omit<ProofKeys, 'other'>): boolean {
  const found = parts(text, HELLO_BYTES);
  if (found === undefined) return false;
  const { body, signature } = found;
  const message = signedBytes('hello', [binding, crypto.ed25519PublicKey(seed), body]);
  return crypto.ed25519Verify(body.subarray(0, KEY_BYTES), message, signature);
}

/** The answer to a hello. */
export function writeWelcome(
  welcome: Welcome,
  hello: string,
  binding: Uint8Array,
  keys: Omit<ProofKeys, 'other'>,
): string {
  const bytes = Buffer.alloc(WELCOME_BYTES);
  bytes[0] = welcome.isKnown ? 1 : 0;
  bytes.writeBigUInt64BE(BigInt(welcome.received), 1);
  return signed(bytes, signedBytes('welcome', [binding, keys.crypto.sha256(hello), bytes]), keys);
}

/** The answer to our hello where it is that of the holder of `other`, over this channel; else `undefined`. */
export function readWelcome(
  text: string,
  hello: string,
  binding: Uint8Array,
  { crypto, other }: Omit<ProofKeys, 'seed'>,
): Welcome | undefined {
  const found = parts(text, WELCOME_BYTES);
  if (found === undefined) return undefined;
  const { body, signature } = found;
  const message = signedBytes('welcome', [binding, crypto.sha256(hello), body]);
  const received = count(body, 1);
  const flag = body[0] ?? 0;
  if (flag > 1 || received === undefined || !crypto.ed25519Verify(other, message, signature)) return undefined;
  return { isKnown: flag === 1, received };
}

function signed(body: Uint8Array, message: Uint8Array, { crypto, seed }: Omit<ProofKeys, 'other'>): string {
  return encodeBase64(Buffer.concat([body, crypto.ed25519Sign(seed, message)]));
}

/** All parts have a fixed length: none of them can be read as a piece of its neighbour. */
function signedBytes(context: keyof typeof CONTEXTS, fields: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from(`${CONTEXTS[context]}\0`, 'ascii'), ...fields]);
}

function parts(text: string, bodyBytes: number): { body: Buffer; signature: Uint8Array } | undefined {
  // Four characters are three bytes; nothing longer is looked at.
  if (text.length > Math.ceil(((bodyBytes + SIGNATURE_BYTES) * 4) / 3)) return undefined;
  const bytes = decodeBase64(text);
  if (bytes?.length !== bodyBytes + SIGNATURE_BYTES) return undefined;
  return { body: Buffer.from(bytes.subarray(0, bodyBytes)), signature: bytes.subarray(bodyBytes) };
}

function count(bytes: Buffer, at: number): number | undefined {
  const value = Number(bytes.readBigUInt64BE(at));
  return Number.isSafeInteger(value) ? value : undefined;
}
