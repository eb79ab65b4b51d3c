import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, dig, SERVER_NAME, url, useServer, type User, v3 } from '../../harness/index.ts';

const server = useServer();

async function page(user: User, room: string, query: Record<string, string>): Promise<Answer> {
  return await user.ok('GET', `${v3`/rooms/${room}/messages`}?${new URLSearchParams(query)}`);
}

const bodies = (answer: Answer): unknown[] =>
  answer.list('chunk').map((one) => (one['content'] as Record<string, unknown>)['body']);

test('getRoomEvents: pages backwards through everything, each event once', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom();
  const sent: string[] = [];
  for (let n = 0; n < 23; n += 1) sent.push(await alice.send(room, `m${n}`));
  const seen: string[] = [];
  let from: string | undefined;
  for (let pages = 0; pages < 20; pages += 1) {
    const answer = await page(alice, room, { dir: 'b', limit: '5', ...(from !== undefined && { from }) });
    assert.ok(answer.list('chunk').length <= 5);
    seen.push(...answer.list('chunk').map((one) => String(one['event_id'])));
    if (answer.get('end') === undefined) break;
    from = answer.text('end');
  }
  assert.equal(new Set(seen).size, seen.length);
  assert.deepEqual(seen.slice(0, 23), sent.toReversed());
  const create = seen.at(-1) ?? '';
  assert.equal((await alice.ok('GET', v3`/rooms/${room}/event/${create}`)).text('type'), 'm.room.create');
});

test('getRoomEvents: forwards from the beginning, and from a sync token', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom();
  for (let n = 0; n < 7; n += 1) await alice.send(room, `m${n}`);
  const forwards = await page(alice, room, { dir: 'f', limit: '100' });
  assert.equal(forwards.text('chunk', 0, 'type'), 'm.room.create');
  assert.deepEqual(bodies(forwards).slice(-7), ['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6']);
  const filter = JSON.stringify({ room: { timeline: { limit: 2 } } });
  const sync = await alice.sync({ filter });
  const token = sync.text('rooms', 'join', room, 'timeline', 'prev_batch');
  assert.deepEqual(bodies(await page(alice, room, { dir: 'b', limit: '2', from: token })), ['m4', 'm3']);
  await alice.send(room, 'later');
  const next = sync.text('next_batch');
  assert.deepEqual(bodies(await page(alice, room, { dir: 'f', from: next })), ['later']);
});

test('getRoomEvents: filters, lazily loaded members, to', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom({ preset: 'public_chat' });
  await bob.join(room);
  await alice.send(room, 'one');
  await bob.send(room, 'two');
  const senders = JSON.stringify({ senders: [bob.id], types: ['m.room.message'] });
  assert.deepEqual(bodies(await page(alice, room, { dir: 'b', filter: senders })), ['two']);
  const lazy = JSON.stringify({ lazy_load_members: true, types: ['m.room.message'] });
  const members = (await page(alice, room, { dir: 'b', filter: lazy })).list('state');
  assert.deepEqual(members.map((one) => String(one['state_key'])).toSorted(), [alice.id, bob.id].toSorted());
  const token = (await alice.sync()).text('next_batch');
  await alice.send(room, 'three');
  const until = await page(alice, room, { dir: 'b', to: token });
  assert.deepEqual(bodies(until), ['three']);
});

test('getRoomEvents: bad parameters', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom();
  const path = v3`/rooms/${room}/messages`;
  (await alice.call('GET', path)).expect(400, 'M_MISSING_PARAM');
  for (const query of ['dir=x', 'dir=b&from=rubbish', 'dir=b&limit=x', 'dir=b&filter={', 'dir=b&to=%00']) {
    const answer = await alice.call('GET', `${path}?${query}`);
    assert.equal(answer.status, 400, query);
  }
  const many = await page(alice, room, { dir: 'b', limit: '100000000' });
  assert.ok(many.list('chunk').length <= 1000);
});

test('getEventContext: the events around one, and the state there', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom({ name: 'first' });
  const events: string[] = [];
  for (let n = 0; n < 9; n += 1) events.push(await alice.send(room, `m${n}`));
  await alice.setState(room, 'm.room.name', { name: 'second' });
  const middle = events[4] ?? '';
  const context = await alice.ok('GET', `${v3`/rooms/${room}/context/${middle}`}?limit=4`);
  const ids = (name: string): unknown[] => context.list(name).map((one) => one['event_id']);
  assert.equal(context.text('event', 'event_id'), middle);
  assert.deepEqual(ids('events_before'), [events[3], events[2]]);
  assert.deepEqual(ids('events_after'), [events[5], events[6]]);
  const name = context.list('state').find((one) => one['type'] === 'm.room.name');
  assert.deepEqual(name?.['content'], { name: 'first' });
  const before = await page(alice, room, { dir: 'b', limit: '1', from: context.text('start') });
  assert.deepEqual(bodies(before), ['m1']);
  const after = await page(alice, room, { dir: 'f', limit: '1', from: context.text('end') });
  assert.deepEqual(bodies(after), ['m7']);
  await alice.fails('404 M_NOT_FOUND', 'GET', v3`/rooms/${room}/context/$none`);
});

