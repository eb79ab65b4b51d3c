/** The private zone over its sockets and over HTTPS, as a server and as the command run it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Resolver } from 'node:dns/promises';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { decode, encode, type Packet, streamDecode, streamEncode } from 'dns-packet';
import { FakeClock } from '../../src/adapters/clock/fake-clock.ts';
import { systemClock } from '../../src/adapters/clock/index.ts';
import { startDns } from '../../src/cli/compose/dns.ts';
import { checkConfig } from '../../src/cli/config/check.ts';
import { createAnswerer } from '../../src/deploy/dns/answer.ts';
import type { DnsService } from '../../src/deploy/dns/service.ts';
import { sourceOf, SourceRate } from '../../src/deploy/dns/source-rate.ts';
import { TcpFront } from '../../src/deploy/dns/tcp.ts';
import { UdpFront } from '../../src/deploy/dns/udp.ts';
import { parseZone } from '../../src/deploy/dns/zone.ts';
import { getDnsAnswer } from '../../src/matrix/api/postern/getDnsAnswer.ts';
import { postDnsAnswer } from '../../src/matrix/api/postern/postDnsAnswer.ts';
import { TestServer } from '../harness/server.ts';

const DNS = {
  zone: 'example.org',
  listeners: [{ address: '127.0.0.1', port: 0 }],
  records: [
    { name: 'example.org', type: 'A', value: '192.0.2.1' },
    { name: 'example.org', type: 'AAAA', value: '2001:db8::1' },
    { name: 'chat.example.org', type: 'CNAME', value: 'example.org' },
    { name: '_matrix-fed._tcp.example.org', type: 'SRV', value: '10 5 8448 example.org' },
    ...Array.from({ length: 30 }, (_, index) => ({
      name: 'large.example.org',
      type: 'TXT',
      value: `${index} ${'x'.repeat(900)}`,
    })),
  ],
  ttlSeconds: 120,
};

const question = (name: string, type = 'A', id = 7): Packet => ({
  type: 'query',
  id,
  questions: [{ name, type: type as 'A' }],
});
const answersOf = (message: Uint8Array) =>
  (decode(Buffer.from(message)).answers ?? []).map((one) => ('data' in one ? one.data : undefined));

function zoneAnswerer() {
  const parsed = parseZone({ zone: 'example.org', ttlSeconds: 60, records: DNS.records as [] });
  assert.ok('zone' in parsed);
  return createAnswerer(parsed.zone);
}

describe('the zone alone', () => {
  const scene = {} as { service: DnsService; resolver: Resolver };
  before(async () => {
    scene.service = await startDns(
      checkConfig([{ place: () => 'test', value: { dns: DNS, log: { level: 'error' } } }]),
    );
    scene.resolver = new Resolver({ timeout: 5_000, tries: 1 });
    scene.resolver.setServers([`127.0.0.1:${scene.service.ports[0]}`]);
  });
  after(() => scene.service.close());

  it('answers a resolver, over TCP where UDP is too small', async () => {
    const { resolver } = scene;
    assert.deepEqual(await resolver.resolve4('chat.example.org', { ttl: true }), [{ address: '192.0.2.1', ttl: 120 }]);
    assert.deepEqual(await resolver.resolve6('example.org'), ['2001:db8::1']);
    assert.deepEqual(await resolver.resolveSrv('_matrix-fed._tcp.example.org'), [
      { name: 'example.org', port: 8448, priority: 10, weight: 5, type: 'SRV' },
    ]);
    assert.equal((await resolver.resolveTxt('large.example.org')).length, 30);
    const { nsname, minttl } = await resolver.resolveSoa('example.org');
    assert.deepEqual([nsname, minttl], ['example.org', 60]);
    assert.deepEqual(await resolver.resolveNs('example.org'), ['example.org']);
  });

  it('tells a resolver what is not there, and refuses what is not its own', async () => {
    const { resolver } = scene;
    await assert.rejects(resolver.resolve4('no.example.org'), { code: 'ENOTFOUND' });
    await assert.rejects(resolver.resolveMx('example.org'), { code: 'ENODATA' });
    await assert.rejects(resolver.resolve4('example.com'), { code: 'EREFUSED' });
  });

  it('needs a zone and listeners', async () => {
    const config = checkConfig([{ place: () => 'test', value: {} }]);
    await assert.rejects(startDns(config), /dns\.listeners is not set/);
    const wrong = { dns: { ...DNS, listeners: [{ address: 'lan', port: 53 }], zone: 'a b' } };
    assert.throws(() => checkConfig([{ place: () => 'test', value: wrong }]), /dns\.listeners\[0\].*\n.*dns\.zone/);
    const without = { listeners: [{ address: '127.0.0.1', port: 0, apis: ['client', 'dns'] }] };
    assert.throws(() => checkConfig([{ place: () => 'test', value: without }]), /dns is not set/);
  });

  it('gives up all its sockets where one is taken', async () => {
    const port = scene.service.ports[0] ?? 0;
    const value = { dns: { ...DNS, listeners: [...DNS.listeners, { address: '127.0.0.1', port }] } };
    await assert.rejects(startDns(checkConfig([{ place: () => 'test', value }])), { code: 'EADDRINUSE' });
  });
});

describe('postern dns', () => {
  const start = (dns: unknown) =>
    spawn(process.execPath, [path.join(import.meta.dirname, '../../src/cli/main.ts'), 'dns', '--json'], {
      env: { ...process.env, POSTERN_DNS: JSON.stringify(dns), POSTERN_LOG__LEVEL: 'error' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });

  it('answers until it is told to stop', { timeout: 30_000 }, async () => {
    const running = start(DNS);
    const [line] = (await once(running.stdout, 'data')) as [Buffer];
    const { zone, ports } = JSON.parse(line.toString()) as { zone: string; ports: number[] };
    assert.equal(zone, 'example.org');
    const resolver = new Resolver({ timeout: 5_000, tries: 1 });
    resolver.setServers([`127.0.0.1:${ports[0]}`]);
    assert.deepEqual(await resolver.resolve4('example.org'), ['192.0.2.1']);
    const ended = once(running, 'exit');
    running.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
  });

  it('says in a sentence what is missing', { timeout: 30_000 }, async () => {
    const running = start({ ...DNS, listeners: [] });
    const printed = await text(running.stdout);
    assert.match(printed, /dns\.listeners is not set/);
    assert.equal(running.exitCode ?? (await once(running, 'exit'))[0], 2);
  });
});

describe('over TCP', () => {
  const scene = {} as { front: TcpFront };
  const counted: string[] = [];
  before(async () => {
    scene.front = await TcpFront.start({
      address: '127.0.0.1',
      port: 0,
      answerer: zoneAnswerer(),
      clock: systemClock,
      count: (outcome) => counted.push(outcome),
    });
  });
  after(() => scene.front.close());

  it('many questions in one connection are answered in their order, however they are cut', async () => {
    const asked = Array.from({ length: 40 }, (_, id) =>
      streamEncode(question(id % 2 === 0 ? 'large.example.org' : 'example.org', id % 2 === 0 ? 'TXT' : 'A', id)),
    );
    const all = Buffer.concat(asked);
    const socket = connect(scene.front.port, '127.0.0.1');
    for (let at = 0; at < all.length; at += 7) socket.write(all.subarray(at, at + 7));
    let got = Buffer.alloc(0);
    const ids: number[] = [];
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      got = Buffer.concat([got, chunk]);
      for (let one = read(got); one !== undefined; one = read(got)) {
        ids.push(one.readUInt16BE(2));
        assert.ok(streamDecode(one).answers !== undefined);
        got = got.subarray(one.length);
      }
      if (ids.length === asked.length) break;
    }
    assert.deepEqual(
      ids,
      asked.map((_, id) => id),
    );
  });

  it('what is no question, or too long for one, ends the connection', async () => {
    const answer = encode({ type: 'response', questions: [{ name: 'example.org', type: 'A' }] });
    for (const message of [Buffer.from([0xff, 0xff, 0, 0]), Buffer.from([0, 0]), Buffer.concat([frame(answer)])]) {
      const socket = connect(scene.front.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(message);
      const bytes: Buffer[] = [];
      socket.on('data', (chunk) => bytes.push(chunk));
      await closed(socket);
      assert.equal(Buffer.concat(bytes).length, 0);
    }
    assert.ok(counted.includes('dropped'));
  });

  it('one network has twenty connections, and the twenty-first is closed', async () => {
    const sockets = Array.from({ length: 21 }, () => connect(scene.front.port, '127.0.0.1'));
    for (const socket of sockets) socket.on('error', () => undefined).resume();
    await Promise.race(sockets.map(closed));
    const [first] = sockets;
    first?.write(streamEncode(question('example.org')));
    assert.ok(first !== undefined);
    const [reply] = (await once(first, 'data')) as [Buffer];
    assert.deepEqual(answersOf(reply.subarray(2)), ['192.0.2.1']);
    for (const socket of sockets) socket.destroy();
  });
});

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once('close', () => resolve()));
}

function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(message.length);
  return Buffer.concat([head, message]);
}

/** The first whole message with its length. */
function read(bytes: Buffer): Buffer | undefined {
  const length = bytes.length < 2 ? Infinity : bytes.readUInt16BE(0) + 2;
  return bytes.length < length ? undefined : bytes.subarray(0, length);
}

