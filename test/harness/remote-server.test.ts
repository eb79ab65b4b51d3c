/** Two scripted servers talk with each other in every room version, so that what tests say with them is right. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { jsonEquals, type JsonObject } from '../../src/matrix/json.ts';
import { ROOM_VERSIONS } from '../../src/matrix/room-versions.ts';
import { RemoteServer } from './remote-server.ts';
import { NameTable } from './remote/names.ts';
import type { RemoteRoom } from './remote/room.ts';

const names = new NameTable();

function twoServers(): { resident: RemoteServer; joining: RemoteServer } {
  const servers = {} as { resident: RemoteServer; joining: RemoteServer };
  before(async () => {
    servers.resident = await RemoteServer.start({ name: 'remote.test', names });
    servers.joining = await RemoteServer.start({ names });
  });
  after(async () => {
    await servers.resident.stop();
    await servers.joining.stop();
  });
  return servers;
}

function stateOf(room: RemoteRoom): Record<string, string> {
  return Object.fromEntries(room.state());
}

/** Every event that either side holds stands by the rules, and both hold the same. */
function assertSame(left: RemoteRoom, right: RemoteRoom): void {
  for (const room of [left, right]) {
    for (const { pdu, verdict, softFailed } of room.nodes.values()) {
      assert.deepEqual([pdu.type, verdict, softFailed], [pdu.type, { accept: true }, false]);
    }
  }
  assert.deepEqual(left.extremities.toSorted(), right.extremities.toSorted());
  assert.deepEqual(stateOf(left), stateOf(right));
}

for (const version of ROOM_VERSIONS.keys()) {
  suite(`two servers in room version ${version}`, () => {
    const servers = twoServers();

    for (const api of [1, 2] as const) {
      test(`join by send_join v${api}, talk, fork and merge`, async () => {
        const { resident, joining } = servers;
        const [alice, bob] = [resident.user('alice'), joining.user('bob')];
        const room = resident.createRoom({ version, creator: alice, name: 'Room' });
        const { roomId } = room;
        const theirs = await joining.joinRemote({ destination: resident.name, roomId, user: bob, api });
        assert.equal(room.membership(bob), 'join');
        assertSame(room, theirs);

        await resident.deliver(room, room.message(alice, 'one'));
        await joining.deliver(theirs, theirs.message(bob, 'two'));
        assertSame(room, theirs);

        // Both speak before they hear of each other; the topic is set on one branch only.
        const [left, right] = [room.setState(alice, 'm.room.topic', { topic: 'left' }), theirs.message(bob, 'right')];
        await resident.deliver(room, left);
        await joining.deliver(theirs, right);
        assert.equal(room.extremities.length, 2);
        const merged = room.message(alice, 'merged');
        assert.deepEqual(merged.prevEvents.toSorted(), [left.eventId, right.eventId].toSorted());
        await resident.deliver(room, merged);
        assertSame(room, theirs);
        assert.equal(theirs.current('m.room.topic')?.content['topic'], 'left');
      });
    }
  });

  suite(`two servers in room version ${version}, of which one missed something`, () => {
    const servers = twoServers();

    test('fetch what was missed, and backfill what was before', async () => {
      const { resident, joining } = servers;
      const [alice, bob] = [resident.user('alice'), joining.user('bob')];
      const room = resident.createRoom({ version, creator: alice });
      const early = room.message(alice, 'before you came');
      const { roomId } = room;
      const theirs = await joining.joinRemote({ destination: resident.name, roomId, user: bob });
      for (const body of ['unsent one', 'unsent two']) room.message(alice, body);
      await resident.deliver(room, room.message(alice, 'sent'));
      assertSame(room, theirs);

      const [first] = theirs.extremities;
      const query = new URLSearchParams({ v: first ?? '', limit: '50' });
      const uri = `/_matrix/federation/v1/backfill/${encodeURIComponent(roomId)}?${query}`;
      const got = (await joining.get(resident.name, uri)).list('pdus');
      assert.equal(got.length, room.nodes.size);
      assert.ok(got.some((json) => jsonEquals(json as JsonObject, early.json)));
    });

    test('fetch the state where the gap is too wide', async () => {
      const { resident, joining } = servers;
      const [alice, bob] = [resident.user('alice'), joining.user('bob')];
      const room = resident.createRoom({ version, creator: alice });
      const theirs = await joining.joinRemote({ destination: resident.name, roomId: room.roomId, user: bob });
      room.setState(alice, 'm.room.topic', { topic: 'in the gap' });
      for (let count = 0; count < 25; count += 1) room.message(alice, `unsent ${count}`);
      const last = room.message(alice, 'sent');
      await resident.deliver(room, last);
      assert.ok(resident.requestsFor('getRoomState').length > 0);
      assert.deepEqual(stateOf(theirs), stateOf(room));
    });
  });

  suite(`two servers in room version ${version}, with less usual ways in`, () => {
    const servers = twoServers();

    test('join with omitted members', async () => {
      const { resident, joining } = servers;
      const alice = resident.user('alice');
      const room = resident.createRoom({ version, creator: alice, name: 'Named' });
      for (const name of ['carol', 'dan']) room.join(resident.user(name));
      resident.leavesMembersOut = true;
      let omitted: JsonObject = {};
      const unhook = resident.on('sendJoinV2', async (_, next) => {
        const reply = await next();
        omitted = reply.body as JsonObject;
        return reply;
      });
      const options = { destination: resident.name, roomId: room.roomId, user: joining.user('bob'), omitMembers: true };
      const theirs = await joining.joinRemote(options);
      unhook();
      assert.equal(omitted['members_omitted'], true);
      assert.deepEqual(omitted['servers_in_room'], [resident.name]);
      const types = (omitted['state'] as JsonObject[]).map((event) => event['type']);
      assert.ok(!types.includes('m.room.member') && types.includes('m.room.power_levels'));
      assert.deepEqual(stateOf(theirs), stateOf(room));
    });

    test('invite, reject, and invite again', async () => {
      const { resident, joining } = servers;
      const [alice, bob] = [resident.user('alice'), joining.user('bob')];
      const room = resident.createRoom({ version, creator: alice, joinRule: 'invite' });
      const { roomId } = room;
      const isOld = version === '1' || version === '2';
      await resident.invite({ room, sender: alice, user: bob, api: isOld ? 1 : 2 });
      assert.equal(room.membership(bob), 'invite');
      const received = joining.invites.at(-1);
      assert.equal(received?.event.roomId, roomId);
      assert.ok(received.inviteState.some((event) => event['type'] === 'm.room.create'));
      await joining.leaveRemote({ destination: resident.name, roomId, user: bob, version, api: isOld ? 1 : 2 });
      assert.equal(room.membership(bob), 'leave');
      await resident.invite({ room, sender: alice, user: bob });
      const theirs = await joining.joinRemote({ destination: resident.name, roomId, user: bob });
      assertSame(room, theirs);
    });
  });
}

