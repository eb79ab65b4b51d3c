/** Packets, hellos, questions and Initials: read and written. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer, connect as connectTcp } from 'node:net';
import { connect } from 'node:tls';
import { formatAddress, parseAddress, Prefixes } from '../../src/lab/packet/address.ts';
import { peekClientHello, readClientHello, readDtlsHello } from '../../src/lab/packet/client-hello.ts';
import { FlowTable, OPENING_MAX } from '../../src/lab/packet/flows.ts';
import { fillChecksums, parsePacket, writeTcp, writeUdp } from '../../src/lab/packet/packet.ts';
import { clientInitialKeys, openInitial, QuicHello } from '../../src/lab/packet/quic.ts';
import { dtlsHello, hello, helloMessage, initial, packetOf, piecesOf } from './packets.ts';

test('addresses are read and written', () => {
  for (const text of ['0.0.0.0', '203.0.113.20', '::', '::1', '2001:db8::20', 'fe80::1:0:0:1', '1:2:3:4:5:6:7:8']) {
    const bytes = parseAddress(text);
    assert.ok(bytes !== undefined, text);
    assert.equal(formatAddress(bytes, 0, bytes.length === 4 ? 4 : 6), text);
  }
  assert.equal(formatAddress(parseAddress('1:0:3:4:5:6:7:8') ?? new Uint8Array(), 0, 6), '1:0:3:4:5:6:7:8');
  for (const text of [
    '',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4.5',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    'fe80::1%0',
  ]) {
    assert.equal(parseAddress(text), undefined, text);
  }
  const prefixes = new Prefixes(['203.0.113.0/25', '2001:db8::/33', '192.0.2.1']);
  assert.deepEqual(
    ['203.0.113.127', '203.0.113.128', '2001:db8:7fff::', '2001:db8:8000::', '192.0.2.1', '192.0.2.2', 'x'].map((one) =>
      prefixes.has(one),
    ),
    [true, false, true, false, true, false, false],
  );
  assert.throws(() => new Prefixes(['203.0.113.0/33']), RangeError);
});

test('a packet that was written is read as it was, in both families', () => {
  for (const [source, destination] of [
    ['198.51.100.10', '203.0.113.20'],
    ['2001:db8::1', '2001:db8::2'],
  ] as const) {
    const ends = { source, destination, sourcePort: 1_234, destinationPort: 443, payload: Buffer.from('odd') };
    const segment = packetOf(
      writeTcp({ ...ends, sequence: 0xfffffff0, acknowledgement: 0x80000001, flags: ['psh', 'ack'] }),
    );
    assert.equal(segment.source, source);
    assert.equal(segment.destination, destination);
    assert.equal(segment.destinationPort, 443);
    assert.deepEqual(segment.tcp, {
      sequence: 0xfffffff0,
      acknowledgement: 0x80000001,
      syn: false,
      ack: true,
      fin: false,
      rst: false,
    });
    assert.equal(Buffer.from(segment.payload).toString(), 'odd');
    assert.equal(Buffer.from(packetOf(writeUdp(ends)).payload).toString(), 'odd');
  }
});

test('checksums are those of the specification', () => {
  // A DNS question as a kernel sent it: its sums are not ours.
  const bytes = Buffer.from('450000215c0b40004011de7cc6336414c6336435a00e0035000d5a1d68656c6c6f', 'hex');
  const wanted = Buffer.from(bytes);
  fillChecksums(wanted);
  const again = Buffer.from(wanted);
  again[10] = 0xff;
  again[27] = 0;
  fillChecksums(again);
  assert.deepEqual(again, wanted);
  // RFC 1071: the sum over everything, with the checksum in it, is all ones.
  let total = 0;
  for (let i = 0; i < 20; i += 2) total += wanted.readUInt16BE(i);
  while (total > 0xffff) total = (total & 0xffff) + (total >> 16);
  assert.equal(total, 0xffff);
  const fragment = Buffer.from(wanted);
  fragment[6] = 0x20;
  const before = fragment.readUInt16BE(26);
  fillChecksums(fragment);
  assert.equal(fragment.readUInt16BE(26), before, 'the sum of a fragment is over what others hold');
});

test('what is no packet is none', () => {
  const whole = writeTcp({
    source: '198.51.100.10',
    destination: '203.0.113.20',
    sourcePort: 1,
    destinationPort: 2,
    sequence: 1,
    flags: ['syn'],
  });
  for (let length = 0; length < whole.length; length += 1)
    assert.equal(parsePacket(whole.subarray(0, length)), undefined);
  const shortHead = Uint8Array.from(whole);
  shortHead[32] = 0x40;
  assert.equal(parsePacket(shortHead), undefined);
  const loop = new Uint8Array(40 + 16 * 8);
  loop[0] = 0x60;
  loop[5] = 16 * 8;
  assert.equal(parsePacket(loop)?.protocol, 0, 'an endless row of extension headers ends');
});

test('a hello is read, whole or in records, and only as far as it goes', () => {
  const options = { name: 'Chat.Example.ORG.', before: 1_200 };
  for (const recordBytes of [16_384, 1, 5, 100]) {
    const bytes = hello(options, recordBytes);
    const reading = readClientHello(bytes);
    assert.ok(reading.kind === 'hello');
    assert.equal(reading.hello.serverName, 'chat.example.org');
    for (const cut of [0, 3, 5, 9, bytes.length - 1]) {
      assert.equal(readClientHello(bytes.subarray(0, cut)).kind, 'incomplete', `${recordBytes}, ${cut}`);
    }
  }
  assert.equal(peekClientHello(hello({ name: 'a.test' }))?.serverName, 'a.test');
  assert.equal(peekClientHello(hello(options).subarray(0, 1_000))?.serverName, undefined, 'the name comes later');
  assert.equal(peekClientHello(hello({ name: 'a.test' }, 5))?.serverName, undefined, 'cut records hide it');
  assert.equal(readClientHello(Buffer.from('GET / HTTP/1.1')).kind, 'other');
  assert.equal(readClientHello(Buffer.from([22, 3, 1, 0, 0])).kind, 'other');
  assert.equal(readClientHello(Buffer.from([22, 3, 1, 0xff, 0xff])).kind, 'other');
  const broken = hello({ name: 'a.test' });
  broken[broken.length - 20] = 0xff;
  assert.notEqual(readClientHello(broken).kind, 'incomplete');
});

test('the hello of Node itself is read', async (t) => {
  const first = new Promise<Buffer>((resolve) => {
    const server = createServer((socket) => {
      socket.once('data', (data) => {
        resolve(data);
        socket.destroy();
        server.close();
      });
      socket.on('error', () => undefined);
    });
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      assert.ok(address !== null && typeof address === 'object');
      const socket = connectTcp(address.port, '127.0.0.1');
      t.after(() => socket.destroy());
      connect({ socket, servername: 'real.example.org' }).on('error', () => undefined);
    });
  });
  const reading = readClientHello(await first);
  assert.ok(reading.kind === 'hello');
  assert.equal(reading.hello.serverName, 'real.example.org');
  assert.ok(reading.hello.versions.includes(0x0304));
});

test('a hello of DTLS is read, and told apart by what it offers', () => {
  const old = readDtlsHello(dtlsHello({ versions: [] }));
  const modern = readDtlsHello(dtlsHello({ versions: [0xfefc, 0xfefd] }));
  assert.deepEqual(old?.versions, []);
  assert.deepEqual(modern?.versions, [0xfefc, 0xfefd]);
  assert.notEqual(old?.fingerprint, modern?.fingerprint);
  assert.equal(readDtlsHello(hello({ name: 'a.test' })), undefined);
  assert.equal(readDtlsHello(Buffer.from([22, 0xfe, 0xfd])), undefined);
});

test('keys of QUIC Initials are those of RFC 9001, Appendix A.1', () => {
  const keys = clientInitialKeys(Buffer.from('8394c8f03e515708', 'hex'));
  assert.ok(keys !== undefined);
  assert.equal(Buffer.from(keys.key).toString('hex'), '1f369613dd76d5467730efcbe3b1a22d');
  assert.equal(Buffer.from(keys.iv).toString('hex'), 'fa044b2f42a3fd3b46fb255c');
  assert.equal(Buffer.from(keys.headerKey).toString('hex'), '9f50449e04a0e810283a1e9933adedd2');
});

test('an Initial is opened; its hello comes together in any order', () => {
  const message = helloMessage({ name: 'quic.example.org', before: 400 });
  for (const version of [1, 0x6b3343cf]) {
    const opened = openInitial(initial(piecesOf(message, 97).toReversed(), { version }));
    assert.ok(opened !== undefined);
    assert.equal(new QuicHello().take(opened.pieces)?.serverName, 'quic.example.org');
  }
  const [one, ...others] = piecesOf(message, 200);
  assert.ok(one !== undefined);
  const parts = new QuicHello();
  assert.equal(parts.take(others), undefined);
  assert.equal(parts.take([one])?.serverName, 'quic.example.org');
  const damaged = initial(piecesOf(message, 97));
  damaged[100] = (damaged[100] ?? 0) ^ 1;
  assert.equal(openInitial(damaged), undefined);
  const sound = initial(piecesOf(message, 97));
  for (let length = 0; length < 60; length += 1) assert.equal(openInitial(sound.subarray(0, length)), undefined);
});

test('a table of connections forgets the oldest, and keeps no more than the opening of each', () => {
  const table = new FlowTable<undefined>(() => undefined);
  const ends = { source: '198.51.100.10', destination: '203.0.113.20', destinationPort: 443 };
  for (let index = 0; index < 10_000; index += 1) {
    const sourcePort = index % 50_000;
    table.take(packetOf(writeTcp({ ...ends, sourcePort, sequence: 0, flags: ['syn'] })));
  }
  assert.equal(table.size, 8_192);
  const say = (sequence: number, payload: Uint8Array) =>
    table.take(packetOf(writeTcp({ ...ends, sourcePort: 9_999, sequence, flags: ['ack'], payload })));
  assert.equal(say(1_001, new Uint8Array(1_000))?.hasGrown, false, 'before its turn');
  const step = say(1, new Uint8Array(1_000));
  assert.equal(step?.flow.opening.bytes.length, 2_000, 'what waited follows');
  assert.equal(say(1, new Uint8Array(500))?.hasGrown, false, 'sent again');
  for (let at = 2_001; at < 20_000; at += 1_000) say(at, new Uint8Array(1_000));
  assert.equal(step?.flow.opening.bytes.length, OPENING_MAX);
});
