import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answerOf, noAnswer, serverName } from '../../../../test/harness/peers.ts';
import { FakeClock } from '../../../adapters/clock/fake-clock.ts';
import type { SrvRecord } from '../../../ports/dns.ts';
import type { HttpAnswer, HttpRequest, HttpTarget } from '../../../ports/http.ts';
import { Discovery, type DiscoveryOptions } from './index.ts';
import { servicePlace } from './places.ts';
import { errorLifetime, lifetimeOf, readWellKnown } from './well-known.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

interface World extends Partial<DiscoveryOptions> {
  /** What a host says at `/.well-known/matrix/server`: a text is the body. */
  readonly wellKnown?: Readonly<Record<string, string | HttpAnswer | Error>>;
  readonly srv?: Readonly<Record<string, readonly SrvRecord[] | 'failed'>>;
}

function open({ wellKnown = {}, srv = {}, ...options }: World) {
  const asked: string[] = [];
  const requests: HttpRequest[] = [];
  const clock = new FakeClock();
  const told = { ...wellKnown };
  const discovery = new Discovery({
    http: {
      request: async (request) => {
        const { host } = request.destination;
        asked.push(`https ${host}`);
        requests.push(request);
        const answer = told[host] ?? noAnswer();
        if (answer instanceof Error) throw answer;
        return typeof answer === 'string' ? answerOf(Buffer.from(answer)) : answer;
      },
      stream: () => Promise.reject(noAnswer()),
      close: async () => undefined,
    },
    dns: {
      resolveSrv: async (name) => {
        asked.push(name);
        const found = srv[name] ?? [];
        return found === 'failed'
          ? { records: [], ttlMs: 1, failed: true }
          : { records: found, ttlMs: 1, failed: false };
      },
      resolveAddresses: async () => ({ records: [], ttlMs: 1, failed: false }),
    },
    clock,
    random: { bytes: (count) => new Uint8Array(count), token: () => '', integer: () => 0 },
    overrides: {},
    hosts: {},
    ...options,
  });
  return { discovery, asked, requests, clock, told };
}

function record(target: string, port: number, priority = 10, weight = 0): SrvRecord {
  return { target, port, priority, weight };
}

function textOf(target: HttpTarget | undefined): string {
  if (target === undefined) return 'none';
  return 'link' in target ? `link ${target.link}` : `${target.host} ${target.port}`;
}

/** `places (certificate name, Host)` */
async function find(world: World, name: string): Promise<string> {
  const { targets, certificateName, host, scheme } = await open(world).discovery.find(serverName(name));
  assert.equal(scheme, 'https');
  return `${targets.map(textOf).join(', ')} (${certificateName}, ${host})`;
}

const delegates = (name: string) => ({ wellKnown: { 'a.test': JSON.stringify({ 'm.server': name }) } });

