import assert from 'node:assert/strict';
import { createHmac, randomBytes, X509Certificate } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { systemClock } from '../clock/index.ts';
import type { Log } from '../../ports/log.ts';
import { defer } from '../../lib/deferred.ts';
import { directPassword, directUfrag } from '../../matrix/routes/direct.ts';
import { Admission } from './admission.ts';
import { CertificateFolder } from '../../deploy/certificates/folder.ts';
import { type DirectPort, openDirectCertificate, openDirectPort } from './index.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'postern-webrtc-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const SECRET = new Uint8Array(16).fill(3);
const OTHER = new Uint8Array(16).fill(4);

function ufragBy(secret: Uint8Array, nonce: string): Promise<string> {
  return directUfrag(nonce, (text) => createHmac('sha256', secret).update(text).digest('hex'));
}

function nonce(number: number): string {
  return number.toString(16).padStart(16, '0');
}

const ignore = (): void => undefined;
const log: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => log };

const certificate = await openDirectCertificate(new CertificateFolder(folder), Date.UTC(2026, 10, 24));

/** A STUN Binding request (RFC 8489) as ICE sends it: user name, integrity by the password, fingerprint. */
function bindingRequest(ufrag: string, password: string): Buffer {
  const attribute = (type: number, value: Uint8Array): Buffer => {
    const head = Buffer.alloc(4);
    head.writeUInt16BE(type, 0);
    head.writeUInt16BE(value.length, 2);
    return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
  };
  const header = Buffer.concat([Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]), randomBytes(12)]);
  let body = Buffer.concat([
    attribute(0x0006, Buffer.from(`${ufrag}:${ufrag}`)),
    attribute(0x0024, Buffer.from([0x6e, 0, 1, 0xff])),
    attribute(0x802a, randomBytes(8)),
    attribute(0x0025, Buffer.alloc(0)),
  ]);
  const whole = (length: number): Buffer => {
    header.writeUInt16BE(length, 2);
    return Buffer.concat([header, body]);
  };
  const integrity = createHmac('sha1', password)
    .update(whole(body.length + 24))
    .digest();
  body = Buffer.concat([body, attribute(0x0008, integrity)]);
  const print = Buffer.alloc(4);
  print.writeUInt32BE((crc32(whole(body.length + 8)) ^ 0x5354554e) >>> 0, 0);
  body = Buffer.concat([body, attribute(0x8028, print)]);
  return whole(body.length);
}

interface Prober {
  /** Packets that have come back. */
  readonly answers: Buffer[];
  send(packet: Uint8Array): Promise<void>;
  /** Sends it until something comes back. */
  untilAnswered(packet: () => Buffer): Promise<void>;
  close(): void;
}