describe('over UDP', () => {
  it('a flood from one network gets no more than its share, and is told to come over TCP', async () => {
    const counts = { answered: 0, limited: 0, dropped: 0 };
    const clock = new FakeClock();
    const front = await UdpFront.start({
      address: '127.0.0.1',
      port: 0,
      answerer: zoneAnswerer(),
      clock,
      count: (outcome) => {
        counts[outcome] += 1;
      },
      onError: (error) => assert.fail(error),
    });
    const socket = createSocket('udp4');
    const message = encode(question('example.org'));
    const ask = async (): Promise<Buffer> => {
      socket.send(message, front.port, '127.0.0.1');
      const [reply] = (await once(socket, 'message')) as [Buffer];
      return reply;
    };
    for (let index = 0; index < 400; index += 1) assert.deepEqual(answersOf(await ask()), ['192.0.2.1']);
    // The next one gets nothing, the one after it the shortest of answers.
    socket.send(message, front.port, '127.0.0.1');
    const limited = await ask();
    assert.deepEqual([decode(limited).flag_tc, answersOf(limited), limited.length], [true, [], message.length]);
    assert.deepEqual(counts, { answered: 400, limited: 2, dropped: 0 });
    clock.advance(1_000);
    assert.equal(decode(await ask()).flag_tc, false);
    socket.close();
    await front.close();
  });

  it('networks are counted by their prefix, in bounded memory', () => {
    assert.equal(sourceOf('192.0.2.7'), sourceOf('::ffff:192.0.2.9'));
    assert.notEqual(sourceOf('192.0.2.7'), sourceOf('192.0.3.7'));
    assert.equal(sourceOf('2001:db8:1:2ff::1'), sourceOf('2001:db8:1:200:ffff::'));
    assert.notEqual(sourceOf('2001:db8:1:200::'), sourceOf('2001:db8:1:300::'));
    assert.equal(sourceOf('fe80::1%lo'), sourceOf('fe80::2'));
    const rate = new SourceRate(new FakeClock());
    for (let index = 0; index < 30_000; index += 1) {
      assert.ok(rate.take(`10.${index >> 8}.${index & 255}.1`.replace(/^10\.(\d+)/, (_, high) => `10.${high % 256}`)));
      rate.take(`2001:db8:${index.toString(16)}::1`);
    }
    assert.equal(rate.size, 10_000);
  });
});