describe('resolving server names, by the steps of the specification', () => {
  const fed = '_matrix-fed._tcp';
  const cases: [string, string, World, string][] = [
    ['1: an IPv4 literal', '192.0.2.1', {}, '192.0.2.1 8448 (192.0.2.1, 192.0.2.1)'],
    ['1: an IPv4 literal with a port', '192.0.2.1:1', {}, '192.0.2.1 1 (192.0.2.1, 192.0.2.1:1)'],
    ['1: an IPv6 literal', '[2001:db8::1]', {}, '2001:db8::1 8448 (2001:db8::1, [2001:db8::1])'],
    ['1: an IPv6 literal with a port', '[::1]:99', {}, '::1 99 (::1, [::1]:99)'],
    ['2: an explicit port', 'a.test:443', delegates('b.test'), 'a.test 443 (a.test, a.test:443)'],
    ['3.1: delegated to a literal', 'a.test', delegates('192.0.2.9'), '192.0.2.9 8448 (192.0.2.9, 192.0.2.9)'],
    ['3.1: … with a port', 'a.test', delegates('[::2]:5'), '::2 5 (::2, [::2]:5)'],
    ['3.2: delegated to a name with a port', 'a.test', delegates('b.test:5'), 'b.test 5 (b.test, b.test:5)'],
    [
      '3.3: delegated to a name with a service',
      'a.test',
      {
        ...delegates('b.test'),
        srv: { [`${fed}.b.test`]: [record('c.test', 7)], '_matrix._tcp.b.test': [record('d.test', 8)] },
      },
      'c.test 7 (b.test, b.test)',
    ],
    [
      '3.4: … by the old name of the service',
      'a.test',
      { ...delegates('b.test'), srv: { '_matrix._tcp.b.test': [record('d.test', 8)] } },
      'd.test 8 (b.test, b.test)',
    ],
    ['3.5: delegated to a plain name', 'a.test', delegates('b.test'), 'b.test 8448 (b.test, b.test)'],
    ['4: a service', 'a.test', { srv: { [`${fed}.a.test`]: [record('c.test', 7)] } }, 'c.test 7 (a.test, a.test)'],
    [
      '5: a service by the old name',
      'a.test',
      { srv: { '_matrix._tcp.a.test': [record('c.test', 7)] } },
      'c.test 7 (a.test, a.test)',
    ],
    ['6: the name itself', 'a.test', {}, 'a.test 8448 (a.test, a.test)'],
    [
      '6: where nobody can tell',
      'a.test',
      { srv: { [`${fed}.a.test`]: 'failed', '_matrix._tcp.a.test': 'failed' } },
      'a.test 8448 (a.test, a.test)',
    ],
    [
      '5: where nobody can tell the new name of the service',
      'a.test',
      { srv: { [`${fed}.a.test`]: 'failed', '_matrix._tcp.a.test': [record('c.test', 7)] } },
      'c.test 7 (a.test, a.test)',
    ],
    [
      '6: a service that says that it is none',
      'a.test',
      { srv: { [`${fed}.a.test`]: [record('', 0)] } },
      'a.test 8448 (a.test, a.test)',
    ],
    [
      '4: records that are none are left out',
      'a.test',
      {
        srv: {
          [`${fed}.a.test`]: [record('x y', 1), record('b.test', 0), record('b.test', 70_000), record('c.test', 7)],
        },
      },
      'c.test 7 (a.test, a.test)',
    ],
  ];
  for (const [what, name, world, expected] of cases)
    it(what, async () => assert.equal(await find(world, name), expected));

  it('a name with an address or a port asks nobody', async () => {
    for (const name of ['192.0.2.1', '[::1]', 'a.test:8448']) {
      const { discovery, asked } = open({});
      await discovery.find(serverName(name));
      assert.deepEqual(asked, []);
    }
  });

  it('a port that does not exist is nowhere', async () => {
    for (const [name, world] of [
      ['a.test:70000', {}],
      ['a.test:0', {}],
      ['a.test', delegates('b.test:70000')],
    ] as const) {
      await assert.rejects(find(world, name), { kind: 'name not found', temporary: false });
    }
  });

  it('a name of network.hosts asks no resolver about its services', async () => {
    const { discovery, asked } = open({ hosts: { 'A.test': '127.0.0.1' } });
    await discovery.find(serverName('a.test'));
    assert.deepEqual(asked, ['https a.test']);
  });

  it('adv-114 the well-known is asked with a limit and a few redirections', async () => {
    const { discovery, requests } = open(delegates('b.test'));
    await discovery.find(serverName('a.test'));
    const [request] = requests;
    assert.deepEqual(request?.destination.targets, [{ host: 'a.test', port: 443 }]);
    assert.deepEqual([request?.path, request?.bytesMax], ['/.well-known/matrix/server', 51_200]);
    assert.equal(request?.redirectsMax, 5);
  });
});

describe('federation.overrides', () => {
  it('go before everything, with the name of the server for certificate and Host', async () => {
    const connect = ['203.0.113.20:8448', '[::1]:99', 'some_host:443'];
    const pin = 'sha256/x';
    const { discovery, asked } = open({
      overrides: { 'a.test': { connect, pin }, 'b.test:1': { connect: ['h:2'], order: 'listed', pin: null } },
    });
    assert.deepEqual(await discovery.find(serverName('a.test')), {
      scheme: 'https',
      targets: [
        { host: '203.0.113.20', port: 8448 },
        { host: '::1', port: 99 },
        { host: 'some_host', port: 443 },
      ],
      order: 'race',
      certificateName: 'a.test',
      host: 'a.test',
      isOwners: true,
      pin,
    });
    const second = await discovery.find(serverName('b.test:1'));
    assert.deepEqual(
      [second.order, second.certificateName, second.host, second.pin],
      ['listed', 'b.test', 'b.test:1', undefined],
    );
    assert.deepEqual(asked, []);
  });
});

describe('what is remembered of a look-up', () => {
  it('one at a time for all who ask, and none while it counts', async () => {
    const { discovery, asked, clock } = open(delegates('b.test:5'));
    const name = serverName('a.test');
    await Promise.all(Array.from({ length: 5 }, () => discovery.find(name)));
    clock.advance(23 * HOUR);
    await discovery.find(name);
    assert.deepEqual(asked, ['https a.test']);
    clock.advance(2 * HOUR);
    await discovery.find(name);
    assert.equal(asked.length, 2);
  });

  it('failures count for longer each time', async () => {
    const { discovery, asked, clock } = open({ hosts: { 'a.test': '127.0.0.1' } });
    const name = serverName('a.test');
    const pauses: number[] = [];
    for (let minutes = 0, last = 0; minutes < 300; minutes += 1) {
      const before = asked.length;
      await discovery.find(name);
      if (asked.length > before) {
        pauses.push(minutes - last);
        last = minutes;
      }
      clock.advance(MINUTE);
    }
    // The place is looked at every five minutes at most.
    assert.deepEqual(pauses.slice(0, 5), [0, 5, 5, 5, 10]);
    assert.equal(Math.max(...pauses), 60);
  });

  it('a delegation is kept through a bad time of the host, not through its end', async () => {
    const { discovery, clock, told } = open(delegates('b.test:5'));
    const name = serverName('a.test');
    const port = async () => Number(textOf((await discovery.find(name)).targets[0]).split(' ')[1]);
    assert.equal(await port(), 5);
    for (const bad of [noAnswer('timed out'), answerOf({}, 503)]) {
      told['a.test'] = bad;
      clock.advance(25 * HOUR);
      assert.equal(await port(), bad instanceof Error ? 5 : 8448, 'two days at most');
    }
    told['a.test'] = JSON.stringify({ 'm.server': 'b.test:6' });
    clock.advance(HOUR);
    assert.equal(await port(), 6);
    told['a.test'] = answerOf({}, 404);
    clock.advance(25 * HOUR);
    assert.equal(await port(), 8448);
  });

  it('a place that does not answer is looked up again, but not for every attempt', async () => {
    const { discovery, asked, clock } = open({});
    const name = serverName('a.test');
    await discovery.find(name);
    discovery.forget(name);
    await discovery.find(name);
    assert.equal(asked.filter((one) => one.startsWith('https')).length, 1);
    clock.advance(10_000);
    discovery.forget(name);
    await discovery.find(name);
    assert.equal(asked.filter((one) => one.startsWith('https')).length, 2);
  });
});

