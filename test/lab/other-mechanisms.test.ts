/** Mechanisms that are not about names: what bytes look like, addresses, ports, lines, rates, visits. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { Verdict } from '../../src/lab/censor/censor.ts';
import { createCensor } from '../../src/lab/censor/create.ts';
import { findExemption } from '../../src/lab/censor/encrypted.ts';
import type { Rule } from '../../src/lab/censor/rules.ts';
import { datagram, dtlsHello, hello, packetOf, question, randomOf, Talk } from './packets.ts';

const make = (rule: Rule, ...random: number[]) => createCensor(rule, randomOf(...(random.length > 0 ? random : [0])));

function open(talk: Talk, bytes: Uint8Array): Verdict {
  talk.syn();
  talk.synAck();
  return talk.say(bytes);
}

/** Four ones in each byte, none of them printable. */
const NOISE = Buffer.alloc(200, 0xf0);

test('encrypted: each exemption at its edge', () => {
  assert.equal(findExemption(NOISE), undefined);
  // Popcount per byte: 3.4 is let be, a little more is not.
  const ones = (total: number) => Buffer.from(Array.from({ length: 10 }, (_, i) => (i < total ? 0xf0 : 0xe0)));
  assert.equal(findExemption(ones(4)), 'popcount');
  assert.equal(findExemption(ones(5)), undefined);
  const many = (total: number) => Buffer.from(Array.from({ length: 10 }, (_, i) => (i < total ? 0xf8 : 0xf0)));
  assert.equal(findExemption(many(6)), 'popcount');
  assert.equal(findExemption(many(5)), undefined);
  // 0x4b and 0x78 are printable and have four ones.
  const printable = (count: number, at: number, size = 200) => Buffer.alloc(size, 0xf0).fill(0x78, at, at + count);
  assert.equal(findExemption(printable(6, 0)), 'first-six');
  assert.equal(findExemption(printable(5, 0)), undefined);
  const mixed = (count: number) =>
    Buffer.from(Array.from({ length: 200 }, (_, i) => (i % 2 === 1 && i < 2 * count ? 0x78 : 0xf0)));
  assert.equal(findExemption(mixed(100)), undefined, 'exactly half');
  const more = mixed(100);
  more[0] = 0x78;
  assert.equal(findExemption(more), 'half-printable');
  assert.equal(findExemption(printable(21, 50)), 'printable-run');
  assert.equal(findExemption(printable(20, 50)), undefined);
  const withHead = (...head: number[]) => Buffer.concat([Buffer.from(head), NOISE]);
  assert.equal(findExemption(withHead(0x16, 3, 1)), 'protocol');
  assert.equal(findExemption(withHead(0x17, 3, 9)), 'protocol');
  assert.equal(findExemption(withHead(0x17, 3, 10)), undefined);
  assert.equal(findExemption(withHead(0x15, 3, 1)), undefined);
  for (const method of ['GET ', 'PUT ', 'POST ', 'HEAD ']) {
    assert.equal(findExemption(withHead(...Buffer.from(method))), 'protocol', method);
  }
  assert.equal(findExemption(withHead(...Buffer.from('GOT '))), undefined);
});

test('encrypted: chance, prefixes, penalty, both families', () => {
  const rule: Rule = { kind: 'encrypted', probability: 1, residualMs: 180_000 };
  for (const ipv6 of [false, true]) {
    const censor = make(rule);
    assert.equal(open(new Talk(censor, { now: 0, ipv6 }), NOISE).action, 'drop');
    const next = (now: number) => new Talk(censor, { now, ipv6, ends: { clientPort: 41_000 } }).syn().action;
    assert.deepEqual([next(179_999), next(180_000)], ['drop', 'pass']);
  }
  assert.equal(open(new Talk(make({ ...rule, probability: 0 })), NOISE).action, 'pass');
  assert.equal(open(new Talk(make({ kind: 'encrypted' }, 0.262)), NOISE).action, 'drop');
  assert.equal(open(new Talk(make({ kind: 'encrypted' }, 0.264)), NOISE).action, 'pass');
  assert.equal(open(new Talk(make({ ...rule, prefixes: ['198.18.0.0/15'] })), NOISE).action, 'pass');
  const talk = new Talk(make(rule));
  open(talk, Buffer.from('SSH-2.0-x\r\n'));
  assert.equal(talk.say(NOISE).action, 'pass', 'only the first payload is looked at');
});

