/** What real kernels' packets go through; started by namespaces.test.ts inside namespaces of its own. */
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { endWithParent } from '../../src/lab/namespaces/enter.ts';
import { NamespaceLab } from '../../src/lab/namespaces/namespace-lab.ts';
import { crossCheck } from '../../src/lab/check/cross-check.ts';
import type { Rule } from '../../src/lab/censor/rules.ts';
import { HOSTS, NATION } from '../../src/lab/network/topology.ts';

endWithParent();

const ABROAD = '203.0.113.20';
const ABROAD6 = '2001:db8:2::14';
const pcapPath = path.join(tmpdir(), `lab-${process.pid}.pcap`);
let lab: NamespaceLab;

/** A TLS server for any name, that says how long what it was sent is. */
const ECHO = `
const tls = require('node:tls');
const { readFileSync } = require('node:fs');
const [key, cert, ...ports] = process.argv.slice(1);
const options = { key: readFileSync(key), cert: readFileSync(cert) };
let left = ports.length;
for (const port of ports) {
  tls.createServer(options, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => socket.write(Buffer.alloc(data.length < 9 ? 40000 : 3, 65)));
  }).on('tlsClientError', () => {}).listen(Number(port), '::', () => {
    left -= 1;
    if (left === 0) console.log('ready');
  });
}`;

const fixture = (name: string): string => path.join(import.meta.dirname, '../fixtures/tls', name);

before(async () => {
  lab = await NamespaceLab.open({ hosts: HOSTS, pcapPath });
  await lab.setBorder('clear');
  const options = ['-e', ECHO, fixture('server.key'), fixture('server.pem'), '443', '8448'];
  const echo = lab.host('abroad').spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  assert.ok(echo.stdout !== null);
  await once(echo.stdout, 'data');
});
after(() => lab.close());

function say(options: { name?: string; port?: number; address?: string; bytes?: string; waitMs?: number }) {
  const { name, port = 443, address = ABROAD, bytes = 'nine bytes', waitMs = 3_000 } = options;
  return lab.host('alice').say({
    address,
    port,
    bytes: Buffer.from(bytes),
    waitMs,
    tls: { serverName: name },
  });
}

async function withCensor<T>(rule: Rule, use: () => Promise<T>): Promise<T> {
  await lab.setCensor('test', rule, NATION);
  try {
    return await use();
  } finally {
    await lab.setCensor('test', undefined);
  }
}

void test('TLS across the border, in both families, with the delay of the line', async () => {
  for (const address of [ABROAD, ABROAD6]) {
    const answer = await say({ address, name: 'alpha.test', waitMs: 1_500 });
    assert.equal(answer.end, 'open');
    assert.equal(Buffer.from(answer.bytes).toString(), 'AAA');
    // One round trip of TCP and one of TLS 1.3, 200 ms each; the rest is the machine's.
    assert.ok((answer.openMs ?? 0) >= 400 && (answer.openMs ?? 0) < 900, `${answer.openMs} ms`);
  }
});

void test('a forbidden name is reset on every port and in both families; another, and none, are not', async () => {
  const rule: Rule = { kind: 'sni', names: ['alpha.test'], action: 'rst', residualMs: 0 };
  await withCensor(rule, async () => {
    for (const port of [443, 8_448]) {
      for (const address of [ABROAD, ABROAD6]) {
        assert.equal((await say({ name: 'alpha.test', port, address })).end, 'reset', `${address} ${port}`);
      }
    }
    assert.equal((await say({ name: 'beta.test', waitMs: 1_200 })).end, 'open');
    assert.equal((await say({ waitMs: 1_200 })).end, 'open');
    assert.ok(lab.events.some((one) => one.reason === 'sni alpha.test' && one.from === 'alice'));
  });
});

