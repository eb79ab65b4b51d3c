import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useServer, type User, v3 } from '../../../test/harness/index.ts';

const server = useServer();
const SLIDING = '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync';

/** Whom a user is told not to track any more, by each of the three APIs that tell it. */
async function told(user: User, act: () => Promise<unknown>): Promise<Record<string, unknown>> {
  const body = { lists: {}, extensions: { e2ee: { enabled: true } } };
  const before = (await user.sync()).text('next_batch');
  const pos = (await user.ok('POST', SLIDING, body)).text('pos');
  await act();
  const after = await user.sync({ since: before });
  const changes = await user.ok('GET', v3`/keys/changes?from=${before}&to=${after.text('next_batch')}`);
  const sliding = await user.ok('POST', `${SLIDING}?pos=${pos}`, body);
  return {
    v3: after.get('device_lists', 'left') ?? [],
    keys: changes.get('left'),
    sliding: sliding.get('extensions', 'e2ee', 'device_lists', 'left') ?? [],
  };
}

test('device lists: whoever leaves a room is told whom they share no room with any more', async () => {
  const [alice, carol, bob] = await server.users('alice', 'carol', 'bob');
  const room = await alice.createRoom();
  await alice.bring(room, carol, bob);
  const left = await told(bob, () => bob.leave(room));
  for (const [api, users] of Object.entries(left)) {
    assert.deepEqual(new Set(users as string[]), new Set([alice.id, carol.id]), api);
  }
});

test('device lists: an invitation, open or declined, does not tell who is in the room', async () => {
  const [alice, carol, bob] = await server.users('alice', 'carol', 'bob');
  const room = await alice.createRoom();
  await alice.bring(room, carol);
  const nobody = { v3: [], keys: [], sliding: [] };
  assert.deepEqual(await told(bob, () => alice.invite(room, bob)), nobody);
  assert.deepEqual(await told(bob, () => bob.leave(room)), nobody);
});

test('device lists: a ban from outside does not tell who is in the room', async () => {
  const [alice, carol, bob] = await server.users('alice', 'carol', 'bob');
  const room = await alice.createRoom();
  await alice.bring(room, carol);
  const ban = () => alice.ok('POST', v3`/rooms/${room}/ban`, { user_id: bob.id });
  assert.deepEqual(await told(bob, ban), { v3: [], keys: [], sliding: [] });
});