function openProber(port: number): Prober {
  const socket = createSocket('udp4');
  const answers: Buffer[] = [];
  let wake = ignore;
  socket.on('message', (packet) => {
    answers.push(packet);
    wake();
  });
  const send = (packet: Uint8Array) =>
    new Promise<void>((resolve) => socket.send(packet, port, '127.0.0.1', () => resolve()));
  return {
    answers,
    send,
    async untilAnswered(packet) {
      const before = answers.length;
      while (answers.length === before) {
        await send(packet());
        const timer = defer<void>();
        wake = timer.resolve;
        const late = systemClock.schedule(100, timer.resolve);
        await timer.promise;
        late.cancel();
      }
    },
    close: () => socket.close(),
  };
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

async function openPort(): Promise<{ port: number; direct: DirectPort }> {
  const port = await freePort();
  const direct = openDirectPort({
    address: '127.0.0.1',
    port,
    ...certificate,
    clock: systemClock,
    log,
    binding: () => '{}',
    padding: () => new Uint8Array(),
    onStream: ignore,
  });
  direct.setSecrets([SECRET]);
  await direct.listening();
  return { port, direct };
}

async function goodRequest(): Promise<() => Buffer> {
  const ufrag = await ufragBy(SECRET, randomBytes(8).toString('hex'));
  const password = await directPassword(ufrag, (text) => createHmac('sha256', SECRET).update(text).digest('hex'));
  return () => bindingRequest(ufrag, password);
}

test('the certificate lasts ten years, is made once, and its key is its owner’s', async () => {
  const again = await openDirectCertificate(new CertificateFolder(folder), 0);
  assert.deepEqual(again, certificate);
  const read = new X509Certificate(readFileSync(certificate.certificateFile));
  assert.equal(read.verify(read.publicKey), true);
  assert.equal(new Date(read.validTo).getUTCFullYear(), 2036);
  assert.equal(
    read.fingerprint256.replaceAll(':', '').toLowerCase(),
    Buffer.from(certificate.fingerprint).toString('hex'),
  );
  assert.equal(statSync(certificate.keyFile).mode & 0o777, 0o600);
});

test('admission: only a fragment of a valid secret, each once, within bounds', async () => {
  let nowMs = 0;
  const admission = new Admission(() => nowMs);
  const good = await ufragBy(SECRET, nonce(1));
  assert.equal(admission.admit(good, 'a'), undefined);
  admission.setSecrets([OTHER, SECRET]);
  assert.match(admission.admit(good, 'a') ?? '', /^[0-9a-f]{32}$/);
  assert.equal(admission.admit(good, 'a'), undefined);
  for (const bad of ['', 'mx', `${good}x`, good.toUpperCase(), good.replace(/.$/, 'g'), `mx${nonce(2)}${nonce(2)}`]) {
    assert.equal(admission.admit(bad, 'b'), undefined, bad);
  }
  const admitted = async (first: number, count: number, address: string): Promise<number> => {
    let sum = 0;
    for (let at = first; at < first + count; at += 1) {
      nowMs += 1_000;
      if (admission.admit(await ufragBy(SECRET, nonce(at)), address) !== undefined) sum += 1;
    }
    return sum;
  };
  assert.equal(await admitted(100, 30, 'c'), 16);
  assert.equal(await admitted(200, 16, 'd'), 16);
  assert.equal(await admitted(300, 16, 'e'), 16);
  // 64 that are not open yet, the one at the beginning among them.
  assert.equal(await admitted(400, 16, 'f'), 15);
  admission.closed(good);
  assert.equal(await admitted(500, 16, 'g'), 1);
});

test('admission: a flood from one address is not looked at, others are', async () => {
  const admission = new Admission(() => 0);
  admission.setSecrets([SECRET]);
  for (let at = 0; at < 60; at += 1) admission.admit(await ufragBy(OTHER, nonce(at)), 'flood');
  assert.equal(admission.admit(await ufragBy(SECRET, nonce(1)), 'flood'), undefined);
  assert.ok(admission.admit(await ufragBy(SECRET, nonce(1)), 'other') !== undefined);
});

test('without the secret nothing comes back; with it the port answers', async (t) => {
  const { port, direct } = await openPort();
  const prober = openProber(port);
  const guest = openProber(port);
  t.after(() => {
    prober.close();
    guest.close();
    direct.close();
  });
  for (let at = 0; at < 40; at += 1) {
    const ufrag = await ufragBy(OTHER, randomBytes(8).toString('hex'));
    await prober.send(bindingRequest(ufrag, randomBytes(16).toString('hex')));
    await prober.send(bindingRequest(randomBytes(17).toString('hex'), 'password'));
    await prober.send(bindingRequest('x', 'password'));
    await prober.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  }
  await guest.untilAnswered(await goodRequest());
  assert.equal(prober.answers.length, 0);
});

test('malformed packets are survived; where the process ends all the same, another takes its place', async (t) => {
  const { port, direct } = await openPort();
  const prober = openProber(port);
  const guest = openProber(port);
  t.after(() => {
    prober.close();
    guest.close();
    direct.close();
  });
  const sample = (await goodRequest())();
  for (let round = 0; round < 600; round += 1) {
    const packet = Buffer.from(sample);
    for (let flips = 0; flips < 1 + (round % 6); flips += 1) {
      packet[randomBytes(1).readUInt8() % packet.length] = randomBytes(1).readUInt8();
    }
    await prober.send(round % 3 === 0 ? packet.subarray(0, round % packet.length) : packet);
    await prober.send(randomBytes(round % 200));
  }
  await guest.untilAnswered(await goodRequest());
  const before = direct.processId;
  assert.ok(before !== undefined);
  process.kill(before, 'SIGABRT');
  await guest.untilAnswered(await goodRequest());
  assert.notEqual(direct.processId, before);
});
