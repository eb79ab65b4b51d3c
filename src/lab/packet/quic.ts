/** The first datagrams of QUIC: anybody on the way can open them, because their keys come from what they show. */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { concatBytes } from '../../lib/bytes.ts';
import { type ClientHello, parseHelloMessage } from './client-hello.ts';
import { Reader } from './reader.ts';

/** Salt and labels by version (RFC 9001 §5.2, RFC 9369 §3.3), and how an Initial names its type. */
const VERSIONS: ReadonlyMap<number, { readonly salt: string; readonly prefix: string; readonly initialType: number }> =
  new Map([
    [1, { salt: '38762cf7f55934b34d179ae6a4c80cadccbb7f0a', prefix: 'quic', initialType: 0 }],
    [0x6b3343cf, { salt: '0dede3def700a6db819381be6e269dcbf9bd2ed9', prefix: 'quicv2', initialType: 1 }],
  ]);

export interface InitialKeys {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly headerKey: Uint8Array;
}

/** A piece of the hello, and where it belongs. */
export interface CryptoPiece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface Initial {
  readonly connectionId: string;
  readonly pieces: readonly CryptoPiece[];
}

/** The keys of the client's Initial packets. */
export function clientInitialKeys(connectionId: Uint8Array, version = 1): InitialKeys | undefined {
  const facts = VERSIONS.get(version);
  if (facts === undefined) return undefined;
  const initial = hmac(Buffer.from(facts.salt, 'hex'), connectionId);
  const client = expandLabel(initial, 'client in', 32);
  return {
    key: expandLabel(client, `${facts.prefix} key`, 16),
    iv: expandLabel(client, `${facts.prefix} iv`, 12),
    headerKey: expandLabel(client, `${facts.prefix} hp`, 16),
  };
}

/** HKDF-Expand-Label of RFC 8446 §7.1, for outputs of at most one block. */
function expandLabel(secret: Uint8Array, label: string, length: number): Uint8Array {
  const name = Buffer.from(`tls13 ${label}`, 'latin1');
  const info = concatBytes([Uint8Array.of(0, length, name.length), name, Uint8Array.of(0, 1)]);
  return hmac(secret, info).subarray(0, length);
}

function hmac(key: Uint8Array, data: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(data).digest();
}

/** Opens the client's Initial at the start of a datagram; `undefined` when there is none that can be opened. */
export function openInitial(datagram: Uint8Array): Initial | undefined {
  const head = readHead(datagram);
  if (head === undefined) return undefined;
  const keys = clientInitialKeys(head.connectionId, head.version);
  if (keys === undefined) return undefined;
  const plain = decrypt(datagram, head, keys);
  const pieces = plain === undefined ? undefined : readCryptoFrames(plain);
  if (pieces === undefined) return undefined;
  return { connectionId: Buffer.from(head.connectionId).toString('hex'), pieces };
}

interface Head {
  readonly version: number;
  readonly connectionId: Uint8Array;
  readonly numberAt: number;
  readonly end: number;
}

function readHead(datagram: Uint8Array): Head | undefined {
  const reader = new Reader(datagram);
  const first = reader.number(1) ?? 0;
  const version = reader.number(4);
  const facts = version === undefined ? undefined : VERSIONS.get(version);
  if (version === undefined || facts === undefined) return undefined;
  if ((first & 0xc0) !== 0xc0 || ((first >> 4) & 3) !== facts.initialType) return undefined;
  const connectionId = reader.block(1);
  const source = reader.block(1);
  const tokenBytes = varint(reader);
  if (connectionId === undefined || source === undefined || tokenBytes === undefined) return undefined;
  if (connectionId.length > 20 || reader.bytes(tokenBytes) === undefined) return undefined;
  const length = varint(reader);
  const numberAt = datagram.length - reader.left;
  if (length === undefined || length < 20 || length > reader.left) return undefined;
  return { version, connectionId, numberAt, end: numberAt + length };
}

