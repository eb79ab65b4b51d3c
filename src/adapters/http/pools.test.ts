import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSecureContext } from 'node:tls';
import { startRawPlace } from '../../../test/harness/places.ts';
import { defer } from '../../lib/deferred.ts';
import type { HttpDestination } from '../../ports/http.ts';
import { systemClock } from '../clock/index.ts';
import { AddressGate } from './address-gate.ts';
import { Connector } from './connector.ts';
import { Pools } from './pools.ts';

const MAX = 20;

/** Pools of at most so many, to a place that counts its connections and answers when it may. */
async function rig() {
  const gate = defer<void>();
  const counted = { connections: 0 };
  const port = await startRawPlace((socket) => {
    counted.connections += 1;
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      const answer = (): void => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      if (bytes.toString('latin1').startsWith('GET /held')) void gate.promise.then(answer);
      else answer();
    });
  });
  const connector = new Connector({
    clock: systemClock,
    dns: { resolveAddresses: () => assert.fail('nothing is looked up') } as never,
    hosts: new Map(),
    gate: new AddressGate([]),
    proxy: undefined,
    openLink: undefined,
    secureContext: () => createSecureContext({}),
  });
  const pools = new Pools(connector, MAX);
  const destinationOf = (number: number): HttpDestination => ({
    scheme: 'http',
    targets: [{ host: '127.0.0.1', port }],
    order: 'race',
    certificateName: `n${number}.test`,
    host: `n${number}.test`,
  });
  const ask = async (number: number, path = '/'): Promise<string> => {
    const { body } = await pools.request(destinationOf(number), { method: 'GET', path });
    return await body.text();
  };
  return { pools, counted, gate, ask };
}

describe('connections to more servers than are kept', () => {
  it('are kept for most of them where they are asked in turn', async (t) => {
    const { pools, counted, ask } = await rig();
    t.after(() => pools.close());
    const [servers, rounds] = [MAX + 4, 10];
    for (let round = 0; round < rounds; round += 1) {
      for (let number = 0; number < servers; number += 1) {
        assert.equal(await ask(number), 'ok');
        // A connection is free again in the next turn of the loop.
        await new Promise(setImmediate);
      }
    }
    assert.equal(pools.size, MAX);
    // Were the one put away that was used longest ago, every request would make a new one.
    assert.ok(counted.connections < (servers * rounds) / 1.5, `${counted.connections} of ${servers * rounds}`);
  });

  it('are never taken from a request that is under way', async (t) => {
    const { pools, gate, ask } = await rig();
    t.after(() => pools.close());
    const held = Array.from({ length: MAX }, (_, number) => ask(number, '/held'));
    for (let number = 0; number < MAX; number += 1) assert.equal(await ask(MAX + number), 'ok');
    gate.resolve();
    assert.deepEqual(new Set(await Promise.all(held)), new Set(['ok']));
  });
});