describe('over HTTPS', () => {
  const server = new TestServer({
    config: { dns: DNS, listeners: [{ address: '127.0.0.1', port: 0, apis: ['client', 'web', 'dns', 'metrics'] }] },
  });
  const type = 'application/dns-message';
  const message = encode(question('example.org', 'A', 0));
  const url = (path: string): string => `${server.baseUrl}${path}`;
  const post = (body: Uint8Array, contentType: string | undefined = type): Promise<Response> =>
    fetch(url(postDnsAnswer.path), {
      method: 'POST',
      body: Buffer.from(body),
      headers: { 'content-type': contentType },
    });
  before(() => server.start());
  after(() => server.finish());

  it('GET and POST give the same answer, fresh for as long as its records', async () => {
    const got = await fetch(url(`${getDnsAnswer.path}?dns=${message.toString('base64url')}`));
    assert.deepEqual([got.status, got.headers.get('content-type')], [200, type]);
    assert.equal(got.headers.get('cache-control'), 'max-age=120');
    const posted = await post(message);
    assert.deepEqual([posted.status, posted.headers.get('content-type')], [200, type]);
    const [left, right] = [await got.bytes(), await posted.bytes()];
    assert.deepEqual(left, right);
    assert.deepEqual(answersOf(left), ['192.0.2.1']);
  });

  it('a name that is not there is kept for as long as the SOA says, a refusal not at all', async () => {
    const missing = await post(encode(question('no.example.org')));
    assert.equal(missing.headers.get('cache-control'), 'max-age=60');
    const refused = await post(encode(question('example.com')));
    assert.deepEqual([refused.status, refused.headers.get('cache-control')], [200, 'no-store']);
    assert.equal((await refused.bytes())[3], 5);
    const large = await post(encode(question('large.example.org', 'TXT')));
    assert.equal(answersOf(await large.bytes()).length, 30);
  });

  it('what is no question is told so', async () => {
    const status = async (answer: Promise<Response>): Promise<number> => {
      const { status: code, headers } = await answer;
      assert.equal(headers.get('content-type'), 'application/json');
      return code;
    };
    assert.equal(await status(post(message, 'application/octet-stream')), 415);
    assert.equal(await status(post(new Uint8Array(4_097))), 413);
    assert.equal(await status(post(new Uint8Array(0))), 400);
    assert.equal(await status(post(new Uint8Array(11))), 400);
    for (const query of ['', '?dns=', '?dns=a', '?dns=%2B%2B%2B%2B', `?dns=${message.toString('base64url')}==`]) {
      assert.equal(await status(fetch(url(`/dns${query}`))), 400, query);
    }
    assert.equal(await status(fetch(url(`/dns?dns=${'A'.repeat(6_000)}`))), 413);
    assert.equal(await status(fetch(url('/dns'), { method: 'PUT', body: '' })), 405);
    assert.equal((await post(Buffer.concat([message, Buffer.from([0])]))).status, 200);
  });

  it('the same zone is on the sockets of the server', async () => {
    const resolver = new Resolver({ timeout: 5_000, tries: 1 });
    resolver.setServers([`127.0.0.1:${server.running.dns?.ports[0]}`]);
    assert.deepEqual(await resolver.resolve4('example.org'), ['192.0.2.1']);
    const metrics = await (await fetch(url('/metrics'))).text();
    assert.match(metrics, /postern_dns_questions_total\{carrier="udp",outcome="answered"\} 1/);
  });

  it('without the api there is no such path', async () => {
    const other = new TestServer({ config: { dns: { ...DNS, listeners: [] } } });
    await other.start();
    assert.equal((await fetch(`${other.baseUrl}/dns?dns=${message.toString('base64url')}`)).status, 404);
    await other.finish();
  });
});