for (const version of [...ROOM_VERSIONS.values()].filter((one) => one.allowsKnocking).map((one) => one.version)) {
  suite(`two servers in room version ${version}, which knows knocking`, () => {
    const servers = twoServers();

    test('knock, be let in', async () => {
      const { resident, joining } = servers;
      const [alice, bob] = [resident.user('alice'), joining.user('bob')];
      const room = resident.createRoom({ version, creator: alice, joinRule: 'knock' });
      const { roomId } = room;
      const answer = await joining.knockRemote({ destination: resident.name, roomId, user: bob });
      assert.ok(answer.list('knock_room_state').some((event) => event['type'] === 'm.room.join_rules'));
      assert.equal(room.membership(bob), 'knock');
      await resident.invite({ room, sender: alice, user: bob });
      assertSame(room, await joining.joinRemote({ destination: resident.name, roomId, user: bob }));
    });
  });
}

for (const version of [...ROOM_VERSIONS.values()]
  .filter((one) => one.allowsRestrictedJoins)
  .map((one) => one.version)) {
  suite(`two servers in room version ${version}, which knows restricted joins`, () => {
    const servers = twoServers();

    test('join by being in another room', async () => {
      const { resident, joining } = servers;
      const [alice, bob] = [resident.user('alice'), joining.user('bob')];
      const club = resident.createRoom({ version, creator: alice });
      const allow = [{ type: 'm.room_membership', room_id: club.roomId }];
      const room = resident.createRoom({ version, creator: alice, joinRule: { join_rule: 'restricted', allow } });
      const { roomId } = room;
      const options = { destination: resident.name, roomId, user: bob };
      await assert.rejects(joining.joinRemote(options), /403/);
      await joining.joinRemote({ ...options, roomId: club.roomId });
      const theirs = await joining.joinRemote(options);
      assertSame(room, theirs);
      assert.equal(theirs.current('m.room.member', bob)?.content['join_authorised_via_users_server'], alice);
    });
  });
}
