/** Outgoing connections that another node makes: what is listed is reached through it, and nothing else. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import { after, describe, it } from 'node:test';
import { systemClock } from '../../src/adapters/clock/index.ts';
import { createLog } from '../../src/adapters/log/index.ts';
import { createOutgoing } from '../../src/adapters/http/index.ts';
import { type EgressStream, openEgress } from '../../src/deploy/egress/door.ts';
import { parseEgressRule } from '../../src/deploy/egress/rules.ts';
import { authority, dnsOf, fails, get, openGate, pair } from '../harness/gate.ts';
import { closedPort, startPlace } from '../harness/places.ts';

/** A node abroad that knows where `b.test` is, and a node inside that does not. */
function scene({ rules, denyRanges = ['10.0.0.0/8'] }: { rules: readonly string[]; denyRanges?: readonly string[] }) {
  const asked: string[] = [];
  const abroad = createOutgoing({
    clock: systemClock,
    dns: dnsOf({ 'b.test': [['127.0.0.1']], 'deep.b.test': [['127.0.0.1']] }),
    hosts: {},
    denyRanges,
    extraCa: [],
    proxy: null,
    userAgent: 'test',
  });
  after(() => abroad.http.close());
  const door = openEgress({
    rules: new Map([['inside', rules.flatMap((text) => parseEgressRule(text) ?? [])]]),
    clock: systemClock,
    log: createLog({ level: 'error', format: 'json' }),
    connect: abroad.connectOutside,
  });
  const dns = dnsOf({});
  const http = openGate({
    dns,
    hosts: { 'a.test': '127.0.0.1' },
    extraCa: [authority.certificate],
    egress: {
      nodeFor: (host) => (host.endsWith('b.test') ? 'abroad' : undefined),
      open: async (node) => {
        asked.push(node);
        const [near, far] = duplexPair();
        door(Object.assign(far, { peer: 'inside' }) as EgressStream);
        return near;
      },
    },
  });
  return { http, asked, dns };
}

const toB = { certificateName: 'b.test', host: 'b.test' } as const;

describe('connections that another node makes', () => {
  it('reach what is listed, with TLS from end to end, and no name is looked up here', async () => {
    const port = await startPlace((_, response) => response.end('from afar'), pair);
    const { http, asked, dns } = scene({ rules: [`b.test:${port}`] });
    const answer = await http.request(get(port, { to: { ...toB, targets: [{ host: 'b.test', port }] } }));
    assert.equal(Buffer.from(answer.bytes).toString(), 'from afar');
    assert.deepEqual([asked, dns.asked], [['abroad'], []]);
  });

  it('are not made for places that have an address here', async () => {
    const port = await startPlace((_, response) => response.end('near'), pair);
    const { http, asked } = scene({ rules: ['*:*'] });
    assert.equal(Buffer.from((await http.request(get(port))).bytes).toString(), 'near');
    assert.deepEqual(asked, []);
  });

  it('do not reach what is not listed', async () => {
    const port = await startPlace((_, response) => response.end('no'), pair);
    const { http } = scene({ rules: [`b.test:${port + 1}`, `*.c.test:${port}`] });
    await fails(http.request(get(port, { to: { ...toB, targets: [{ host: 'b.test', port }] } })), 'no connection');
  });

  it('do not reach what the gate of that node denies', async () => {
    const port = await startPlace((_, response) => response.end('no'), pair);
    const { http } = scene({ rules: ['*:*'], denyRanges: ['127.0.0.0/8'] });
    await fails(http.request(get(port, { to: { ...toB, targets: [{ host: 'b.test', port }] } })), 'no connection');
  });

  it('fail where nobody is there', async () => {
    const port = await closedPort();
    const { http } = scene({ rules: ['*:*'] });
    await fails(http.request(get(port, { to: { ...toB, targets: [{ host: 'b.test', port }] } })), 'no connection');
  });

  it('are made by CONNECT alone', async () => {
    const { answers } = await plainly('GET / HTTP/1.1\r\nHost: b.test\r\n\r\n');
    assert.match(answers, /^HTTP\/1\.1 405 /);
    assert.match((await plainly('CONNECT b.test HTTP/1.1\r\nHost: b.test\r\n\r\n')).answers, /^HTTP\/1\.1 403 /);
    assert.match((await plainly('hello\r\n\r\n')).answers, /^HTTP\/1\.1 400 /);
  });
});

/** What a peer hears that says something to the door. */
async function plainly(words: string): Promise<{ answers: string }> {
  const door = openEgress({
    rules: new Map(),
    clock: systemClock,
    log: createLog({ level: 'error', format: 'json' }),
    connect: () => assert.fail('nothing is connected'),
  });
  const [near, far] = duplexPair();
  door(Object.assign(far, { peer: 'inside' }) as EgressStream);
  near.write(words);
  const chunks: Buffer[] = [];
  near.on('data', (chunk: Buffer) => chunks.push(chunk));
  await Promise.race([once(near, 'end'), once(near, 'close'), once(far, 'close')]);
  return { answers: Buffer.concat(chunks).toString('latin1') };
}
