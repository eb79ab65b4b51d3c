/** Synapse and the scripted server: what our tests play is what another implementation speaks. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { serverOf } from '../../../src/matrix/ids.ts';
import type { JsonObject } from '../../../src/matrix/json.ts';
import { ROOM_VERSIONS } from '../../../src/matrix/room-versions.ts';
import { v3 } from '../../harness/user.ts';
import { RemoteServer } from '../../harness/remote-server.ts';
import type { RemoteRoom } from '../../harness/remote/room.ts';
import { Person } from '../journeys/person.ts';
import { findSynapse } from './install.ts';
import { Synapse } from './synapse.ts';

const skip = findSynapse() === undefined ? 'Synapse is not installed: npm run test:interop' : false;

let synapse: Synapse;
let remote: RemoteServer;
let alice: Person;
let bob: string;

before(async () => {
  if (skip !== false) return;
  synapse = await Synapse.start();
  remote = await RemoteServer.start();
  alice = new Person(synapse.url, await synapse.register('alice', 'password'), 'password');
  bob = remote.user('bob');
});
after(async () => {
  await remote?.stop();
  await synapse?.stop();
});

/** Every event that we hold stands by the rules. */
function assertSound(room: RemoteRoom): void {
  for (const { pdu, verdict, softFailed } of room.nodes.values()) {
    assert.deepEqual([pdu.type, verdict, softFailed], [pdu.type, { accept: true }, false]);
  }
}

function nameOf(event: JsonObject): string {
  return JSON.stringify([event['type'], event['state_key']]);
}

/** The event ids of the state of a room as Synapse has it. */
async function stateIds(roomId: string): Promise<Record<string, unknown>> {
  const state = (await alice.ok('GET', v3`/rooms/${roomId}/state`)).body as JsonObject[];
  return Object.fromEntries(state.map((event) => [nameOf(event), event['event_id']]));
}

for (const version of ROOM_VERSIONS.keys()) {
  suite(`Synapse and the scripted server in room version ${version}`, { skip }, () => {
    test('we join its room and talk', async () => {
      const room_version = version;
      const roomId = await alice.createRoom({ preset: 'public_chat', room_version, name: 'Its room' });
      const room = await remote.joinRemote({ destination: synapse.name, roomId, user: bob });
      await alice.untilMembership(roomId, bob, 'join');
      const one = await alice.send(roomId, 'one');
      assert.equal((await remote.untilEvent(room, one)).content['body'], 'one');
      const two = room.message(bob, 'two');
      await remote.deliver(room, two);
      assert.equal((await alice.untilEvent(roomId, two.eventId))['sender'], bob);
      assertSound(room);
    });

    test('its user joins our room and reads what was before', async () => {
      const room = remote.createRoom({ version, creator: bob, name: 'Our room' });
      const early = room.message(bob, 'before you came');
      await alice.join(room.roomId, remote.name);
      assert.equal(room.membership(alice.id), 'join');
      const one = await alice.send(room.roomId, 'one');
      await remote.untilEvent(room, one);
      const two = room.message(bob, 'two');
      await remote.deliver(room, two);
      await alice.untilEvent(room.roomId, two.eventId);
      const messages = await alice.ok('GET', `${v3`/rooms/${room.roomId}/messages`}?dir=b&limit=50`);
      assert.ok(messages.list('chunk').some((event) => event['event_id'] === early.eventId));
      assertSound(room);
    });

    test('forks merge to the same state', async () => {
      const room = remote.createRoom({ version, creator: bob, name: 'Fork' });
      await alice.join(room.roomId, remote.name);
      const power = room.powerLevels(bob, { state_default: 0 });
      await remote.deliver(room, power);
      await alice.until('power levels', (view) =>
        view.state(room.roomId, 'm.room.power_levels')?.['event_id'] === power.eventId ? true : undefined,
      );
      // Two topics after the same event: both sides must choose the same one.
      const ours = room.setState(bob, 'm.room.topic', { topic: 'ours' });
      const theirs = await alice.setState(room.roomId, 'm.room.topic', { topic: 'theirs' });
      await remote.untilEvent(room, theirs);
      await remote.deliver(room, ours);
      const merged = room.message(bob, 'merged');
      assert.equal(merged.prevEvents.length, 2);
      await remote.deliver(room, merged);
      await alice.untilEvent(room.roomId, merged.eventId);
      const ids = await stateIds(room.roomId);
      assert.deepEqual(ids, Object.fromEntries(room.stateEvents().map((event) => [nameOf(event.json), event.eventId])));
      assertSound(room);
    });
  });

  suite(`Synapse, the scripted server and invites in room version ${version}`, { skip }, () => {
    test('invites go both ways and can be rejected', async () => {
      const roomId = await alice.createRoom({ room_version: version, invite: [bob] });
      const invite = await remote.until(() => remote.invites.find((one) => one.event.roomId === roomId));
      assert.equal(invite.version, version);
      await remote.leaveRemote({ destination: synapse.name, roomId, user: bob, version });
      await alice.untilMembership(roomId, bob, 'leave');

      const room = remote.createRoom({ version, creator: bob, joinRule: 'invite' });
      await remote.invite({ room, sender: bob, user: alice.id });
      await alice.untilInvited(room.roomId);
      await alice.leave(room.roomId);
      await remote.until(() => (room.membership(alice.id) === 'leave' ? true : undefined));
      await remote.invite({ room, sender: bob, user: alice.id });
      await alice.untilInvited(room.roomId);
      await alice.join(room.roomId, remote.name);
      assertSound(room);
    });
  });
}

