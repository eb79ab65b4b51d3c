/** What `/sync` tells, and when. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'node:test';
import { type Answer, type Dict, dig, uploadKeys, useServer, type User, v3 } from '../../harness/index.ts';

const server = useServer();

const timeline = (answer: Answer, room: string): Dict[] =>
  (answer.get('rooms', 'join', room, 'timeline', 'events') ?? []) as Dict[];

async function pair(): Promise<{ alice: User; bob: User; room: string }> {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom();
  await alice.bring(room, bob);
  return { alice, bob, room };
}

/** A long poll that is under way; `check` is what came. */
function poll(user: User, since: string, more: Record<string, string> = {}): Promise<Answer> {
  return user.sync({ since, timeout: '20000', ...more });
}

test('sync: a long poll is answered by what it waits for, at once', async () => {
  const { alice, bob, room } = await pair();
  const since = (await bob.sync()).text('next_batch');
  const waiting = poll(bob, since);
  const event = await alice.send(room);
  assert.deepEqual(
    timeline(await waiting, room).map((one) => one['event_id']),
    [event],
  );
});

test('sync: nothing later than the kick reaches an open long poll (adv-061)', async () => {
  const { alice, bob, room } = await pair();
  let since = (await bob.sync()).text('next_batch');
  const seen: unknown[] = [];
  const kicked = alice.ok('POST', v3`/rooms/${room}/kick`, { user_id: bob.id });
  const secret = kicked.then(() => alice.send(room, 'SECRET'));
  for (let polls = 0; polls < 3; polls += 1) {
    const answer = await bob.sync({ since, timeout: polls === 0 ? '5000' : '0' });
    seen.push(answer.body);
    since = answer.text('next_batch');
    if (polls === 0) await secret;
  }
  assert.ok(JSON.stringify(seen).includes('"leave"'), 'the kick is told');
  assert.ok(!JSON.stringify(seen).includes('SECRET'));
});

test('slidingSync: nothing later than the kick reaches an open long poll (adv-061)', async () => {
  const { alice, bob, room } = await pair();
  const path = '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync';
  const body = { room_subscriptions: { [room]: { timeline_limit: 10, required_state: [['*', '*']] } } };
  let pos = (await bob.ok('POST', path, body)).text('pos');
  const waiting = bob.ok('POST', `${path}?pos=${pos}&timeout=20000`, body);
  await alice.ok('POST', v3`/rooms/${room}/kick`, { user_id: bob.id });
  await alice.setState(room, 'org.example.x', { text: 'SECRET' });
  const answers = [await waiting];
  for (let polls = 0; polls < 2; polls += 1) {
    pos = answers.at(-1)?.text('pos') ?? '';
    answers.push(await bob.ok('POST', `${path}?pos=${pos}&timeout=0`, body));
  }
  const text = JSON.stringify(answers.map((one) => one.body));
  assert.ok(text.includes('"membership":"leave"'));
  assert.ok(!text.includes('SECRET'));
});

test('sync: the end of the session ends its long poll', async () => {
  const { bob } = await pair();
  const since = (await bob.sync()).text('next_batch');
  const waiting = bob.call('GET', `${v3`/sync`}?since=${since}&timeout=20000`);
  const other = await bob.login();
  await other.ok('POST', v3`/logout/all`, {});
  const answer = await Promise.race([waiting, pause(5000, undefined, { ref: false })]);
  assert.ok(answer !== undefined, 'the poll still waits');
});

test('sync: 20 idle sessions of one user do not wake each other (adv-104)', async () => {
  const alice = await server.register('alice');
  await alice.createRoom();
  const sessions: { user: User; since: string }[] = [];
  for (let n = 0; n < 20; n += 1) {
    const user = await alice.login();
    sessions.push({ user, since: (await user.sync()).text('next_batch') });
  }
  // Logging in changes the device list of the user: everybody hears of it once, then there is quiet.
  for (const one of sessions) one.since = (await one.user.sync({ since: one.since })).text('next_batch');
  const started = performance.now();
  const answers = await Promise.all(
    sessions.map(async ({ user, since }) => {
      const answer = await user.sync({ since, timeout: '1500' });
      return { ms: performance.now() - started, answer };
    }),
  );
  for (const { ms, answer } of answers) {
    assert.ok(ms > 1400, `answered after ${Math.round(ms)} ms: ${JSON.stringify(answer.body)}`);
    assert.equal(answer.get('rooms'), undefined);
  }
});

