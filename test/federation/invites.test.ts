/** Invites that come by the operation of the first room versions, with what a hostile server could make of it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { getString, type JsonObject } from '../../src/matrix/json.ts';
import { dig, TestNetwork, type TestServer, type User, v3 } from '../harness/index.ts';
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

test('an invite is sent in the old form to a server that knows no other, in rooms of its time alone', async () => {
  const { remote, alice } = context;
  const friend = remote.user('friend');
  const unknown = remote.on('sendInviteV2', () => ({ status: 404, body: { errcode: 'M_UNRECOGNIZED', error: 'no' } }));
  try {
    for (const version of ['1', '2']) {
      const room = await alice.createRoom({ room_version: version, name: 'Old' });
      await alice.ok('POST', v3`/rooms/${room}/invite`, { user_id: friend });
      const got = remote.invites.at(-1);
      assert.equal(got?.event.roomId, room);
      assert.ok(JSON.stringify(got.inviteState).includes('Old'));
      const member = await alice.ok('GET', v3`/rooms/${room}/state/m.room.member/${friend}`);
      assert.equal(member.text('membership'), 'invite');
    }
    const before = remote.requestsFor('sendInviteV1').length;
    const room = await alice.createRoom({ room_version: '11' });
    const refused = await alice.call('POST', v3`/rooms/${room}/invite`, { user_id: friend });
    assert.ok(refused.status >= 400);
    assert.equal(remote.requestsFor('sendInviteV1').length, before);
  } finally {
    unknown();
  }
});
