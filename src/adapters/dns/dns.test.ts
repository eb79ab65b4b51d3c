import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../clock/fake-clock.ts';
import { systemClock } from '../clock/index.ts';
import { readHostsFile } from './hosts-file.ts';
import { createDns, type Lookups } from './index.ts';

function fails(code: string): Promise<never> {
  return Promise.reject(Object.assign(new Error(code), { code }));
}

function open(lookups: Partial<Lookups>, clock = new FakeClock(), hosts = '') {
  let asked = 0;
  let cancelled = 0;
  const all: Lookups = {
    resolve4: () => fails('ENODATA'),
    resolve6: () => fails('ENODATA'),
    resolveSrv: () => fails('ENOTFOUND'),
    ...lookups,
    cancel: () => {
      cancelled += 1;
    },
  };
  const dns = createDns({
    clock,
    lookups: () => {
      asked += 1;
      return all;
    },
    hostsFile: () => hosts,
  });
  return { dns, clock, asked: () => asked, cancelled: () => cancelled };
}

const four = [{ address: '192.0.2.1', ttl: 60 }];
const six = [{ address: '2001:db8::1', ttl: 90 }];

describe('the addresses of a name', () => {
  it('are those of both families, kept for the shorter of their times', async () => {
    const { dns, clock, asked } = open({ resolve4: async () => four, resolve6: async () => six });
    const answer = { records: ['2001:db8::1', '192.0.2.1'], ttlMs: 60_000, failed: false };
    assert.deepEqual(await dns.resolveAddresses('a.test'), answer);
    clock.advance(59_000);
    assert.deepEqual(await dns.resolveAddresses('A.test'), answer);
    assert.equal(asked(), 2);
    clock.advance(2_000);
    await dns.resolveAddresses('a.test');
    assert.equal(asked(), 4);
  });

  it('count where one family cannot be looked up', async () => {
    const { dns } = open({ resolve4: async () => four, resolve6: () => fails('ESERVFAIL') });
    assert.deepEqual((await dns.resolveAddresses('a.test')).records, ['192.0.2.1']);
  });

  it('tell no such name from nobody who could tell', async () => {
    const none = await open({}).dns.resolveAddresses('a.test');
    assert.deepEqual([none.records, none.failed], [[], false]);
    for (const code of ['ESERVFAIL', 'EREFUSED', 'ECONNREFUSED', 'ETIMEOUT', 'EBADNAME']) {
      const failed = await open({ resolve4: () => fails(code) }).dns.resolveAddresses('a.test');
      assert.deepEqual([failed.records, failed.failed], [[], true], code);
    }
  });

  it('are those of the hosts file before anybody is asked', async () => {
    const { dns, asked } = open({}, new FakeClock(), '192.0.2.9 a.test # b.test\n');
    assert.deepEqual((await dns.resolveAddresses('A.TEST')).records, ['192.0.2.9']);
    assert.deepEqual((await dns.resolveAddresses('localhost')).records, ['127.0.0.1', '::1']);
    assert.equal(asked(), 0);
  });
});

describe('a look-up', () => {
  it('never hangs: after five seconds nobody could tell', async () => {
    const { dns, clock, cancelled } = open({ resolveSrv: () => new Promise(() => undefined) });
    const answer = dns.resolveSrv('_matrix-fed._tcp.a.test');
    clock.advance(5_000);
    assert.deepEqual(await answer, { records: [], ttlMs: 30_000, failed: true });
    assert.deepEqual([clock.pending, cancelled()], [0, 1]);
  });

  it('is one for all who ask at the same time, and a failure is asked again soon', async () => {
    let ask = (): Promise<never> => fails('ESERVFAIL');
    const { dns, clock, asked } = open({ resolveSrv: () => ask() });
    const answers = await Promise.all(Array.from({ length: 10 }, () => dns.resolveSrv('_x._tcp.a.test')));
    assert.ok(answers.every(({ failed }) => failed));
    assert.equal(asked(), 1);
    ask = () => fails('ENOTFOUND');
    clock.advance(30_001);
    assert.equal((await dns.resolveSrv('_x._tcp.a.test')).failed, false);
  });

  it('gives the records of a service as they are', async () => {
    const { dns } = open({
      resolveSrv: async () => [
        { name: 'b.test.', port: 8448, priority: 10, weight: 5 },
        { name: '', port: 0, priority: 0, weight: 0 },
      ],
    });
    assert.deepEqual((await dns.resolveSrv('_x._tcp.a.test')).records, [
      { target: 'b.test', port: 8448, priority: 10, weight: 5 },
      { target: '', port: 0, priority: 0, weight: 0 },
    ]);
  });

  it('by the real resolver is soft for a name that cannot be one', async () => {
    const dns = createDns({ clock: systemClock, hostsFile: () => '' });
    const [service, addresses] = await Promise.all([dns.resolveSrv('..'), dns.resolveAddresses('a..b')]);
    assert.deepEqual([service.records, addresses.records], [[], []]);
  });
});

describe('the hosts file', () => {
  it('is read as systems read it', () => {
    const text =
      '127.0.0.1\tlocalhost\n::1 localhost ip6-localhost\r\n\n# 1.1.1.1 x\n10.0.0.1  A.test b.test\nnoip c.test\n';
    const found = readHostsFile(text);
    assert.deepEqual(found.get('localhost'), ['127.0.0.1', '::1']);
    assert.deepEqual(found.get('a.test'), ['10.0.0.1']);
    assert.deepEqual(found.get('b.test'), ['10.0.0.1']);
    for (const name of ['x', 'c.test', 'constructor']) assert.equal(found.get(name), undefined);
  });
});