function decrypt(datagram: Uint8Array, { numberAt, end }: Head, keys: InitialKeys): Uint8Array | undefined {
  // RFC 9001 §5.4.2: "the Packet Number field is assumed to be 4 bytes long" for the place of the sample.
  const sample = datagram.subarray(numberAt + 4, numberAt + 20);
  const mask = createCipheriv('aes-128-ecb', keys.headerKey, null).update(sample);
  const head = datagram.slice(0, numberAt + 4);
  head[0] = (head[0] ?? 0) ^ ((mask[0] ?? 0) & 0x0f);
  const numberBytes = ((head[0] ?? 0) & 3) + 1;
  const nonce = Uint8Array.from(keys.iv);
  for (let i = 0; i < numberBytes; i += 1) {
    head[numberAt + i] = (head[numberAt + i] ?? 0) ^ (mask[1 + i] ?? 0);
    const place = 12 - numberBytes + i;
    nonce[place] = (nonce[place] ?? 0) ^ (head[numberAt + i] ?? 0);
  }
  const decipher = createDecipheriv('aes-128-gcm', keys.key, nonce);
  decipher.setAAD(head.subarray(0, numberAt + numberBytes));
  decipher.setAuthTag(datagram.subarray(end - 16, end));
  try {
    return concatBytes([decipher.update(datagram.subarray(numberAt + numberBytes, end - 16)), decipher.final()]);
  } catch {
    return undefined;
  }
}

const PADDING = 0;
const PING = 1;
const ACK = 2;
const ACK_ECN = 3;
const CRYPTO = 6;
const CONNECTION_CLOSE = 0x1c;

/** The CRYPTO frames among those that an Initial may hold (RFC 9000 §12.4); `undefined` for any other. */
function readCryptoFrames(plain: Uint8Array): CryptoPiece[] | undefined {
  const reader = new Reader(plain);
  const pieces: CryptoPiece[] = [];
  while (reader.left > 0) {
    const type = reader.number(1);
    if (type === PADDING || type === PING) continue;
    if (type === CONNECTION_CLOSE) return pieces;
    if (type === ACK || type === ACK_ECN) {
      if (!skipAck(reader, type === ACK_ECN)) return undefined;
      continue;
    }
    const offset = varint(reader);
    const length = varint(reader);
    const bytes = length === undefined ? undefined : reader.bytes(length);
    if (type !== CRYPTO || offset === undefined || bytes === undefined) return undefined;
    pieces.push({ offset, bytes });
  }
  return pieces;
}

function skipAck(reader: Reader, hasCounts: boolean): boolean {
  varint(reader);
  varint(reader);
  const ranges = varint(reader);
  if (ranges === undefined || ranges > reader.left) return false;
  const more = 1 + 2 * ranges + (hasCounts ? 3 : 0);
  let last: number | undefined = 0;
  for (let i = 0; i < more && last !== undefined; i += 1) last = varint(reader);
  return last !== undefined;
}

/** A variable-length integer (RFC 9000 §16); `undefined` at the end, and beyond what a datagram can need. */
function varint(reader: Reader): number | undefined {
  const first = reader.number(1);
  if (first === undefined) return undefined;
  const more = (1 << (first >> 6)) - 1;
  if (more > 3) return undefined;
  const rest = more === 0 ? 0 : reader.number(more);
  return rest === undefined ? undefined : (first & 0x3f) * 256 ** more + rest;
}

/** A hello longer than this is not put together any more. */
const HELLO_MAX = 8_192;

/** Puts the pieces of a hello together, in whatever order they come and wherever they are cut. */
export class QuicHello {
  readonly #bytes = new Uint8Array(HELLO_MAX);
  readonly #has = new Uint8Array(HELLO_MAX);

  /** The hello, once it is whole. */
  take(pieces: readonly CryptoPiece[]): ClientHello | undefined {
    for (const { offset, bytes } of pieces) {
      if (offset + bytes.length > HELLO_MAX) continue;
      this.#bytes.set(bytes, offset);
      this.#has.fill(1, offset, offset + bytes.length);
    }
    const whole = this.#has.indexOf(0);
    const have = whole === -1 ? HELLO_MAX : whole;
    const wanted = have < 4 ? 4 : 4 + (new Reader(this.#bytes.subarray(1)).number(3) ?? 0);
    return have < wanted ? undefined : parseHelloMessage(this.#bytes.subarray(0, wanted));
  }
}
