/** Mechanisms that are about names: forged answers, hellos, Host headers, QUIC, licences. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { Verdict } from '../../src/lab/censor/censor.ts';
import { createCensor } from '../../src/lab/censor/create.ts';
import type { Rule, SniRule } from '../../src/lab/censor/rules.ts';
import { readAddresses } from '../../src/lab/packet/dns.ts';
import {
  answerOf,
  datagram,
  type Ends,
  hello,
  helloMessage,
  initial,
  packetOf,
  piecesOf,
  question,
  randomOf,
  Talk,
} from './packets.ts';

const RST: SniRule = { kind: 'sni', names: ['example.org'], action: 'rst' };
const make = (rule: Rule, ...random: number[]) => createCensor(rule, randomOf(...(random.length > 0 ? random : [0])));
const isReset = (verdict: Verdict): boolean =>
  (verdict.inject ?? []).length > 0 && (verdict.inject ?? []).every(({ bytes }) => packetOf(bytes).tcp?.rst === true);

function open(talk: Talk, bytes: Uint8Array): Verdict {
  talk.syn();
  talk.synAck();
  return talk.say(bytes);
}

test('dns: a forged answer comes beside the true one, in both families and directions', () => {
  for (const injectors of [1, 3]) {
    const censor = make({ kind: 'dns', names: ['example.org'], answers: ['192.0.2.9', '2001:db8::9'], injectors });
    for (const ipv6 of [false, true]) {
      for (const isOutbound of [true, false]) {
        const ends = { serverPort: 53 };
        const verdict = datagram(censor, question('chat.Example.org'), { ends, ipv6, isOutbound });
        assert.equal(verdict.action, 'pass');
        assert.equal(verdict.inject?.length, injectors);
        const forged = packetOf(verdict.inject?.[0]?.bytes ?? new Uint8Array());
        assert.equal(forged.sourcePort, 53);
        assert.equal(forged.destination, ipv6 ? '2001:db8:1::10' : '198.51.100.10');
        assert.deepEqual(readAddresses(forged.payload), [{ name: 'chat.example.org', address: '192.0.2.9' }]);
      }
    }
  }
});

test('dns: other names, other ports, other types and answers are let be', () => {
  const censor = make({ kind: 'dns', names: ['example.org'] });
  const to53 = { ends: { serverPort: 53 } };
  for (const name of ['example.com', 'notexample.org', 'org', 'example.org.net']) {
    assert.deepEqual(datagram(censor, question(name), to53), { action: 'pass' }, name);
  }
  assert.deepEqual(datagram(censor, question('example.org', 'TXT'), to53), { action: 'pass' });
  assert.deepEqual(datagram(censor, question('example.org'), { ends: { serverPort: 5_353 } }), { action: 'pass' });
  assert.deepEqual(datagram(censor, answerOf('example.org', '192.0.2.1'), { ...to53, isReply: true }), {
    action: 'pass',
  });
  assert.deepEqual(datagram(censor, Buffer.from('no question at all'), to53), { action: 'pass' });
  assert.equal(datagram(censor, question('example.org', 'AAAA'), to53).inject?.length, 1);
});

test('sni: names and what is below them, on every port, in both families and directions', () => {
  for (const serverPort of [443, 8_448, 40_443]) {
    for (const ipv6 of [false, true]) {
      for (const isOutbound of [true, false]) {
        const options = { ends: { serverPort }, ipv6, isOutbound };
        assert.ok(isReset(open(new Talk(make(RST), options), hello({ name: 'chat.example.org' }))));
        assert.ok(isReset(open(new Talk(make(RST), options), hello({ name: 'EXAMPLE.org' }))));
        for (const name of ['example.com', 'myexample.org', undefined]) {
          const bytes = hello(name === undefined ? {} : { name });
          assert.deepEqual(open(new Talk(make(RST), options), bytes), { action: 'pass' });
        }
      }
    }
  }
});

test('sni: resets go to both ends, three to each, at the places that the ends accept', () => {
  const talk = new Talk(make(RST));
  const bytes = hello({ name: 'example.org' });
  const verdict = open(talk, bytes);
  const forged = (verdict.inject ?? []).map((one) => packetOf(one.bytes));
  const toClient = forged.filter((one) => one.destination === '198.51.100.10');
  const toServer = forged.filter((one) => one.destination === '203.0.113.20');
  assert.equal(toClient.length, 3);
  assert.equal(toServer.length, 3);
  assert.equal(toClient[0]?.tcp?.sequence, 5_000, 'what the client waits for');
  assert.equal(toClient[0]?.tcp?.acknowledgement, 1_000 + bytes.length);
  assert.equal(toServer[0]?.tcp?.sequence, 1_000, 'what the server waits for');
});

test('sni: the hello may come in 1, 2, or many segments and records, out of order and more than once', () => {
  for (const recordBytes of [16_384, 5, 40]) {
    const bytes = hello({ name: 'example.org', before: 300 }, recordBytes);
    for (const segment of [bytes.length, Math.ceil(bytes.length / 2), 2, 1]) {
      const talk = new Talk(make(RST));
      talk.syn();
      let hits = 0;
      for (let at = 0; at < bytes.length; at += segment)
        hits += isReset(talk.say(bytes.subarray(at, at + segment))) ? 1 : 0;
      assert.equal(hits, 1, `${recordBytes}, ${segment}`);
    }
    const talk = new Talk(make(RST));
    talk.syn();
    assert.equal(talk.sayAt(1_000 + 100, bytes.subarray(100)).inject, undefined);
    assert.equal(talk.sayAt(1_000, bytes.subarray(0, 50)).inject, undefined);
    assert.equal(talk.sayAt(1_000, bytes.subarray(0, 50)).inject, undefined, 'a retransmission shows nothing new');
    assert.ok(isReset(talk.sayAt(1_050, bytes.subarray(50, 100))));
  }
});

test('sni: without the SYN, and behind 8 KB, nothing is seen', () => {
  assert.deepEqual(new Talk(make(RST)).say(hello({ name: 'example.org' })), { action: 'pass' });
  assert.deepEqual(open(new Talk(make(RST)), hello({ name: 'example.org', before: 9_000 })), { action: 'pass' });
  const talk = new Talk(make(RST));
  open(talk, hello({ name: 'example.com' }));
  assert.deepEqual(talk.say(hello({ name: 'example.org' })), { action: 'pass' }, 'only the first hello counts');
});

test('sni: the Host header and words of the path count on every port', () => {
  const rule: SniRule = { ...RST, keywords: ['falun'] };
  const say = (text: string) => open(new Talk(make(rule), { ends: { serverPort: 8_080 } }), Buffer.from(text));
  assert.ok(isReset(say('GET / HTTP/1.1\r\nHost: a.example.org:8080\r\n\r\n')));
  assert.ok(isReset(say('GET /falun HTTP/1.1\r\nHost: a.test\r\n\r\n')));
  assert.deepEqual(say('GET /other HTTP/1.1\r\nHost: a.test\r\n\r\n'), { action: 'pass' });
  assert.deepEqual(say('SSH-2.0-OpenSSH_9\r\n'), { action: 'pass' });
  const talk = new Talk(make(rule));
  talk.syn();
  assert.deepEqual(talk.say(Buffer.from('GET / HTT')), { action: 'pass' });
  assert.ok(isReset(talk.say(Buffer.from('P/1.1\r\nHost: example.org\r\n\r\n'))));
});

test('sni: the penalty holds for client, server and port, until it is over', () => {
  const censor = make({ ...RST, residualMs: 90_000, residualProbability: 1 });
  open(new Talk(censor, { now: 1_000 }), hello({ name: 'example.org' }));
  const next = (ends: Partial<Ends>, now: number) => new Talk(censor, { ends, now }).syn();
  const other = { clientPort: 41_000 };
  assert.ok(isReset(next(other, 90_999)), 'another connection of the same client');
  assert.deepEqual(next(other, 91_000), { action: 'pass' }, 'over');
  open(new Talk(censor, { now: 200_000 }), hello({ name: 'example.org' }));
  assert.deepEqual(next({ ...other, serverPort: 8_448 }, 201_000), { action: 'pass' }, 'another port');
  assert.deepEqual(next({ ...other, client: '198.51.100.11' }, 201_000), { action: 'pass' }, 'another client');
  assert.deepEqual(next({ ...other, server: '203.0.113.21' }, 201_000), { action: 'pass' }, 'another server');
});

test('sni: chances of the hit and of the penalty', () => {
  const bytes = hello({ name: 'example.org' });
  assert.deepEqual(open(new Talk(make({ ...RST, probability: 0 })), bytes), { action: 'pass' });
  assert.ok(isReset(open(new Talk(make({ ...RST, probability: 1 }, 0.999)), bytes)));
  const censor = make({ ...RST, residualProbability: 0 });
  open(new Talk(censor), bytes);
  assert.deepEqual(new Talk(censor, { ends: { clientPort: 41_000 } }).syn(), { action: 'pass' });
});

test('sni drop: the client is not heard any more, its repetitions neither, until the penalty is over', () => {
  const censor = make({ ...RST, action: 'drop', residualMs: 180_000 });
  const talk = new Talk(censor, { now: 0 });
  const bytes = hello({ name: 'example.org' });
  assert.equal(open(talk, bytes).action, 'drop');
  talk.now = 100_000;
  assert.equal(talk.sayAt(1_000, bytes).action, 'drop');
  assert.equal(talk.answer(Buffer.from('x')).action, 'pass', 'what comes from the server passes');
  assert.equal(new Talk(censor, { now: 179_999, ends: { clientPort: 41_000 } }).syn().action, 'drop');
  assert.equal(new Talk(censor, { now: 180_000, ends: { clientPort: 41_000 } }).syn().action, 'pass');
});

test('sni drop: an encrypted name is forbidden where the rule says so', () => {
  const bytes = hello({ name: 'front.test', esni: true });
  assert.equal(open(new Talk(make({ ...RST, action: 'drop', esni: true })), bytes).reason, 'esni');
  assert.equal(open(new Talk(make({ ...RST, action: 'drop' })), bytes).action, 'pass');
});

test('sni stateless: one segment at a time, and only what leaves; cut hellos get through', () => {
  const rule: SniRule = { ...RST, stateless: true };
  const bytes = hello({ name: 'example.org' });
  assert.ok(isReset(new Talk(make(rule)).say(bytes)), 'without a handshake');
  assert.deepEqual(new Talk(make(rule), { isOutbound: false }).say(bytes), { action: 'pass' });
  const split = new Talk(make(rule));
  assert.deepEqual(
    [split.say(bytes.subarray(0, 2)), split.say(bytes.subarray(2))],
    [{ action: 'pass' }, { action: 'pass' }],
  );
  assert.deepEqual(new Talk(make(rule)).say(hello({ name: 'example.org' }, 5)), { action: 'pass' }, 'cut into records');
  assert.ok(isReset(new Talk(make(rule)).say(Buffer.from('GET / HTTP/1.1\r\nHost: example.org\r\n\r\n'))));
  assert.equal(new Talk(make({ ...rule, action: 'drop' })).say(bytes).action, 'drop');
});

test('mismatch: a name that leads elsewhere blocks the address; no name does not', () => {
  const zone = [{ name: 'known.test', addresses: ['203.0.113.20'] }];
  const rule: Rule = { kind: 'mismatch', zone, unknownNames: 'drop', residualMs: 1_000 };
  assert.equal(open(new Talk(make(rule)), hello({ name: 'known.test' })).action, 'pass');
  assert.equal(open(new Talk(make(rule)), hello({})).action, 'pass');
  assert.equal(open(new Talk(make({ ...rule, unknownNames: 'pass' })), hello({ name: 'new.test' })).action, 'pass');
  const censor = make(rule);
  assert.equal(open(new Talk(censor, { now: 0 }), hello({ name: 'new.test' })).action, 'drop');
  const others = { ends: { client: '198.51.100.99' } };
  assert.equal(new Talk(censor, { ...others, now: 999 }).syn().action, 'drop', 'the address is blocked for everybody');
  assert.equal(new Talk(censor, { ...others, now: 1_000 }).syn().action, 'pass');
  const elsewhere = new Talk(make(rule), { ends: { server: '203.0.113.99' } });
  assert.equal(open(elsewhere, hello({ name: 'known.test' })).action, 'drop');
});

test('quic: the Initials pass, what follows does not; split and reordered frames, two datagrams', () => {
  const rule: Rule = { kind: 'quic', names: ['example.org'], residualMs: 1_000 };
  const forbidden = piecesOf(helloMessage({ name: 'chat.example.org', before: 300 }), 60);
  for (const ipv6 of [false, true]) {
    for (const version of [1, 0x6b3343cf]) {
      const censor = make(rule);
      const verdict = datagram(censor, initial(forbidden.toReversed(), { version }), { ipv6, now: 0 });
      assert.equal(verdict.action, 'pass');
      assert.equal(verdict.reason, 'quic chat.example.org');
      assert.equal(datagram(censor, Buffer.from('later'), { ipv6, now: 999 }).action, 'drop');
      assert.equal(datagram(censor, Buffer.from('later'), { ipv6, now: 1_000 }).action, 'pass');
    }
  }
  const two = make(rule);
  assert.equal(datagram(two, initial(forbidden.slice(3))).reason, undefined);
  assert.equal(datagram(two, initial(forbidden.slice(0, 3))).reason, 'quic chat.example.org');
  const first = make({ ...rule, firstOnly: true });
  datagram(first, initial(forbidden.slice(3)));
  assert.equal(datagram(first, initial(forbidden.slice(0, 3))).reason, undefined);
});

test('quic: other names, other servers and what is no QUIC are let be', () => {
  const censor = make({ kind: 'quic', names: ['example.org'] });
  const allowed = initial(piecesOf(helloMessage({ name: 'example.com' }), 60));
  for (let i = 0; i < 6; i += 1) assert.deepEqual(datagram(censor, allowed), { action: 'pass' });
  assert.deepEqual(datagram(censor, Buffer.alloc(1_200, 0xc3), { ends: { clientPort: 5 } }), { action: 'pass' });
  datagram(censor, initial(piecesOf(helloMessage({ name: 'example.org' }), 60)), { ends: { clientPort: 6 } });
  assert.equal(datagram(censor, allowed, { ends: { clientPort: 7 } }).action, 'drop');
  assert.equal(datagram(censor, allowed, { ends: { clientPort: 7, server: '203.0.113.21' } }).action, 'pass');
});

test('icp-dns: a record that leads to a host under an unlicensed name cuts the host off after the scan', () => {
  const rule: Rule = { kind: 'icp-dns', licensed: ['shop.cn.test'], cidrs: ['203.0.113.0/24'], scanMs: 5_000 };
  const answer = (name: string, address = '203.0.113.20') => answerOf(name, address);
  const told = (bytes: Uint8Array) => {
    const censor = make(rule);
    datagram(censor, bytes, { ends: { serverPort: 53, server: '203.0.113.53' }, isReply: true, now: 0 });
    return (now: number) => new Talk(censor, { now }).syn().action;
  };
  assert.equal(told(answer('chat.test'))(4_999), 'pass');
  assert.equal(told(answer('chat.test'))(5_000), 'drop');
  assert.equal(told(answer('www.shop.cn.test'))(5_000), 'pass', 'licensed');
  assert.equal(told(answer('chat.test', '198.18.0.1'))(5_000), 'pass', 'leads elsewhere');
});

test('icp-sni: hellos and requests with an unlicensed name are ended; none, and licensed ones, are not', () => {
  const rule: Rule = { kind: 'icp-sni', licensed: ['shop.cn.test'] };
  const inward = { isOutbound: false };
  const verdict = open(new Talk(make(rule), inward), hello({ name: 'chat.test' }));
  assert.equal(verdict.action, 'drop');
  assert.ok(isReset(verdict));
  assert.equal(open(new Talk(make(rule), inward), hello({ name: 'www.shop.cn.test' })).action, 'pass');
  assert.equal(open(new Talk(make(rule), inward), hello({})).action, 'pass');
  assert.equal(open(new Talk(make(rule), inward), Buffer.alloc(40, 0xaa)).action, 'pass');
  assert.equal(open(new Talk(make(rule)), hello({ name: 'chat.test' })).action, 'pass', 'outward is not looked at');
  assert.equal(open(new Talk(make({ ...rule, outbound: true })), hello({ name: 'chat.test' })).action, 'drop');
  const webOnly: Rule = { ...rule, ports: [80, 443] };
  const high = { isOutbound: false, ends: { serverPort: 8_448 } };
  assert.equal(open(new Talk(make(webOnly), high), hello({ name: 'chat.test' })).action, 'pass');
  assert.equal(open(new Talk(make(webOnly), inward), hello({ name: 'chat.test' })).action, 'drop');
});

test('icp-sni: a request may be answered with a page of the provider', () => {
  const rule: Rule = { kind: 'icp-sni', licensed: [], action: 'redirect' };
  const request = Buffer.from('GET / HTTP/1.1\r\nHost: chat.test\r\n\r\n');
  const verdict = open(new Talk(make(rule), { isOutbound: false }), request);
  const [page, ...resets] = (verdict.inject ?? []).map((one) => packetOf(one.bytes));
  assert.match(Buffer.from(page?.payload ?? new Uint8Array()).toString(), /^HTTP\/1\.1 302 /);
  assert.equal(page?.destination, '198.51.100.10');
  assert.ok(resets.every((one) => one.tcp?.rst === true && one.destination === '203.0.113.20'));
});