test('sync: to-device messages exactly once, again where the answer was lost', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const send = async (n: number): Promise<void> => {
    const messages = { [bob.id]: { [bob.device]: { n } } };
    await alice.ok('PUT', v3`/sendToDevice/org.example.x/${alice.nextTransaction()}`, { messages });
  };
  const numbers = (answer: Answer): unknown[] =>
    ((answer.get('to_device', 'events') ?? []) as Dict[]).map((one) => dig(one, 'content', 'n'));
  const since = (await bob.sync()).text('next_batch');
  for (let n = 0; n < 150; n += 1) await send(n);
  const first = await bob.sync({ since });
  const again = await bob.sync({ since });
  assert.deepEqual(numbers(again), numbers(first));
  const got = [...numbers(first)];
  let next = first.text('next_batch');
  for (let polls = 0; polls < 5; polls += 1) {
    const answer = await bob.sync({ since: next });
    got.push(...numbers(answer));
    next = answer.text('next_batch');
  }
  assert.deepEqual(
    got,
    Array.from({ length: 150 }, (_, n) => n),
  );
  await server.restart();
  assert.deepEqual(numbers(await bob.sync({ since: next })), []);
  assert.deepEqual(numbers(await bob.sync({})), [], 'acknowledged messages are gone');
});

test('sync: more to-device messages than one answer takes, across a restart', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const since = (await bob.sync()).text('next_batch');
  for (let n = 0; n < 120; n += 1) {
    const messages = { [bob.id]: { [bob.device]: { n } } };
    await alice.ok('PUT', v3`/sendToDevice/org.example.x/${`r${n}`}`, { messages });
  }
  await server.restart();
  const got: unknown[] = [];
  for (let polls = 0, token = since; polls < 4; polls += 1) {
    const answer = await bob.sync({ since: token });
    const events = (answer.get('to_device', 'events') ?? []) as Dict[];
    got.push(...events.map((one) => dig(one, 'content', 'n')));
    token = answer.text('next_batch');
  }
  assert.deepEqual(
    got,
    Array.from({ length: 120 }, (_, n) => n),
  );
});

test('sync: one-time-key counts, device lists changed and left', async () => {
  const { alice, bob, room } = await pair();
  const first = await alice.sync();
  assert.deepEqual(first.get('device_one_time_keys_count'), { signed_curve25519: 0 });
  await uploadKeys(alice, ['a', 'b']);
  assert.equal((await alice.sync()).number('device_one_time_keys_count', 'signed_curve25519'), 2);
  const since = (await alice.sync()).text('next_batch');
  await uploadKeys(bob);
  const changed = await poll(alice, since);
  assert.deepEqual(changed.texts('device_lists', 'changed'), [bob.id]);
  await bob.leave(room);
  const left = await alice.sync({ since: changed.text('next_batch') });
  assert.deepEqual(left.texts('device_lists', 'left'), [bob.id]);
  await alice.bring(room, bob);
  const joined = await alice.sync({ since: left.text('next_batch') });
  assert.deepEqual(joined.texts('device_lists', 'changed'), [bob.id]);
});

test('sync: device lists follow joins that the filter hides', async () => {
  const { alice, bob, room } = await pair();
  const filter = JSON.stringify({ room: { timeline: { types: ['m.room.message'] }, state: { types: [] } } });
  await bob.leave(room);
  const since = (await alice.sync({ filter })).text('next_batch');
  await alice.bring(room, bob);
  const told = await alice.sync({ filter, since });
  assert.deepEqual(told.texts('device_lists', 'changed'), [bob.id]);
});

test('sync: unread counts of threads are apart when asked for', async () => {
  const { alice, bob, room } = await pair();
  const root = await alice.send(room, 'root');
  const relation = { rel_type: 'm.thread', event_id: root };
  const inThread = await alice.send(room, { msgtype: 'm.text', body: 'in', 'm.relates_to': relation });
  const filter = JSON.stringify({ room: { timeline: { unread_thread_notifications: true } } });
  const counts = async (query: Record<string, string>) => {
    const joined = (await bob.sync(query)).object('rooms', 'join', room);
    return [
      dig(joined, 'unread_notifications', 'notification_count'),
      dig(joined, 'unread_thread_notifications', root, 'notification_count'),
    ];
  };
  assert.deepEqual(await counts({}), [2, undefined]);
  assert.deepEqual(await counts({ filter }), [1, 1]);
  await bob.ok('POST', v3`/rooms/${room}/receipt/m.read/${inThread}`, { thread_id: root });
  assert.deepEqual(await counts({ filter }), [1, undefined]);
  await bob.ok('POST', v3`/rooms/${room}/receipt/m.read/${root}`, { thread_id: 'main' });
  assert.deepEqual(await counts({ filter }), [0, undefined]);
  await alice.send(room, { msgtype: 'm.text', body: 'x', 'm.mentions': { user_ids: [bob.id] } });
  const highlight = (await bob.sync()).number('rooms', 'join', room, 'unread_notifications', 'highlight_count');
  assert.equal(highlight, 1);
  await bob.send(room, 'sending reads what was before');
  assert.deepEqual(await counts({}), [0, undefined]);
});