test('getOneRoomEvent: not found for unknown events, those of other rooms and outsiders (adv-052)', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom();
  const other = await alice.createRoom();
  const event = await alice.send(other);
  const unknown = await alice.fails('404 M_NOT_FOUND', 'GET', v3`/rooms/${room}/event/$unknown`);
  const foreign = await alice.fails('404 M_NOT_FOUND', 'GET', v3`/rooms/${room}/event/${event}`);
  assert.deepEqual(unknown.body, foreign.body);
  const outside = await bob.call('GET', v3`/rooms/${other}/event/${event}`);
  assert.ok([403, 404].includes(outside.status));
});

test('getMembersByRoom: all, by membership, and at a token', async () => {
  const [alice, bob, carol] = await server.users('alice', 'bob', 'carol');
  const room = await alice.createRoom();
  await alice.bring(room, bob);
  const token = (await alice.sync()).text('next_batch');
  await alice.invite(room, carol);
  await bob.leave(room);
  const members = async (query: string): Promise<string[]> =>
    (await alice.ok('GET', `${v3`/rooms/${room}/members`}${query}`))
      .list('chunk')
      .map((one) => String(one['state_key']))
      .toSorted();
  assert.deepEqual(await members(''), [alice.id, bob.id, carol.id].toSorted());
  assert.deepEqual(await members('?membership=join'), [alice.id]);
  assert.deepEqual(await members('?not_membership=join'), [bob.id, carol.id].toSorted());
  assert.deepEqual(await members(`?membership=join&at=${token}`), [alice.id, bob.id].toSorted());
});

test('getJoinedMembersByRoom: with profiles, for members only', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom();
  await alice.bring(room, bob);
  const joined = (await alice.ok('GET', v3`/rooms/${room}/joined_members`)).object('joined');
  assert.deepEqual(Object.keys(joined).toSorted(), [alice.id, bob.id].toSorted());
  await bob.leave(room);
  await bob.fails('403 M_FORBIDDEN', 'GET', v3`/rooms/${room}/joined_members`);
});

test('getEventByTimestamp: the nearest event in each direction', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom();
  const event = await alice.send(room);
  const at = (await alice.ok('GET', v3`/rooms/${room}/event/${event}`)).number('origin_server_ts');
  const path = url`/_matrix/client/v1/rooms/${room}/timestamp_to_event`;
  const nearest = await alice.ok('GET', `${path}?ts=${at + 60_000}&dir=b`);
  assert.equal(nearest.text('event_id'), event);
  assert.equal(nearest.number('origin_server_ts'), at);
  await alice.fails('404 M_NOT_FOUND', 'GET', `${path}?ts=${at + 60_000}&dir=f`);
  const first = (await alice.ok('GET', `${path}?ts=0&dir=f`)).text('event_id');
  assert.equal((await alice.ok('GET', v3`/rooms/${room}/event/${first}`)).text('type'), 'm.room.create');
  await alice.fails('400 M_MISSING_PARAM', 'GET', `${path}?dir=f`);
  const outside = await bob.call('GET', `${path}?ts=${at}&dir=b`);
  assert.ok([403, 404].includes(outside.status), 'adv-054');
});

test('getRoomEvents: a room that does not exist', async () => {
  const alice = await server.register('alice');
  const answer = await alice.call('GET', `${v3`/rooms/${`!none:${SERVER_NAME}`}/messages`}?dir=b`);
  assert.ok([403, 404].includes(answer.status));
});

test('getRoomEvents: what state replaced is told by its id, and its content to those who may see it', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const visibility = { type: 'm.room.history_visibility', content: { history_visibility: 'world_readable' } };
  const room = await alice.createRoom({ preset: 'public_chat', initial_state: [visibility] });
  const first = await alice.setState(room, 'm.room.topic', { topic: 'open' });
  await alice.setState(room, 'm.room.history_visibility', { history_visibility: 'joined' });
  const second = await alice.setState(room, 'm.room.topic', { topic: 'among us' });
  const third = await alice.setState(room, 'm.room.topic', { topic: 'newest' });
  await alice.setState(room, 'm.room.history_visibility', { history_visibility: 'shared' });
  await bob.join(room);
  const fourth = await alice.setState(room, 'm.room.topic', { topic: 'with all of us' });
  const topics = async (user: User): Promise<unknown[]> =>
    (await page(user, room, { dir: 'b', limit: '50' }))
      .list('chunk')
      .filter((one) => one['type'] === 'm.room.topic')
      .map((one) => [
        one['event_id'],
        dig(one, 'unsigned', 'prev_content', 'topic'),
        dig(one, 'unsigned', 'replaces_state'),
      ]);
  assert.deepEqual(await topics(alice), [
    [fourth, 'newest', third],
    [third, 'among us', second],
    [second, 'open', first],
    [first, undefined, undefined],
  ]);
  assert.deepEqual(await topics(bob), [
    [fourth, 'newest', third],
    [first, undefined, undefined],
  ]);
  const leaks = await bob.ok('GET', v3`/rooms/${room}/state`);
  assert.ok(!JSON.stringify(leaks.body).includes('newest'));
});
