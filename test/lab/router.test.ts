/** Lines and the router: rates, delays, losses, censors, what is counted. Time is a number. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { type LabEvent, Router } from '../../src/lab/network/router.ts';
import { crossingOf, HOSTS, NATION } from '../../src/lab/network/topology.ts';
import { writeTcp, writeUdp } from '../../src/lab/packet/packet.ts';
import { Pipe } from '../../src/lab/shape/pipe.ts';
import { BORDER_PROFILES, DEVICE_PROFILES, deviceLine, zoneLine } from '../../src/lab/shape/profiles.ts';
import { seededRandom } from '../../src/bench/stats.ts';
import { packetOf, question } from './packets.ts';

const ALICE = '198.51.100.10';
const ABROAD = '203.0.113.20';

test('a line delays, and sends as fast as its rate, with as much queue as it has', () => {
  const pipe = new Pipe({ delayMs: 100, kbps: 1_000, queueMs: 300 });
  const arrivals: number[] = [];
  let refused = 0;
  for (let index = 0; index < 60; index += 1) {
    const passage = pipe.offer(0, 1_250, 0.5);
    if (passage.kind === 'arrives') arrivals.push(passage.at);
    else refused += passage.kind === 'queue' ? 1 : 0;
  }
  // 1,250 bytes take 10 ms; 300 ms of queue hold 30 of them before the one that begins at the edge.
  assert.deepEqual(
    arrivals,
    Array.from({ length: 31 }, (_, index) => 110 + 10 * index),
  );
  assert.equal(refused, 29);
  assert.equal(pipe.offer(310, 1_250, 0.5).kind, 'arrives', 'the queue has run empty');
  const small = new Pipe({ delayMs: 0, kbps: 1_000, queueBytes: 2_500 });
  assert.deepEqual(
    Array.from({ length: 4 }, () => small.offer(0, 1_250, 0.5).kind),
    ['arrives', 'arrives', 'queue', 'queue'],
  );
});

test('a line loses its share, and what is lost has taken its time', () => {
  const random = seededRandom(7);
  const pipe = new Pipe({ delayMs: 0, loss: 0.15 });
  let lost = 0;
  for (let index = 0; index < 20_000; index += 1) lost += pipe.offer(index, 100, random()).kind === 'loss' ? 1 : 0;
  assert.ok(Math.abs(lost / 20_000 - 0.15) < 0.01, `${lost}`);
  const slow = new Pipe({ delayMs: 0, kbps: 8, loss: 0.5 });
  assert.equal(slow.offer(0, 100, 0.4).kind, 'loss');
  assert.deepEqual(slow.offer(0, 100, 0.6), { kind: 'arrives', at: 200 });
});

test('blackouts and cuts', () => {
  const pipe = new Pipe({ delayMs: 1, blackout: { everyMs: 100, forMs: 30 } });
  assert.deepEqual(
    [0, 29, 30, 99, 100].map((now) => pipe.offer(now, 1, 0.5).kind),
    ['cut', 'cut', 'arrives', 'arrives', 'cut'],
  );
  pipe.set({ delayMs: 1, isCut: true });
  assert.equal(pipe.offer(50, 1, 0.5).kind, 'cut');
});

test('profiles: loss only from abroad, a tenth of it to a data centre; devices as promised', () => {
  for (const profile of BORDER_PROFILES) {
    assert.equal(zoneLine('cn-isp', 'world', profile).loss, undefined);
    const home = zoneLine('world', 'cn-home', profile).loss ?? 0;
    assert.equal(zoneLine('world', 'cn-idc', profile).loss, home * 0.1);
  }
  assert.equal(zoneLine('world', 'cn-isp', 'evening').loss, 0.15);
  assert.equal(zoneLine('world', 'cn-isp', 'bad').kbps, 500);
  assert.equal(zoneLine('cn-home', 'cn-idc', 'calm').delayMs, zoneLine('cn-idc', 'cn-home', 'calm').delayMs);
  assert.deepEqual(
    DEVICE_PROFILES.map((profile) => 2 * (deviceLine(profile)?.delayMs ?? 0)),
    [0, 100, 300, 600],
  );
});

test('where a censor stands', () => {
  assert.deepEqual(crossingOf(NATION, 'cn-isp', 'world'), { isOutbound: true });
  assert.deepEqual(crossingOf(NATION, 'world', 'cn-idc'), { isOutbound: false });
  assert.equal(crossingOf(NATION, 'cn-isp', 'cn-idc'), undefined);
  assert.deepEqual(crossingOf(['cn-idc'], 'cn-isp', 'cn-idc'), { isOutbound: false });
  assert.deepEqual(crossingOf([], 'cn-isp', 'cn-isp'), { isOutbound: true });
});

function scene() {
  const events: LabEvent[] = [];
  const router = new Router(HOSTS, { random: () => 0.5 }, (event) => events.push(event));
  const drain = (until: number) => {
    const got: { at: number; host: string; bytes: Uint8Array }[] = [];
    for (let at = router.nextAt; at !== undefined && at <= until; at = router.nextAt) {
      for (const one of router.due(at)) got.push({ at, ...one });
    }
    return got;
  };
  return { router, events, drain };
}

const udp = (source: string, destination: string, payload: Uint8Array, port = 9) =>
  writeUdp({ source, destination, sourcePort: 1_000, destinationPort: port, payload });

test('a packet comes after the delay of its line and of its devices, with sums filled in', () => {
  const { router, drain } = scene();
  router.take(udp(ALICE, ABROAD, Buffer.alloc(100)), 'alice', 0);
  const [calm] = drain(1_000);
  assert.equal(calm?.host, 'abroad');
  assert.ok(Math.abs((calm?.at ?? 0) - 100) < 1);
  router.setDevice('alice', deviceLine('P1'));
  const bare = udp(ALICE, ABROAD, Buffer.alloc(100));
  const sums = Buffer.from(bare);
  bare.fill(0, 26, 28);
  router.take(bare, 'alice', 1_000);
  const [slow] = drain(5_000);
  assert.ok((slow?.at ?? 0) > 1_150 && (slow?.at ?? 0) < 1_152);
  assert.deepEqual(Buffer.from(slow?.bytes ?? []), sums);
  assert.equal(router.traffic.get('alice')?.sentPackets, 2);
  assert.equal(router.traffic.get('abroad')?.receivedBytes, 256);
});

test('what is forged comes first: the answer to a question, and resets', () => {
  const { router, events, drain } = scene();
  router.setCensor('dns', { kind: 'dns', names: ['example.org'], depth: 0.4 }, NATION);
  router.take(udp(ALICE, ABROAD, question('example.org'), 53), 'alice', 0);
  const got = drain(1_000);
  assert.deepEqual(
    got.map((one) => [one.host, Math.round(one.at)]),
    [
      ['alice', 80],
      ['abroad', 100],
    ],
  );
  assert.deepEqual(
    events.map(({ censor, reason, from, to, injected }) => [censor, reason, from, to, injected]),
    [['dns', 'dns example.org', 'alice', 'abroad', 1]],
  );
  router.setCensor('dns', undefined, NATION);
  router.take(udp(ALICE, ABROAD, question('example.org'), 53), 'alice', 2_000);
  assert.equal(drain(5_000).length, 1);
  router.setCensor('port', { kind: 'port', ports: [443], action: 'rst' }, NATION);
  const ends = { source: ALICE, destination: ABROAD, sourcePort: 5, destinationPort: 443 };
  router.take(writeTcp({ ...ends, sequence: 1, flags: ['syn'] }), 'alice', 6_000);
  const reset = drain(9_000);
  assert.deepEqual(
    reset.map((one) => [one.host, packetOf(one.bytes).tcp?.rst]),
    [
      ['alice', true],
      ['alice', true],
      ['alice', true],
      ['abroad', false],
    ],
  );
});

test('what goes to nobody of the lab is dropped and counted; greetings to neighbours are not', () => {
  const { router, drain } = scene();
  for (let i = 0; i < 3; i += 1) router.take(udp(ALICE, '8.8.8.8', Buffer.alloc(1), 53), 'alice', 0);
  router.take(udp('2001:db8:1::a', 'ff02::16', Buffer.alloc(1)), 'alice', 0);
  router.take(udp(ALICE, '239.255.255.250', Buffer.alloc(1)), 'alice', 0);
  router.take(new Uint8Array(7), 'alice', 0);
  assert.deepEqual(router.foreign, [{ from: 'alice', destination: '8.8.8.8', port: 53, count: 3 }]);
  assert.equal(router.lost.unreadable, 1);
  assert.deepEqual(drain(9_000), []);
});

test('a border that is cut lets nothing through; inside everything goes on', () => {
  const { router, drain } = scene();
  router.setBorder('cut');
  router.take(udp(ALICE, ABROAD, Buffer.alloc(1)), 'alice', 0);
  router.take(udp(ALICE, '198.51.100.80', Buffer.alloc(1)), 'alice', 0);
  assert.deepEqual(
    drain(1_000).map((one) => one.host),
    ['cloud'],
  );
  assert.equal(router.lost.cut, 1);
});

test('cgnat: only answers come in', () => {
  const { router, drain } = scene();
  router.setCensor('cgnat', { kind: 'cgnat' }, ['cn-home']);
  const home = '198.51.100.50';
  const ends = { source: ABROAD, destination: home, sourcePort: 9, destinationPort: 1_000 };
  router.take(writeUdp({ ...ends, payload: Buffer.alloc(1) }), 'abroad', 0);
  assert.deepEqual(drain(1_000), []);
  router.take(udp(home, ABROAD, Buffer.alloc(1)), 'home', 2_000);
  router.take(writeUdp({ ...ends, payload: Buffer.alloc(1) }), 'abroad', 2_500);
  assert.deepEqual(
    drain(9_000).map((one) => one.host),
    ['abroad', 'home'],
  );
});