test('ip: a route into nothing, in one direction or both', () => {
  const both = (rule: Rule, ipv6 = false) => {
    const talk = new Talk(make(rule), { ipv6 });
    return [talk.syn().action, talk.synAck().action];
  };
  assert.deepEqual(both({ kind: 'ip', cidrs: ['203.0.113.0/24'] }), ['drop', 'pass']);
  assert.deepEqual(both({ kind: 'ip', cidrs: ['203.0.113.0/24'], direction: 'in' }), ['pass', 'drop']);
  assert.deepEqual(both({ kind: 'ip', cidrs: ['2001:db8:2::/48'], direction: 'both' }, true), ['drop', 'drop']);
  assert.deepEqual(both({ kind: 'ip', cidrs: ['203.0.113.21'], direction: 'both' }), ['pass', 'pass']);
  assert.deepEqual(both({ kind: 'ip', cidrs: ['198.51.100.10'], direction: 'both' }), ['pass', 'pass'], 'not its own');
});

test('port: three resets for each SYN and SYN+ACK, on this port alone', () => {
  const talk = new Talk(make({ kind: 'port', ports: [443], action: 'rst' }));
  assert.equal(talk.syn().inject?.length, 3);
  const forged = packetOf(talk.syn().inject?.[0]?.bytes ?? new Uint8Array());
  assert.equal(forged.tcp?.acknowledgement, 1_000);
  assert.equal(forged.destination, '198.51.100.10');
  assert.equal(talk.synAck().inject?.length, 6);
  assert.deepEqual(talk.say(hello({})), { action: 'pass' });
  for (const serverPort of [22, 80, 8_443]) {
    const other = new Talk(make({ kind: 'port', ports: [443], action: 'rst' }), { ends: { serverPort } });
    assert.deepEqual(other.syn(), { action: 'pass' });
  }
  assert.equal(new Talk(make({ kind: 'port', ports: [443], action: 'drop' })).syn().action, 'drop');
  const udp: Rule = { kind: 'port', ports: [443], protocol: 'udp', action: 'drop' };
  assert.equal(datagram(make(udp), NOISE).action, 'drop');
  assert.equal(new Talk(make(udp)).syn().action, 'pass');
});

test('inport: nothing begins from outside; answers come', () => {
  const rule: Rule = { kind: 'inport', ports: [53, 80, 443] };
  assert.equal(new Talk(make(rule), { isOutbound: false }).syn().action, 'drop');
  assert.equal(new Talk(make(rule), { isOutbound: false, ends: { serverPort: 40_443 } }).syn().action, 'pass');
  const outward = new Talk(make(rule), { ends: { clientPort: 443 } });
  assert.equal(outward.syn().action, 'pass');
  assert.equal(outward.synAck().action, 'pass');
  assert.equal(
    datagram(make(rule), question('a.test'), { isOutbound: false, ends: { serverPort: 53 } }).action,
    'drop',
  );
});

