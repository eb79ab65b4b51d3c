/** Each numeric limit at its edge: n is let through, n+1 and much more are not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useServer, v3 } from '../../harness/index.ts';

const server = useServer();

test('every limit at n, n+1 and 100·n', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom();
  let serial = 0;
  const limits: readonly (readonly [string, number, (size: number) => Promise<number>])[] = [
    [
      'event type',
      255,
      async (n) =>
        (await alice.call('PUT', v3`/rooms/${room}/send/${'t'.repeat(n)}/${`l${(serial += 1)}`}`, {})).status,
    ],
    [
      'state key',
      255,
      async (n) => (await alice.call('PUT', v3`/rooms/${room}/state/org.x/${'k'.repeat(n)}`, {})).status,
    ],
    [
      'display name',
      256,
      async (n) =>
        (await alice.call('PUT', v3`/profile/${alice.id}/displayname`, { displayname: 'd'.repeat(n) })).status,
    ],
    [
      'device name',
      100,
      async (n) => (await alice.call('PUT', v3`/devices/${alice.device}`, { display_name: 'd'.repeat(n) })).status,
    ],
    [
      'tag',
      255,
      async (n) => (await alice.call('PUT', v3`/user/${alice.id}/rooms/${room}/tags/${'t'.repeat(n)}`, {})).status,
    ],
    [
      'push rule id',
      300,
      async (n) =>
        (await alice.call('PUT', v3`/pushrules/global/override/${'r'.repeat(n)}`, { conditions: [], actions: [] }))
          .status,
    ],
  ];
  const found: string[] = [];
  for (const [name, limit, ask] of limits) {
    const [exact, above] = [await ask(limit), await ask(limit + 1)];
    // A path of more than 16 KiB does not get as far as this.
    const far = await ask(Math.min(limit * 100, 12_000));
    if (exact !== 200) found.push(`${name} of ${limit}: ${exact}`);
    for (const status of [above, far])
      if (![400, 413].includes(status)) found.push(`${name} above ${limit}: ${status}`);
  }
  assert.deepEqual(found, []);
});

test('bodies at their limit: to-device 65,536 bytes, account data, filters, one-time keys', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const toDevice = async (size: number): Promise<number> => {
    const messages = { [bob.id]: { [bob.device]: { body: 'x'.repeat(size) } } };
    return (await alice.call('PUT', v3`/sendToDevice/org.x/${`b${size}`}`, { messages })).status;
  };
  assert.deepEqual([await toDevice(65_000), await toDevice(65_536)], [200, 413]);
  const data = async (size: number): Promise<number> =>
    (await alice.call('PUT', v3`/user/${alice.id}/account_data/org.x`, { body: 'x'.repeat(size) })).status;
  assert.deepEqual([await data(65_000), await data(65_536)], [200, 413]);
  const filter = async (size: number): Promise<number> =>
    (await alice.call('POST', v3`/user/${alice.id}/filter`, { room: { rooms: ['x'.repeat(size)] } })).status;
  assert.deepEqual([await filter(1_000), await filter(65_536)], [200, 413]);
});

test('nobody invites thousands at once', async () => {
  const alice = await server.register('alice');
  const invite = Array.from({ length: 5_000 }, (_, n) => `@nobody${n}:test.example`);
  const answer = await alice.call('POST', v3`/createRoom`, { invite });
  assert.equal(answer.status, 400);
});
