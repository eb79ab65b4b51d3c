/** Packets for tests of censors: connections that say what a test wants, one segment at a time. */
import { createCipheriv } from 'node:crypto';
import { encode } from 'dns-packet';
import type { Censor, Verdict } from '../../src/lab/censor/censor.ts';
import { parsePacket, type Packet, writeTcp, writeUdp } from '../../src/lab/packet/packet.ts';
import { clientInitialKeys, type CryptoPiece } from '../../src/lab/packet/quic.ts';

export interface Ends {
  readonly client: string;
  readonly server: string;
  readonly clientPort: number;
  readonly serverPort: number;
}

export const ENDS4: Ends = { client: '198.51.100.10', server: '203.0.113.20', clientPort: 40_000, serverPort: 443 };
export const ENDS6: Ends = { client: '2001:db8:1::10', server: '2001:db8:2::20', clientPort: 40_000, serverPort: 443 };

export function packetOf(bytes: Uint8Array): Packet {
  const packet = parsePacket(bytes);
  if (packet === undefined) throw new Error('no packet');
  return packet;
}

/** A TCP connection, told packet by packet to a censor that stands between its ends. */
export class Talk {
  readonly #censor: Censor;
  readonly #ends: Ends;
  readonly #isOutbound: boolean;
  now: number;
  sequence = 1_000;
  reply = 5_000;

  constructor(
    censor: Censor,
    options: { ends?: Partial<Ends>; isOutbound?: boolean; now?: number; ipv6?: boolean } = {},
  ) {
    this.#censor = censor;
    this.#ends = { ...(options.ipv6 === true ? ENDS6 : ENDS4), ...options.ends };
    this.#isOutbound = options.isOutbound ?? true;
    this.now = options.now ?? 1_000;
  }

  syn(): Verdict {
    return this.#fromClient(this.sequence - 1, ['syn'], new Uint8Array());
  }

  synAck(): Verdict {
    return this.#fromServer(this.reply - 1, ['syn', 'ack'], new Uint8Array());
  }

  /** The next bytes of the client. */
  say(payload: Uint8Array): Verdict {
    const verdict = this.sayAt(this.sequence, payload);
    this.sequence += payload.length;
    return verdict;
  }

  /** Bytes of the client at a place of their own: repeated, or before their turn. */
  sayAt(sequence: number, payload: Uint8Array): Verdict {
    return this.#fromClient(sequence, ['psh', 'ack'], payload);
  }

  answer(payload: Uint8Array): Verdict {
    const verdict = this.#fromServer(this.reply, ['psh', 'ack'], payload);
    this.reply += payload.length;
    return verdict;
  }

  #fromClient(sequence: number, flags: readonly ('syn' | 'ack' | 'psh')[], payload: Uint8Array): Verdict {
    const { client, server, clientPort, serverPort } = this.#ends;
    const ends = { source: client, destination: server, sourcePort: clientPort, destinationPort: serverPort };
    const bytes = writeTcp({ ...ends, sequence, acknowledgement: this.reply, flags, payload });
    return this.#censor.inspect({ packet: packetOf(bytes), isOutbound: this.#isOutbound, now: this.now });
  }

  #fromServer(sequence: number, flags: readonly ('syn' | 'ack' | 'psh')[], payload: Uint8Array): Verdict {
    const { client, server, clientPort, serverPort } = this.#ends;
    const ends = { source: server, destination: client, sourcePort: serverPort, destinationPort: clientPort };
    const bytes = writeTcp({ ...ends, sequence, acknowledgement: this.sequence, flags, payload });
    return this.#censor.inspect({ packet: packetOf(bytes), isOutbound: !this.#isOutbound, now: this.now });
  }
}

/** A datagram from the client, judged. */
export function datagram(
  censor: Censor,
  payload: Uint8Array,
  options: { ends?: Partial<Ends>; isOutbound?: boolean; now?: number; ipv6?: boolean; isReply?: boolean } = {},
): Verdict {
  const ends = { ...(options.ipv6 === true ? ENDS6 : ENDS4), ...options.ends };
  const forward = {
    source: ends.client,
    destination: ends.server,
    sourcePort: ends.clientPort,
    destinationPort: ends.serverPort,
  };
  const back = {
    source: ends.server,
    destination: ends.client,
    sourcePort: ends.serverPort,
    destinationPort: ends.clientPort,
  };
  const bytes = writeUdp({ ...(options.isReply === true ? back : forward), payload });
  const isOutbound = (options.isOutbound ?? true) !== (options.isReply === true);
  return censor.inspect({ packet: packetOf(bytes), isOutbound, now: options.now ?? 1_000 });
}

function number(value: number, width: number): Buffer {
  const bytes = Buffer.alloc(width);
  bytes.writeUIntBE(value, 0, width);
  return bytes;
}

function block(width: number, content: Uint8Array): Buffer {
  return Buffer.concat([number(content.length, width), content]);
}

export interface HelloOptions {
  readonly name?: string;
  readonly esni?: boolean;
  /** Versions that `supported_versions` lists. */
  readonly versions?: readonly number[];
  /** Bytes of padding before the name, as a post-quantum share is. */
  readonly before?: number;
}

function extension(type: number, content: Uint8Array): Buffer {
  return Buffer.concat([number(type, 2), block(2, content)]);
}

