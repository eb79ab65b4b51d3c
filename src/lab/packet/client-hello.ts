/** The first message of TLS and DTLS: which name it asks for, and what tells one client from another. Pure. */
import { concatBytes } from '../../lib/bytes.ts';
import { Reader } from './reader.ts';

export interface ClientHello {
  /** Lower-case, without a dot at its end; `undefined` where the hello names nobody. */
  readonly serverName: string | undefined;
  /** Whether it holds the encrypted name of the drafts before ECH. */
  readonly hasEsni: boolean;
  readonly hasEch: boolean;
  /** `supported_versions`, as numbers; empty without the extension. */
  readonly versions: readonly number[];
  /** Version, cipher suites and extensions, as one text: the same client writes the same. */
  readonly fingerprint: string;
}

export type HelloReading =
  | { readonly kind: 'hello'; readonly hello: ClientHello }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'other' };

const OTHER: HelloReading = { kind: 'other' };
const INCOMPLETE: HelloReading = { kind: 'incomplete' };

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
/** RFC 8446 §5.1: "The length MUST NOT exceed 2^14 bytes." */
const RECORD_MAX = 16_384;

const SERVER_NAME = 0;
const SUPPORTED_VERSIONS = 43;
const ECH = 0xfe0d;
const ESNI = 0xffce;

/** Reads the hello at the start of a TCP stream, however many records it is cut into. */
export function readClientHello(stream: Uint8Array): HelloReading {
  const parts: Uint8Array[] = [];
  let have = 0;
  let wanted = 4;
  for (let rest = stream; have < wanted; ) {
    const record = nextRecord(rest);
    if (record === undefined) return INCOMPLETE;
    if (record === 'other') return OTHER;
    parts.push(record.content);
    have += record.content.length;
    const head = concatBytes(parts).subarray(0, 4);
    if (head.length > 0 && head[0] !== CLIENT_HELLO) return OTHER;
    if (head.length === 4) wanted = 4 + (new Reader(head.subarray(1)).number(3) ?? 0);
    if (have < wanted && !record.isWhole) return INCOMPLETE;
    rest = rest.subarray(5 + record.content.length);
  }
  const hello = parseHello(concatBytes(parts).subarray(4, wanted), { isPartial: false, isDtls: false });
  return hello === undefined ? OTHER : { kind: 'hello', hello };
}

/**
 * Reads what the first record of one segment shows of a hello, as a censor does that keeps no state: a name that comes
 * later than that is not seen.
 */
export function peekClientHello(segment: Uint8Array): ClientHello | undefined {
  const record = nextRecord(segment);
  if (record === undefined || record === 'other' || record.content[0] !== CLIENT_HELLO) return undefined;
  return parseHello(record.content.subarray(4), { isPartial: true, isDtls: false });
}

interface Record {
  readonly content: Uint8Array;
  readonly isWhole: boolean;
}

function nextRecord(bytes: Uint8Array): Record | 'other' | undefined {
  if (bytes.length > 0 && bytes[0] !== HANDSHAKE_RECORD) return 'other';
  if (bytes.length > 1 && bytes[1] !== 3) return 'other';
  if (bytes.length < 5) return undefined;
  const length = new Reader(bytes.subarray(3)).number(2) ?? 0;
  if (length === 0 || length > RECORD_MAX) return 'other';
  return { content: bytes.subarray(5, 5 + length), isWhole: bytes.length >= 5 + length };
}

/** Reads the body of a ClientHello message, as QUIC carries it without records; `undefined` when it is none. */
export function parseHelloMessage(message: Uint8Array): ClientHello | undefined {
  if (message[0] !== CLIENT_HELLO) return undefined;
  return parseHello(message.subarray(4), { isPartial: false, isDtls: false });
}

/** Reads the first fragment of a DTLS ClientHello; `undefined` when the datagram holds none. */
export function readDtlsHello(datagram: Uint8Array): ClientHello | undefined {
  const reader = new Reader(datagram);
  const isHandshake = reader.number(1) === HANDSHAKE_RECORD && datagram[1] === 0xfe;
  if (!isHandshake || reader.bytes(10) === undefined) return undefined;
  const record = reader.block(2);
  if (record === undefined) return undefined;
  const message = new Reader(record);
  if (message.number(1) !== CLIENT_HELLO || message.bytes(5) === undefined) return undefined;
  // A fragment that is not the first shows nothing of the head.
  if (message.number(3) !== 0) return undefined;
  const body = message.block(3);
  return body === undefined ? undefined : parseHello(body, { isPartial: true, isDtls: true });
}

function parseHello(body: Uint8Array, options: { isPartial: boolean; isDtls: boolean }): ClientHello | undefined {
  const { isPartial, isDtls } = options;
  const reader = new Reader(body);
  const version = reader.number(2);
  reader.bytes(32);
  reader.block(1);
  if (isDtls) reader.block(1);
  const ciphers = reader.block(2);
  reader.block(1);
  const extensions = reader.block(2, isPartial) ?? new Uint8Array();
  if (version === undefined || ciphers === undefined) return undefined;
  return readExtensions(extensions, { isPartial, head: `${version},${numbers(ciphers).join('-')}` });
}

function readExtensions(
  extensions: Uint8Array,
  { isPartial, head }: { isPartial: boolean; head: string },
): ClientHello | undefined {
  const reader = new Reader(extensions);
  const types: number[] = [];
  let serverName: string | undefined;
  let versions: readonly number[] = [];
  while (reader.left > 0) {
    const type = reader.number(2);
    const content = reader.block(2);
    if (type === undefined || content === undefined) {
      if (isPartial) break;
      return undefined;
    }
    types.push(type);
    if (type === SERVER_NAME) serverName = readServerName(content);
    if (type === SUPPORTED_VERSIONS) versions = numbers(content.subarray(1));
  }
  return {
    serverName,
    versions,
    hasEsni: types.includes(ESNI),
    hasEch: types.includes(ECH),
    fingerprint: `${head},${types.filter((type) => !isGrease(type)).join('-')}`,
  };
}

function readServerName(content: Uint8Array): string | undefined {
  const list = new Reader(new Reader(content).block(2) ?? new Uint8Array());
  const type = list.number(1);
  const name = list.block(2);
  if (type !== 0 || name === undefined || name.length === 0) return undefined;
  return String.fromCharCode(...name.subarray(0, 255))
    .toLowerCase()
    .replace(/\.$/, '');
}

function numbers(bytes: Uint8Array): number[] {
  const reader = new Reader(bytes);
  const found: number[] = [];
  for (let one = reader.number(2); one !== undefined; one = reader.number(2)) if (!isGrease(one)) found.push(one);
  return found;
}

/** RFC 8701 §2: values that clients invent so that servers learn to ignore what they do not know. */
function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}
