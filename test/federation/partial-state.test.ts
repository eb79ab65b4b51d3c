/** Rooms that are joined without their members: open at once, and whole in the end. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '../../src/matrix/json.ts';
import { redact } from '../../src/rules/redaction/redact.ts';
import { type User, v3 } from '../harness/index.ts';
import type { RemoteRoom } from '../harness/remote/room.ts';
import { claim, holdState, joinedMembers, joinLarge, largeRoom, LAZY, MEMBERS } from './partial-scene.ts';
import { useScripted } from './scripted.ts';

const HERE = 'alpha.test';
const scene = useScripted();

interface SyncedRoom {
  readonly state: { readonly events: readonly { readonly type: string; readonly state_key: string }[] };
  readonly summary?: { readonly 'm.joined_member_count': number };
}

function joinedIn(body: unknown, room: RemoteRoom): SyncedRoom | undefined {
  return (body as { rooms?: { join?: Record<string, SyncedRoom> } }).rooms?.join?.[room.roomId];
}

function membersIn(synced: SyncedRoom | undefined): string[] {
  return (synced?.state.events ?? []).filter(({ type }) => type === 'm.room.member').map((event) => event.state_key);
}

async function bodiesOf(user: User, room: RemoteRoom): Promise<string[]> {
  const page = await user.ok('GET', `${v3`/rooms/${room.roomId}/messages`}?dir=b&limit=100`);
  const chunk = page.get('chunk') as { content: { body?: string } }[];
  return chunk.flatMap(({ content }) => content.body ?? []);
}

/** Waits for something of which no request tells. */
async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  const limit = AbortSignal.timeout(20_000);
  while (!(await holds())) {
    limit.throwIfAborted();
    await new Promise(setImmediate);
  }
}