test('serving: beyond so many connections an hour the line gets slow, until the hour is over', () => {
  const censor = make({ kind: 'serving', threshold: 2, delayMs: 150, loss: 0 });
  const visit = (now: number, clientPort: number, first: Uint8Array) =>
    open(new Talk(censor, { now, isOutbound: false, ends: { clientPort } }), first);
  visit(0, 1, hello({ name: 'a.test' }));
  visit(0, 2, Buffer.from('SSH-2.0-x\r\n'));
  assert.equal(visit(1_000, 3, Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')).delayMs, undefined);
  assert.equal(visit(2_000, 4, hello({})).delayMs, 150);
  assert.equal(new Talk(censor, { now: 3_600_000 }).syn().delayMs, undefined, 'the first is an hour ago');
  const lossy = make({ kind: 'serving', threshold: 0, loss: 1 }, 0.5);
  assert.equal(open(new Talk(lossy, { isOutbound: false }), hello({})).action, 'drop');
});

test('freeze: a server has said enough', () => {
  const talk = new Talk(make({ kind: 'freeze', afterBytes: 16_384, prefixes: ['203.0.113.0/24'] }));
  open(talk, hello({ name: 'a.test' }));
  for (let said = 0; said < 16_384; said += 1_024) assert.equal(talk.answer(Buffer.alloc(1_024)).action, 'pass');
  assert.equal(talk.answer(Buffer.alloc(1)).action, 'drop');
  assert.equal(talk.say(Buffer.alloc(9_000)).action, 'pass', 'the client is still heard');
  const other = new Talk(make({ kind: 'freeze', prefixes: ['198.18.0.0/15'] }));
  open(other, hello({}));
  for (let said = 0; said < 40; said += 1) assert.equal(other.answer(Buffer.alloc(1_000)).action, 'pass');
});

test('throttle: 128 kbit/s for a name or a prefix', () => {
  const passed = (rule: Rule, name: string): number => {
    const talk = new Talk(make(rule), { now: 0 });
    open(talk, hello({ name }));
    let bytes = 0;
    for (let index = 0; index < 1_000; index += 1) {
      talk.now = index * 10;
      bytes += talk.answer(Buffer.alloc(960)).action === 'pass' ? 1_000 : 0;
    }
    return (bytes * 8) / 10_000;
  };
  const kbps = passed({ kind: 'throttle', names: ['slow.test'] }, 'a.slow.test');
  assert.ok(kbps > 125 && kbps < 145, `${kbps} kbit/s`);
  assert.equal(passed({ kind: 'throttle', names: ['slow.test'] }, 'fast.test'), 800);
  assert.ok(passed({ kind: 'throttle', prefixes: ['203.0.113.20'] }, 'fast.test') < 145);
});

test('dtls: hellos without version 1.3 or of a known print', () => {
  const old = dtlsHello({ versions: [] });
  const modern = dtlsHello({ versions: [0xfefc, 0xfefd] });
  const rule: Rule = { kind: 'dtls', withoutVersion13: true };
  assert.equal(datagram(make(rule), old).action, 'drop');
  assert.equal(datagram(make(rule), modern).action, 'pass');
  const print = datagram(make(rule), old).reason?.slice('dtls '.length) ?? '';
  assert.equal(datagram(make({ kind: 'dtls', fingerprints: [print] }), old, { ipv6: true }).action, 'drop');
  assert.equal(datagram(make({ kind: 'dtls', fingerprints: [print] }), modern).action, 'pass');
  assert.equal(datagram(make(rule), NOISE).action, 'pass');
});

test('protofilter: on 53, 80 and 443 only what is known, in the first two packets', () => {
  const rule: Rule = { kind: 'protofilter' };
  const go = (serverPort: number, ...packets: Uint8Array[]) => {
    const talk = new Talk(make(rule), { ends: { serverPort } });
    talk.syn();
    return packets.map((one) => talk.say(one).action);
  };
  assert.deepEqual(go(443, hello({}), NOISE, NOISE), ['pass', 'pass', 'pass']);
  assert.deepEqual(go(80, Buffer.from('GET / HTTP/1.1\r\n\r\n'), NOISE), ['pass', 'pass']);
  const dns = question('a.test');
  assert.deepEqual(go(53, Buffer.concat([Buffer.from([0, dns.length]), dns]), NOISE), ['pass', 'pass']);
  assert.deepEqual(go(443, NOISE, NOISE, NOISE), ['pass', 'drop', 'drop']);
  assert.deepEqual(go(443, NOISE, hello({})), ['pass', 'pass'], 'one of the two is enough');
  const bytes = hello({});
  assert.deepEqual(go(443, bytes.subarray(0, 1), bytes.subarray(1)), ['pass', 'drop'], 'nothing is put together');
  assert.deepEqual(go(8_443, NOISE, NOISE, NOISE), ['pass', 'pass', 'pass'], 'high ports are free');
  const censor = make(rule);
  const talk = new Talk(censor, { now: 0 });
  open(talk, NOISE);
  talk.say(NOISE);
  talk.now = 59_999;
  assert.equal(talk.say(NOISE).action, 'drop');
  talk.now = 60_000;
  assert.equal(talk.say(NOISE).action, 'pass');
  const inward = new Talk(make(rule), { isOutbound: false });
  inward.syn();
  assert.deepEqual([inward.say(NOISE).action, inward.say(NOISE).action], ['pass', 'pass']);
});

test('prober: asks for a visit of each server, once, with what its client said', () => {
  const censor = make({ kind: 'prober', ports: [443] });
  const first = open(new Talk(censor), NOISE);
  assert.equal(first.probe?.address, '203.0.113.20');
  assert.equal(first.probe?.port, 443);
  assert.deepEqual(Buffer.from(first.probe?.first ?? new Uint8Array()), NOISE);
  assert.equal(open(new Talk(censor, { ends: { clientPort: 9 } }), NOISE).probe, undefined);
  assert.equal(open(new Talk(censor, { ends: { serverPort: 80 } }), NOISE).probe, undefined);
  assert.equal(open(new Talk(censor, { isOutbound: false, ends: { server: '1.1.1.1' } }), NOISE).probe, undefined);
});

test('nested: TLS inside TLS scores, a page of the web does not', () => {
  const flights = (...bytes: readonly number[]) => {
    const talk = new Talk(make({ kind: 'nested' }));
    talk.syn();
    talk.synAck();
    talk.say(hello({ name: 'a.test' }));
    let told: number | undefined;
    for (const [at, count] of bytes.entries()) {
      const verdict = at % 2 === 0 ? talk.answer(Buffer.alloc(count)) : talk.say(Buffer.alloc(count));
      told ??= verdict.score;
    }
    return told;
  };
  assert.equal(flights(1_400, 600, 3_000, 160, 400, 1), 1);
  assert.equal(flights(1_400, 100, 60_000, 2_000, 60_000, 1), 0);
  assert.equal(flights(1_400, 600), undefined, 'too early to tell');
});