for (const version of [...ROOM_VERSIONS.values()].filter((one) => one.allowsKnocking).map((one) => one.version)) {
  suite(`Synapse, the scripted server and knocks in room version ${version}`, { skip }, () => {
    test('knocks go both ways', async () => {
      const initial_state = [{ type: 'm.room.join_rules', state_key: '', content: { join_rule: 'knock' } }];
      const roomId = await alice.createRoom({ room_version: version, initial_state });
      const options = { destination: synapse.name, roomId, user: bob };
      const knocked = await remote.knockRemote(options);
      assert.ok(knocked.list('knock_room_state').some((event) => event['type'] === 'm.room.create'));
      await alice.untilMembership(roomId, bob, 'knock');
      await remote.leaveRemote({ ...options, version });
      await alice.untilMembership(roomId, bob, 'leave');

      const room = remote.createRoom({ version, creator: bob, joinRule: 'knock' });
      await alice.knock(room.roomId, remote.name);
      assert.equal(room.membership(alice.id), 'knock');
      await remote.invite({ room, sender: bob, user: alice.id });
      await alice.untilInvited(room.roomId);
      await alice.join(room.roomId, remote.name);
      assertSound(room);
    });
  });
}

suite('Synapse and the scripted server beside rooms', { skip }, () => {
  test('it asks us for profiles, aliases, devices and keys', async () => {
    const user = remote.users.get(bob);
    assert.ok(user !== undefined);
    user.profile = { displayname: 'Bob of the script' };
    const profile = await alice.ok('GET', v3`/profile/${bob}`);
    assert.equal(profile.get('displayname'), 'Bob of the script');
    const room = remote.createRoom({ creator: bob });
    const alias = `#place:${remote.name}`;
    remote.aliases.set(alias, room.roomId);
    assert.equal(await alice.join(alias), room.roomId);
    const found = await alice.ok('POST', v3`/keys/query`, { device_keys: { [bob]: [] } });
    assert.deepEqual(found.get('device_keys', bob), {});
  });

  test('it shows and fetches our media', async () => {
    const bytes = Buffer.from('not really a picture');
    remote.media.set('pic', { bytes, contentType: 'image/png' });
    const server = serverOf(bob) ?? '';
    const answer = await alice.call('GET', `/_matrix/client/v1/media/download/${encodeURIComponent(server)}/pic`);
    assert.deepEqual(Buffer.from(answer.expect(200).bytes), bytes);
  });

  test('it answers us what we ask', async () => {
    const uri = `/_matrix/federation/v1/query/profile?user_id=${encodeURIComponent(alice.id)}`;
    assert.equal((await remote.get(synapse.name, uri)).get('displayname'), 'alice');
    const notary = await remote.post(synapse.name, '/_matrix/key/v2/query', { server_keys: { [remote.name]: {} } });
    assert.equal(notary.get('server_keys', 0, 'server_name'), remote.name);
  });
});