function helloBody({ name, esni, versions = [0x0304], before = 0 }: HelloOptions, isDtls = false): Buffer {
  const extensions = [
    extension(0x0a0a, new Uint8Array()),
    ...(before > 0 ? [extension(51, new Uint8Array(before))] : []),
    ...(name === undefined
      ? []
      : [extension(0, block(2, Buffer.concat([number(0, 1), block(2, Buffer.from(name, 'latin1'))])))]),
    ...(versions.length === 0 ? [] : [extension(43, block(1, Buffer.concat(versions.map((one) => number(one, 2)))))]),
    ...(esni === true ? [extension(0xffce, new Uint8Array(40))] : []),
  ];
  return Buffer.concat([
    number(isDtls ? 0xfefd : 0x0303, 2),
    Buffer.alloc(32, 7),
    block(1, Buffer.alloc(isDtls ? 0 : 32, 9)),
    ...(isDtls ? [block(1, new Uint8Array())] : []),
    block(2, Buffer.from([0x13, 0x01, 0x13, 0x02])),
    block(1, Buffer.from([0])),
    block(2, Buffer.concat(extensions)),
  ]);
}

/** A ClientHello message without records. */
export function helloMessage(options: HelloOptions): Buffer {
  return Buffer.concat([number(1, 1), block(3, helloBody(options))]);
}

/** A ClientHello in TLS records, cut into records after so many bytes each. */
export function hello(options: HelloOptions, recordBytes = 16_384): Buffer {
  const message = helloMessage(options);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += recordBytes) {
    records.push(Buffer.from([22, 3, 1]), block(2, message.subarray(at, at + recordBytes)));
  }
  return Buffer.concat(records);
}

/** The first datagram of a DTLS client. */
export function dtlsHello(options: HelloOptions): Buffer {
  const body = helloBody(options, true);
  const message = Buffer.concat([number(1, 1), number(body.length, 3), number(0, 2), number(0, 3), block(3, body)]);
  return Buffer.concat([Buffer.from([22, 0xfe, 0xfd]), Buffer.alloc(8), block(2, message)]);
}

export function question(name: string, type: 'A' | 'AAAA' | 'TXT' = 'A'): Buffer {
  return encode({ type: 'query', id: 77, flags: 0x100, questions: [{ name, type, class: 'IN' }] });
}

export function answerOf(name: string, address: string): Buffer {
  const type = address.includes(':') ? 'AAAA' : 'A';
  return encode({
    type: 'response',
    id: 77,
    questions: [{ name, type, class: 'IN' }],
    answers: [{ name, type, data: address, ttl: 60 }],
  });
}

function varint(value: number): Buffer {
  return value < 64 ? number(value, 1) : number(value + 0x4000, 2);
}

/** The pieces of a hello, cut after so many bytes each. */
export function piecesOf(message: Uint8Array, bytes: number): CryptoPiece[] {
  const pieces: CryptoPiece[] = [];
  for (let offset = 0; offset < message.length; offset += bytes) {
    pieces.push({ offset, bytes: message.subarray(offset, offset + bytes) });
  }
  return pieces;
}

/** A client's QUIC Initial with these CRYPTO frames, encrypted as RFC 9001 §5 says. */
export function initial(
  pieces: readonly CryptoPiece[],
  options: { version?: number; connectionId?: string } = {},
): Buffer {
  const version = options.version ?? 1;
  const connectionId = Buffer.from(options.connectionId ?? '8394c8f03e515708', 'hex');
  const keys = clientInitialKeys(connectionId, version);
  if (keys === undefined) throw new Error('no such version');
  const frames = pieces.flatMap(({ offset, bytes }) => [Buffer.from([6]), varint(offset), varint(bytes.length), bytes]);
  const plain = Buffer.concat([Buffer.from([1]), ...frames]);
  const padded = Buffer.concat([plain, Buffer.alloc(Math.max(0, 1_162 - plain.length))]);
  const head = Buffer.concat([
    Buffer.from([version === 1 ? 0xc3 : 0xd3]),
    number(version, 4),
    block(1, connectionId),
    block(1, new Uint8Array()),
    varint(0),
    varint(padded.length + 4 + 16),
    number(2, 4),
  ]);
  const nonce = Buffer.from(keys.iv);
  nonce[11] = (nonce[11] ?? 0) ^ 2;
  const cipher = createCipheriv('aes-128-gcm', keys.key, nonce);
  cipher.setAAD(head);
  const sealed = Buffer.concat([cipher.update(padded), cipher.final(), cipher.getAuthTag()]);
  const mask = createCipheriv('aes-128-ecb', keys.headerKey, null).update(sealed.subarray(0, 16));
  head[0] = (head[0] ?? 0) ^ ((mask[0] ?? 0) & 15);
  for (let i = 0; i < 4; i += 1) {
    const place = head.length - 4 + i;
    head[place] = (head[place] ?? 0) ^ (mask[1 + i] ?? 0);
  }
  return Buffer.concat([head, sealed]);
}

/** Randomness that gives these values, one after the other, and then the last one for ever. */
export function randomOf(...values: readonly number[]): { random: () => number } {
  let at = 0;
  return { random: () => values[Math.min(at++, values.length - 1)] ?? 0 };
}
