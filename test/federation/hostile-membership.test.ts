/** A hostile server at the edge of rooms: joins, templates, ACLs, and states that are none. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject, JsonValue } from '../../src/matrix/json.ts';
import { ROOM_VERSIONS } from '../../src/matrix/room-versions.ts';
import { url, v3 } from '../harness/index.ts';
import type { RemoteRoom } from '../harness/remote/room.ts';
import { Stage } from './stage.ts';
import { untilSeen } from './until.ts';

const stage = new Stage();

describe('the room a server may act in', () => {
  test('a server that the ACL keeps out is heard neither itself nor through another (adv-040, adv-041)', async () => {
    const alice = await stage.alpha.register('alice');
    const room = await alice.createRoom({ preset: 'public_chat', room_version: '11' });
    const [bad, good] = [stage.mallory.user('bad'), stage.honest.user('good')];
    const theirs = await stage.mallory.joinRemote({ destination: 'alpha.test', roomId: room, user: bad });
    const ours = await stage.honest.joinRemote({ destination: 'alpha.test', roomId: room, user: good });
    await alice.setState(room, 'm.room.server_acl', {
      allow: ['*'],
      deny: ['EVIL.hosts.test'],
      allow_ip_literals: false,
    });
    const said = theirs.message(bad, 'let me in');
    await stage.push(said);
    assert.equal(await stage.statusOf(said.eventId), undefined);
    await stage.honest.send('alpha.test', { pdus: [said] });
    assert.equal(await stage.statusOf(said.eventId), undefined);
    const answers = await Promise.all([
      stage.mallory.client.request({
        destination: 'alpha.test',
        method: 'GET',
        uri: `/_matrix/federation/v1/make_leave/${encodeURIComponent(room)}/${encodeURIComponent(bad)}`,
      }),
      stage.mallory.client.request({
        destination: 'alpha.test',
        method: 'GET',
        uri: `${url`/_matrix/federation/v1/backfill/${room}?v=`}${encodeURIComponent(said.eventId)}&limit=5`,
      }),
    ]);
    for (const answer of answers) answer.expect(403, 'M_FORBIDDEN');
    await untilSeen(alice, room, await sendVia(ours, good));
  });

  async function sendVia(room: RemoteRoom, user: string): Promise<string> {
    const event = room.message(user, 'I may speak');
    await stage.honest.send('alpha.test', { pdus: [event] });
    return event.eventId;
  }

  test('nobody joins for users of others, nor by another path or event (adv-002, adv-018, adv-019)', async () => {
    const alice = await stage.alpha.register('alice');
    const room = await alice.createRoom({ preset: 'public_chat', room_version: '11' });
    const stranger = stage.honest.user('stranger');
    const uri = `/_matrix/federation/v1/make_join/${encodeURIComponent(room)}/${encodeURIComponent(stranger)}?ver=11`;
    (await stage.mallory.client.request({ destination: 'alpha.test', method: 'GET', uri })).expect(403, 'M_FORBIDDEN');
    await assert.rejects(
      stage.mallory.joinRemote({
        destination: 'alpha.test',
        roomId: room,
        user: stage.mallory.user('x'),
        json: { type: 'm.room.topic' },
      }),
    );
    await assert.rejects(
      stage.mallory.joinRemote({
        destination: 'alpha.test',
        roomId: room,
        user: stage.mallory.user('x'),
        json: { state_key: alice.id },
      }),
    );
    await assert.rejects(
      stage.mallory.joinRemote({
        destination: 'alpha.test',
        roomId: room,
        user: stage.mallory.user('x'),
        content: { membership: 'ban' },
      }),
    );
    await assert.rejects(
      stage.mallory.joinRemote({
        destination: 'alpha.test',
        roomId: room,
        user: stage.mallory.user('x'),
        afterSigning: { signatures: {} },
      }),
    );
    const members = await alice.ok('GET', v3`/rooms/${room}/joined_members`);
    assert.deepEqual(Object.keys(members.get('joined') as object), [alice.id]);
  });

  test('templates of a hostile server are never signed as they are (adv-020)', async () => {
    const user = stage.mallory.user('mallory');
    const hostile: readonly JsonObject[] = [
      { type: 'm.room.power_levels' },
      { room_id: '!other:alpha.test' },
      { sender: '@admin:alpha.test' },
      { state_key: '@admin:alpha.test' },
      { content: { membership: 'ban' } },
    ];
    for (const changes of hostile) {
      const alice = await stage.alpha.register('alice');
      const room = stage.mallory.createRoom({ version: '11', creator: user });
      const stop = stage.mallory.on('makeJoin', async (_request, next) => {
        const reply = await next();
        const body = reply.body as { room_version: string; event: JsonObject };
        return { ...reply, body: { ...body, event: { ...body.event, ...changes } } };
      });
      const answer = await alice.call('POST', `${v3`/join/${room.roomId}`}?via=${stage.mallory.name}`, {});
      stop();
      assert.ok(answer.status >= 400, JSON.stringify(changes));
      assert.deepEqual(
        stage.mallory
          .requestsFor('sendJoinV2')
          .filter((request) => request.path.includes(encodeURIComponent(room.roomId))),
        [],
      );
    }
  });
});

test('a join into a state with malformed events, or of another room version (adv-044, adv-045)', async () => {
  const user = stage.mallory.user('mallory');
  const alice = await stage.alpha.register('alice');
  const room = stage.mallory.createRoom({ version: '11', creator: user, name: 'Room' });
  const stop = stage.mallory.on('sendJoinV2', async (_request, next) => {
    const reply = await next();
    const body = reply.body as { state: JsonValue[] };
    const broken = [{ type: 'm.room.name' }, null, 7, { ...(body.state[0] as JsonObject), depth: -3 }];
    return { ...reply, body: { ...body, state: [...body.state, ...(broken as JsonValue[])] } };
  });
  await alice.ok('POST', `${v3`/join/${room.roomId}`}?via=${stage.mallory.name}`, {});
  stop();
  await stage.assertStillSound(alice, room);

  const bob = await stage.alpha.register('bob');
  const second = stage.mallory.createRoom({ version: '11', creator: user });
  const lie = stage.mallory.on('makeJoin', async (_request, next) => {
    const reply = await next();
    return { ...reply, body: { ...(reply.body as JsonObject), room_version: '10' } };
  });
  const answer = await bob.call('POST', `${v3`/join/${second.roomId}`}?via=${stage.mallory.name}`, {});
  lie();
  assert.ok(answer.status >= 400);
});

test('every room version: a join whose state is taken apart is refused, and nothing is kept', async () => {
  for (const version of ROOM_VERSIONS.keys()) {
    const bob = await stage.alpha.register('bob');
    const room = stage.mallory.createRoom({ version, creator: stage.mallory.user('mallory') });
    const stop = stage.mallory.on('sendJoinV2', async (_request, next) => {
      const reply = await next();
      return { ...reply, body: { ...(reply.body as JsonObject), state: [], auth_chain: [] } };
    });
    const answer = await bob.call('POST', `${v3`/join/${room.roomId}`}?via=${stage.mallory.name}`, {});
    stop();
    assert.ok(answer.status >= 400, version);
    assert.equal((await bob.ok('GET', v3`/joined_rooms`)).list('joined_rooms').length, 0);
  }
});

test('a room that names ours as its predecessor takes no alias from it (adv-039)', async () => {
  const alice = await stage.alpha.register('alice');
  const ours = await alice.createRoom({ preset: 'public_chat', room_alias_name: 'square' });
  const user = stage.mallory.user('mallory');
  const room = stage.mallory.createRoom({
    version: '11',
    creator: user,
    createContent: { predecessor: { room_id: ours, event_id: `$${'P'.repeat(43)}` } },
  });
  await alice.ok('POST', `${v3`/join/${room.roomId}`}?via=${stage.mallory.name}`, {});
  const found = await alice.ok('GET', v3`/directory/room/${'#square:alpha.test'}`);
  assert.equal(found.text('room_id'), ours);
});
