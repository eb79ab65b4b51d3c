/** Invites that come by the operation of the first room versions, with what a hostile server could make of it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { getString, type JsonObject } from '../../src/matrix/json.ts';
import { dig, TestNetwork, type TestServer, type User } from '../harness/index.ts';
import type { RemoteServer } from '../harness/remote-server.ts';

const network = new TestNetwork();
const context = {} as { alpha: TestServer; remote: RemoteServer; alice: User };

before(async () => {
  context.remote = await network.startRemote('remote.test');
  context.alpha = network.server('alpha.test');
  await context.alpha.start();
  context.alice = await context.alpha.register('alice');
});
after(async () => {
  await context.remote.stop();
  await context.alpha.finish();
});

describe('sendInviteV1: an invite in the old form', () => {
  for (const version of ['1', '2']) {
    test(`an invite to a room of version ${version} comes in, is signed, and leads into the room`, async () => {
      const { remote, alice } = context;
      const carol = remote.user('carol');
      const room = remote.createRoom({ version, creator: carol, joinRule: 'invite', name: 'Old room' });
      // The harness checks the event that comes back, and both signatures.
      await remote.invite({ room, sender: carol, user: alice.id, api: 1 });
      const sync = await alice.sync();
      const place = dig(sync.body, 'rooms', 'invite', room.roomId);
      assert.ok(JSON.stringify(place).includes('Old room'));
      await alice.join(room.roomId);
      assert.equal(room.membership(alice.id), 'join');
      const event = room.message(carol, 'welcome');
      await remote.deliver(room, event);
      const got = await alice.ok('GET', `/_matrix/client/v3/rooms/${room.roomId}/event/${event.eventId}`);
      assert.equal(got.text('content', 'body'), 'welcome');
    });
  }

  test('what is no invite of a local user is refused', async () => {
    const { remote, alice } = context;
    const carol = remote.user('carol');
    const room = remote.createRoom({ version: '1', creator: carol, joinRule: 'invite' });
    const send = async (event: JsonObject, eventId = getString(event, 'event_id') ?? '') =>
      await remote.client.request({
        destination: 'alpha.test',
        method: 'PUT',
        uri: `/_matrix/federation/v1/invite/${encodeURIComponent(room.roomId)}/${encodeURIComponent(eventId)}`,
        body: event,
      });
    const member = room.build({
      type: 'm.room.member',
      sender: carol,
      stateKey: alice.id,
      content: { membership: 'invite' },
    }).json;
    const topic = { ...member, type: 'm.room.topic' };
    (await send(topic)).expect(400, 'M_INVALID_PARAM');
    (await send({ ...member, state_key: '@nobody:beta.test' })).expect(400, 'M_INVALID_PARAM');
    (await send({ ...member, content: { membership: 'join' } })).expect(400, 'M_INVALID_PARAM');
    (await send(member, '$another:remote.test')).expect(400, 'M_INVALID_PARAM');
    (await send({ ...member, sender: '@carol:beta.test' })).expect(403, 'M_FORBIDDEN');
    // Changed after it was signed.
    (await send({ ...member, depth: 77 })).expect(403, 'M_FORBIDDEN');
    const answer = (await send(member)).expect(200);
    assert.equal(answer.number(0), 200);
    assert.ok(dig(answer.body, 1, 'event', 'signatures', 'alpha.test') !== undefined);
  });
});