test('sync: presence of those who share a room, none of strangers', async () => {
  const { alice, bob } = await pair();
  const stranger = await server.register('stranger');
  const since = (await alice.sync()).text('next_batch');
  await stranger.ok('PUT', v3`/presence/${stranger.id}/status`, { presence: 'online', status_msg: 'hidden' });
  await bob.ok('PUT', v3`/presence/${bob.id}/status`, { presence: 'online', status_msg: 'seen' });
  const answer = await poll(alice, since, { set_presence: 'offline' });
  const text = JSON.stringify(answer.get('presence'));
  assert.ok(text.includes('seen') && !text.includes('hidden'), text);
});

test('sync: invitations with stripped state, declined ones as left', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom({ name: 'Named' });
  const since = (await bob.sync()).text('next_batch');
  await alice.invite(room, bob);
  const invited = await bob.sync({ since });
  const types = invited.list('rooms', 'invite', room, 'invite_state', 'events').map((one) => one['type']);
  for (const type of ['m.room.create', 'm.room.join_rules', 'm.room.name', 'm.room.member'])
    assert.ok(types.includes(type), type);
  await bob.leave(room);
  const declined = await bob.sync({ since: invited.text('next_batch') });
  assert.ok(declined.get('rooms', 'leave', room) !== undefined);
  assert.equal((await bob.sync()).get('rooms'), undefined);
});

test('sync: filters by room, type, sender; event_fields keep it legal; full_state', async () => {
  const { alice, bob, room } = await pair();
  const other = await alice.createRoom();
  await bob.send(room, 'his');
  await alice.send(room, 'hers');
  const sync = async (filter: object, more: Record<string, string> = {}) =>
    await alice.sync({ filter: JSON.stringify(filter), ...more });
  const onlyRoom = await sync({ room: { rooms: [room] } });
  assert.deepEqual(Object.keys(onlyRoom.object('rooms', 'join')), [room]);
  const notRoom = await sync({ room: { not_rooms: [room] } });
  assert.deepEqual(Object.keys(notRoom.object('rooms', 'join')), [other]);
  const his = await sync({ room: { timeline: { senders: [bob.id], types: ['m.room.message'] } } });
  assert.deepEqual(
    timeline(his, room).map((one) => dig(one, 'content', 'body')),
    ['his'],
  );
  const none = await sync({ room: { timeline: { limit: 1, not_types: ['*'] }, state: { types: [] } } });
  assert.deepEqual(timeline(none, room), []);
  const next = onlyRoom.text('next_batch');
  const full = await alice.sync({ since: next, full_state: 'true' });
  assert.ok(full.list('rooms', 'join', room, 'state', 'events').some((one) => one['type'] === 'm.room.create'));
});

test('sync: tokens that are none', async () => {
  const alice = await server.register('alice');
  for (const since of ['rubbish', '', 's-1', 's99999999999999999999', '%00']) {
    const answer = await alice.call('GET', `${v3`/sync`}?since=${since}`);
    assert.ok(answer.status < 500, `${since}: ${answer.status}`);
  }
});

test('sync: null in what others sent never breaks it (adv-026)', async () => {
  const { alice, bob, room } = await pair();
  const values = [null, true, 0, '', [], {}, [null], { a: null }];
  const types = [
    'm.room.name',
    'm.room.topic',
    'm.room.avatar',
    'm.room.canonical_alias',
    'm.room.join_rules',
    'm.room.history_visibility',
    'm.room.guest_access',
    'm.room.encryption',
    'm.space.child',
  ];
  const keys = [
    'name',
    'topic',
    'url',
    'alias',
    'join_rule',
    'history_visibility',
    'guest_access',
    'algorithm',
    'via',
    'info',
    'm.topic',
  ];
  for (const type of types) {
    for (const value of values) {
      const content = Object.fromEntries(keys.map((key) => [key, value]));
      await alice.call('PUT', v3`/rooms/${room}/state/${type}/`, content);
    }
    await bob.sync();
    await bob.ok('POST', '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync', {
      lists: { all: { ranges: [[0, 9]], timeline_limit: 5, required_state: [['*', '*']] } },
    });
  }
  for (const value of values) {
    const content = { msgtype: value, body: value, 'm.relates_to': value, 'm.mentions': value, 'm.new_content': value };
    await alice.send(room, content);
    const event = await alice.send(room, { 'm.relates_to': { rel_type: value, event_id: value, key: value } } as Dict);
    await bob.ok('GET', v3`/rooms/${room}/event/${event}`);
  }
  await bob.sync();
  await bob.ok('GET', `${v3`/rooms/${room}/messages`}?dir=b&limit=100`);
  await bob.ok('POST', v3`/publicRooms`, { filter: { generic_search_term: 'x' } });
});