describe('while the members of a room are fetched', () => {
  for (const version of ['10', '11', '12']) {
    test(`it is read and written, and whole in the end, in version ${version}`, async () => {
      const { remote, server } = scene;
      const room = largeRoom(remote, version);
      const release = holdState(remote, room);
      const [alice, bob] = await server.users('alice', 'bob');
      const lazyStart = (await alice.sync({ filter: LAZY })).text('next_batch');
      const start = (await alice.sync()).text('next_batch');
      await joinLarge(scene, alice, room);
      const sent = await alice.send(room.roomId, 'hello');
      await remote.untilEvent(room, sent);
      const member = remote.user('member7');
      const received = room.message(member, 'welcome');
      await remote.deliver(room, received);
      const lazy = await alice.sync({ filter: LAZY, since: lazyStart });
      // Whoever speaks is told of, by the member event that they cite.
      assert.deepEqual(membersIn(joinedIn(lazy.body, room)), [member]);
      // A client that keeps all members has none of the room yet: it would take those it has for all.
      assert.equal(joinedIn((await alice.sync({ since: start })).body, room), undefined);
      // A second user of ours joins as in any room that this server is in.
      await joinLarge(scene, bob, room);
      await bob.send(room.roomId, 'me too');
      const uri = (operation: string, of: string): string =>
        `/_matrix/federation/v1/${operation}/${encodeURIComponent(room.roomId)}${of}`;
      const event = `?event_id=${encodeURIComponent(sent)}`;
      for (const asked of [
        uri('state', event),
        uri('state_ids', event),
        uri('make_join', `/${remote.user('new')}?ver=${version}`),
      ]) {
        const request = { destination: HERE, method: 'GET' as const, uri: asked };
        (await remote.client.request(request)).expect(404, 'M_NOT_FOUND');
      }
      (await remote.get(HERE, uri('event_auth', `/${encodeURIComponent(sent)}`))).expect(200);
      const waiting = joinedMembers(alice, room);
      release();
      assert.equal((await waiting).length, MEMBERS + 3);
      assert.equal((await alice.ok('GET', v3`/rooms/${room.roomId}/members`)).list('chunk').length, MEMBERS + 3);
      const after = joinedIn((await alice.sync({ since: start })).body, room);
      assert.equal(membersIn(after).length, MEMBERS + 1, 'all but the two whose joins are in the timeline');
      const next = lazy.text('next_batch');
      const told = joinedIn((await alice.sync({ filter: LAZY, since: next })).body, room);
      assert.equal(told?.summary?.['m.joined_member_count'], MEMBERS + 3);
      assert.ok(membersIn(told).length <= 1, 'a client that loads members lazily is not told of all');
      assert.deepEqual(await bodiesOf(alice, room), ['me too', 'welcome', 'hello']);
      const last = await alice.send(room.roomId, 'still here');
      await remote.untilEvent(room, last);
      const ids = (await remote.get(HERE, uri('state_ids', `?event_id=${encodeURIComponent(sent)}`))).expect(200);
      assert.equal(ids.list('pdu_ids').length, room.node(sent).stateBefore?.size);
    });
  }

  test('what the whole state forbids is taken back, and what it sets shown', async () => {
    const { remote, server } = scene;
    let banned: ReturnType<RemoteRoom['join']> | undefined;
    const room = largeRoom(remote, '11', (made, creator) => {
      const mallory = remote.user('mallory');
      banned = made.join(mallory);
      made.powerLevels(creator, { users: { [creator]: 100, [mallory]: 50 } });
      made.setState(creator, 'm.room.topic', { topic: 'as it was' });
      made.ban(creator, mallory);
    });
    assert.ok(banned !== undefined);
    const release = holdState(remote, room);
    const alice = await server.register('alice');
    await joinLarge(scene, alice, room);
    const before = (await alice.sync({ filter: LAZY })).text('next_batch');
    const lie = claim(room, banned, { body: 'I am still here' });
    const topic = claim(room, banned, { topic: 'mine now' });
    await remote.send(HERE, { pdus: [lie, topic] });
    const honest = room.message(remote.user('member3'), 'and I am');
    await remote.deliver(room, honest);
    assert.deepEqual(await bodiesOf(alice, room), ['and I am', 'I am still here']);
    const topicOf = async () => (await alice.ok('GET', v3`/rooms/${room.roomId}/state/m.room.topic/`)).text('topic');
    assert.equal(await topicOf(), 'mine now');
    const middle = (await alice.sync({ filter: LAZY, since: before })).text('next_batch');
    release();
    await joinedMembers(alice, room);
    assert.deepEqual(await bodiesOf(alice, room), ['and I am']);
    assert.equal(await topicOf(), 'as it was');
    const { store } = server.running.services.context;
    const rows = await store.events.getEvents([lie.eventId, topic.eventId]);
    assert.deepEqual(
      rows.map((row) => row.status),
      ['rejected', 'rejected'],
    );
    const told = joinedIn((await alice.sync({ filter: LAZY, since: middle })).body, room);
    assert.ok(
      told?.state.events.some(({ type }) => type === 'm.room.topic'),
      'clients are told of the state that changed',
    );
    const member = await alice.ok('GET', v3`/rooms/${room.roomId}/state/m.room.member/${remote.user('mallory')}`);
    assert.equal(member.text('membership'), 'ban');
    const last = await alice.send(room.roomId, 'good');
    await remote.untilEvent(room, last);
    await server.restart();
    assert.deepEqual(await bodiesOf(alice, room), ['good', 'and I am']);
  });

  test('what is said of somebody of whom it is not known whether they are there waits', async () => {
    const { remote, server } = scene;
    const room = largeRoom(remote, '10', (made, creator) => {
      made.powerLevels(creator, { kick: 0, users_default: 50, users: { [creator]: 100 } });
    });
    const release = holdState(remote, room);
    const alice = await server.register('alice');
    await joinLarge(scene, alice, room);
    const target = remote.user('member5');
    const kicked = alice.call('POST', v3`/rooms/${room.roomId}/kick`, { user_id: target });
    release();
    (await kicked).expect(403, 'M_FORBIDDEN');
    const creator = remote.user('creator');
    await remote.deliver(
      room,
      room.powerLevels(creator, { users_default: 0, users: { [creator]: 100, [alice.id]: 60 } }),
    );
    await alice.ok('POST', v3`/rooms/${room.roomId}/kick`, { user_id: target });
    assert.ok(!(await joinedMembers(alice, room)).includes(target));
  });

  test('those whose events are hidden from us one by one are fetched as the state that they are', async () => {
    const { remote, server } = scene;
    remote.leavesMembersOut = true;
    const creator = remote.user('creator');
    const room = remote.createRoom({ version: '11', creator, name: 'hidden' });
    room.setState(creator, 'm.room.history_visibility', { history_visibility: 'joined' });
    const member = remote.user('member');
    room.member(member, member, { membership: 'join', displayname: 'A Member' });
    // Told alone, an event from before our join comes redacted; so do servers whose history is hidden.
    const done = remote.on('getEvent', async (_, next) => {
      const reply = await next();
      const { pdus } = reply.body as { pdus: JsonObject[] };
      return { ...reply, body: { ...(reply.body as JsonObject), pdus: pdus.map((json) => redact(json, room.rules)) } };
    });
    const alice = await server.register('alice');
    await joinLarge(scene, alice, room);
    const members = await alice.ok('GET', v3`/rooms/${room.roomId}/joined_members`);
    assert.equal(members.get('joined', member, 'display_name'), 'A Member');
    done();
  });

  test('nobody is left for whom to fetch them: nobody is asked any more', async () => {
    const { remote, server } = scene;
    const room = largeRoom(remote, '12');
    const done = remote.on('getRoomStateIds', () => ({ status: 500, body: { errcode: 'M_UNKNOWN' } }));
    const alice = await server.register('alice');
    await joinLarge(scene, alice, room);
    const { partial } = server.running.services.rooms;
    const number = await server.running.services.rooms.findNumber(room.roomId);
    assert.ok(number !== undefined && (await partial.find(number)) !== undefined);
    await remote.until(() => (remote.requestsFor('getRoomStateIds').length > 0 ? true : undefined));
    await alice.leave(room.roomId);
    await eventually(async () => (await partial.find(number)) === undefined);
    done();
    // Who comes back begins anew.
    const bob = await server.register('bob');
    await joinLarge(scene, bob, room);
    assert.equal((await joinedMembers(bob, room)).length, MEMBERS + 2);
    await bob.send(room.roomId, 'hello');
    await joinLarge(scene, alice, room);
    assert.equal((await joinedMembers(bob, room)).length, MEMBERS + 3);
  });

  test('somebody of ours is shown the door: the room goes on for the others', async () => {
    const { remote, server } = scene;
    const room = largeRoom(remote, '11');
    const release = holdState(remote, room);
    const [alice, bob] = await server.users('alice', 'bob');
    await joinLarge(scene, alice, room);
    await joinLarge(scene, bob, room);
    await remote.untilEvent(room, await alice.send(room.roomId, 'hi'));
    await remote.deliver(room, room.kick(remote.user('creator'), bob.id));
    (await bob.call('PUT', v3`/rooms/${room.roomId}/send/m.room.message/x`, { body: 'x' })).expect(403, 'M_FORBIDDEN');
    release();
    const members = await joinedMembers(alice, room);
    assert.ok(members.includes(alice.id) && !members.includes(bob.id));
    assert.equal(members.length, MEMBERS + 2);
  });

  test('the server stops and starts: what was fetched is not fetched again', async () => {
    const { remote, server } = scene;
    const room = largeRoom(remote, '12');
    // The bulk breaks off in the middle, and then nothing more is told before the stop.
    let isOpen = false;
    const done = [
      remote.on('getRoomState', async (_, next) => ({ ...(await next()), cutAfter: 25_000 })),
      remote.on('getEvent', (_, next) => (isOpen ? next() : { status: 500, body: { errcode: 'M_UNKNOWN' } })),
    ];
    const alice = await server.register('alice');
    await joinLarge(scene, alice, room);
    await eventually(() => server.logged.some((line) => line.includes('has not brought the rest')));
    const asked = remote.requestsFor('getEvent').length;
    isOpen = true;
    await server.restart();
    const { store } = server.running.services.context;
    const [record] = await store.federation.listPartialRooms();
    assert.ok(record !== undefined && record.servers.includes('remote.test' as never), 'the work stands in the store');
    assert.equal((await joinedMembers(alice, room)).length, MEMBERS + 2);
    const single = remote.requestsFor('getEvent').length - asked;
    assert.ok(single > 0 && single < MEMBERS, `${single} of ${MEMBERS} were missing`);
    for (const end of done) end();
  });
});