describe('the answer of a well-known', () => {
  it('delegates only where it is one', () => {
    const read = (body: string, status = 200) => readWellKnown(answerOf(Buffer.from(body), status));
    assert.equal(read('{"m.server":"b.test:443","more":1.5}'), 'b.test:443');
    const bad = ['', '{', '[]', '"b.test"', '{}', '{"m.server":1}', '{"m.server":""}', '{"m.server":"b.test/x"}'];
    bad.push(
      '{"m.server":"https://b.test"}',
      '{"m.server":"b.test","m.server":"c.test"}',
      '<html>',
      '{"m.server":"é"}',
    );
    bad.push(`{"m.server":"b.test","x":${'['.repeat(20)}${']'.repeat(20)}}`);
    for (const body of bad) assert.equal(read(body), undefined, body);
    for (const status of [201, 204, 301, 404, 500]) assert.equal(read('{"m.server":"b.test"}', status), undefined);
  });

  it('counts as long as it says, within bounds', () => {
    const now = Date.UTC(2026, 0, 1);
    const cases: [Record<string, string>, number][] = [
      [{}, 24 * HOUR],
      [{ 'cache-control': 'max-age=7200' }, 2 * HOUR],
      [{ 'cache-control': 'public, Max-Age="7200"' }, 2 * HOUR],
      [{ 'cache-control': 'max-age=7200', age: '3600' }, HOUR],
      [{ 'cache-control': 'max-age=9999999' }, 48 * HOUR],
      [{ 'cache-control': 'max-age=0' }, MINUTE],
      [{ 'cache-control': 'no-store' }, MINUTE],
      [{ 'cache-control': 'no-cache, max-age=7200' }, MINUTE],
      [{ 'cache-control': 'max-age=x' }, 24 * HOUR],
      [{ 'cache-control': 'max-age=7200', age: '99999' }, MINUTE],
      [{ expires: new Date(now + 3 * HOUR).toUTCString() }, 3 * HOUR],
      [{ expires: new Date(now - HOUR).toUTCString() }, MINUTE],
      [{ expires: 'never' }, 24 * HOUR],
      [{ expires: new Date(now + 3 * HOUR).toUTCString(), 'cache-control': 'max-age=7200' }, 2 * HOUR],
    ];
    for (const [headers, expected] of cases) {
      assert.equal(lifetimeOf(new Map(Object.entries(headers)), now), expected, JSON.stringify(headers));
    }
    assert.deepEqual([1, 2, 3, 7, 99].map(errorLifetime), [MINUTE, 2 * MINUTE, 4 * MINUTE, HOUR, HOUR]);
  });
});

describe('the records of a service', () => {
  it('come by priority, and among equals by weight', () => {
    const records = [
      record('c.test', 1, 20),
      record('a.test', 1, 5, 1),
      record('b.test', 1, 5, 3),
      record('z.test', 1, 5, 0),
    ];
    const order = (draws: readonly number[]): string => {
      const left = [...draws];
      const random = {
        bytes: () => new Uint8Array(),
        token: () => '',
        integer: (below: number) => Math.min(left.shift() ?? 0, below - 1),
      };
      return servicePlace('s.test', { matrixFed: records, matrix: [] }, random)
        .targets.map((one) => textOf(one)[0])
        .join('');
    };
    assert.equal(order([0, 0, 0]), 'zabc');
    assert.equal(order([1, 0, 0]), 'azbc');
    assert.equal(order([4, 1, 0]), 'bazc');
    assert.equal(order([2, 0, 0]), 'bzac');
  });

  it('are eight at most', () => {
    const many = Array.from({ length: 30 }, (_, index) => record(`h${index}.test`, 1));
    const random = { bytes: () => new Uint8Array(), token: () => '', integer: () => 0 };
    assert.equal(servicePlace('s.test', { matrixFed: many, matrix: [] }, random).targets.length, 8);
  });
});