void test('the penalty refuses an allowed name, at once', async () => {
  await withCensor({ kind: 'sni', names: ['alpha.test'], action: 'rst', residualProbability: 1 }, async () => {
    await say({ name: 'alpha.test' });
    const next = await say({ name: 'beta.test' });
    assert.ok(next.end === 'refused' || next.end === 'reset', next.end);
    assert.ok(next.ms < 350, `${next.ms} ms`);
  });
});

void test('a forged answer is first, the true one second; a resolver inside is poisoned', async () => {
  const zone = [{ name: 'chat.test', addresses: [ABROAD] }];
  await lab.host('dns').nameServer({ zone, forward: [], ttlSeconds: 60 });
  const forward = [{ below: '', address: '203.0.113.53' }];
  await lab.host('resolver').nameServer({ zone: [], forward, ttlSeconds: 60 });
  const alice = lab.host('alice');
  await withCensor({ kind: 'dns', names: ['chat.test'], answers: ['192.0.2.66'] }, async () => {
    const { answers } = await alice.resolve('chat.test', '203.0.113.53', 600);
    assert.deepEqual(
      answers.map((one) => [one.addresses, one.isTrue]),
      [
        [['192.0.2.66'], false],
        [[ABROAD], true],
      ],
    );
    assert.ok((answers[0]?.ms ?? 0) < (answers[1]?.ms ?? 0));
    const poisoned = await alice.resolve('chat.test', '198.51.100.12', 400);
    assert.deepEqual(poisoned.answers[0]?.addresses, ['192.0.2.66']);
  });
  alice.resolvConf('nameserver 203.0.113.53\n');
  const looked = alice.spawn(
    process.execPath,
    ['-e', "require('node:dns').lookup('chat.test', (error, address) => console.log(error?.code ?? address))"],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  assert.ok(looked.stdout !== null);
  assert.equal((await text(looked.stdout)).trim(), ABROAD, 'programs of a host read its own resolv.conf');
});

void test('a connection freezes after some kilobytes', async () => {
  assert.equal((await say({ bytes: 'much', waitMs: 2_500 })).bytes.length, 40_000);
  await withCensor({ kind: 'freeze', afterBytes: 16_384 }, async () => {
    const { bytes, end } = await say({ bytes: 'much', waitMs: 2_500 });
    assert.equal(end, 'open');
    assert.ok(bytes.length < 16_384, `${bytes.length}`);
  });
});

void test('what goes to nobody of the lab goes nowhere, and is counted', async () => {
  const answer = await lab.host('alice').say({ address: '8.8.8.8', port: 53, bytes: Buffer.alloc(1), waitMs: 300 });
  assert.equal(answer.end, 'timeout');
  const { foreign } = await lab.count();
  assert.deepEqual(
    foreign.map((one) => [one.from, one.destination, one.port]),
    [['alice', '8.8.8.8', 53]],
  );
});

void test('the files of packets are what other programs read', () => {
  const bytes = readFileSync(pcapPath);
  assert.equal(bytes.readUInt32LE(0), 0xa1b2c3d4);
  assert.equal(bytes.readUInt32LE(20), 101);
  let packets = 0;
  for (let at = 24; at < bytes.length; at += 16 + bytes.readUInt32LE(at + 8)) {
    assert.match(String((bytes[at + 16] ?? 0) >> 4), /^[46]$/);
    packets += 1;
  }
  assert.ok(packets > 50);
});

void test('rate and loss are those of the kernel, or of arithmetic', async () => {
  const check = await crossCheck(lab, { forMs: 1_500 });
  assert.ok(Math.abs(check.rate.lab / check.rate.nominal - 1) < 0.05, JSON.stringify(check));
  if (check.rate.kernel !== undefined) {
    assert.ok(Math.abs(check.rate.lab / check.rate.kernel - 1) < 0.05, JSON.stringify(check));
  }
  assert.ok(Math.abs(check.loss.lab - check.loss.nominal) < 4 * check.loss.deviation, JSON.stringify(check));
});
