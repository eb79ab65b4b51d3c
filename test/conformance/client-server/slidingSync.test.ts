/** Lists, subscriptions and extensions of sliding sync. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, type Dict, dig, uploadKeys, useServer, type User, v3 } from '../../harness/index.ts';

const server = useServer();
const PATH = '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync';
const on = { enabled: true };

async function ask(user: User, body: Dict, query = ''): Promise<Answer> {
  return await user.ok('POST', PATH + query, body);
}

const next = (answer: Answer, timeout = 0): string =>
  `?pos=${encodeURIComponent(answer.text('pos'))}&timeout=${timeout}`;

test('slidingSync: a window over the rooms, the newest first, with counts', async () => {
  const alice = await server.register('alice');
  const rooms: string[] = [];
  for (let n = 0; n < 6; n += 1) rooms.push(await alice.createRoom({ name: `room ${n}` }));
  await alice.send(rooms[1] ?? '', 'newest');
  const wish = { timeline_limit: 1, required_state: [['m.room.name', '']] };
  const body = { lists: { top: { ranges: [[0, 1]], ...wish } } };
  const first = await ask(alice, body);
  assert.equal(first.number('lists', 'top', 'count'), 6);
  assert.deepEqual(new Set(Object.keys(first.object('rooms'))), new Set([rooms[1], rooms[5]]));
  const state = first.list('rooms', rooms[1] ?? '', 'required_state').map((one) => one['type']);
  assert.deepEqual(state, ['m.room.name'], 'only what was asked for');
  const wider = await ask(alice, { lists: { top: { ranges: [[0, 5]], ...wish } } }, next(first));
  assert.equal(Object.keys(wider.object('rooms')).length, 4, 'the other four');
  const quiet = await ask(alice, { lists: { top: { ranges: [[0, 5]], ...wish } } }, next(wider));
  assert.deepEqual(quiet.object('rooms'), {});
});

test('slidingSync: filters by direct chat, encryption, invitation, type and tag', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const plain = await alice.createRoom({ name: 'plain' });
  const encryption = { type: 'm.room.encryption', state_key: '', content: { algorithm: 'm.megolm.v1.aes-sha2' } };
  const secret = await alice.createRoom({ initial_state: [encryption] });
  const space = await alice.createRoom({ creation_content: { type: 'm.space' } });
  await alice.ok('PUT', v3`/user/${alice.id}/account_data/m.direct`, { [bob.id]: [secret] });
  await alice.ok('PUT', v3`/user/${alice.id}/rooms/${plain}/tags/m.favourite`, {});
  const invited = await bob.createRoom({ invite: [alice.id] });
  const filtered = async (filters: Dict): Promise<Set<string>> => {
    const list = { ranges: [[0, 20]], timeline_limit: 1, required_state: [], filters };
    return new Set(Object.keys((await ask(alice, { lists: { one: list } })).object('rooms')));
  };
  assert.deepEqual(await filtered({ is_dm: true }), new Set([secret]));
  assert.deepEqual(await filtered({ is_encrypted: true }), new Set([secret]));
  assert.deepEqual(await filtered({ is_invite: true }), new Set([invited]));
  assert.deepEqual(await filtered({ room_types: ['m.space'] }), new Set([space]));
  assert.deepEqual(await filtered({ not_room_types: ['m.space'], is_invite: false }), new Set([plain, secret]));
  assert.deepEqual(await filtered({ tags: ['m.favourite'] }), new Set([plain]));
});

test('slidingSync: a subscription widens what is told of one room', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom();
  for (let n = 0; n < 6; n += 1) await alice.send(room, `m${n}`);
  const list = { lists: { all: { ranges: [[0, 9]], timeline_limit: 1, required_state: [] } } };
  const first = await ask(alice, list);
  assert.equal(first.list('rooms', room, 'timeline').length, 1);
  const wish = { [room]: { timeline_limit: 5, required_state: [['m.room.create', '']] } };
  const wider = await ask(alice, { ...list, room_subscriptions: wish }, next(first));
  assert.deepEqual(
    wider.list('rooms', room, 'timeline').map((one) => dig(one, 'content', 'body')),
    ['m1', 'm2', 'm3', 'm4', 'm5'],
  );
  assert.deepEqual(
    wider.list('rooms', room, 'required_state').map((one) => one['type']),
    ['m.room.create'],
  );
});

test('slidingSync: to-device messages exactly once, again where the answer was lost', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const wish = (since?: string): Dict => ({
    extensions: { to_device: { ...on, limit: 10, ...(since !== undefined && { since }) } },
  });
  let answer = await ask(bob, wish());
  let since = answer.text('extensions', 'to_device', 'next_batch');
  for (let n = 0; n < 25; n += 1) {
    const messages = { [bob.id]: { [bob.device]: { n } } };
    await alice.ok('PUT', v3`/sendToDevice/org.example.x/${`s${n}`}`, { messages });
  }
  const numbers = (one: Answer): unknown[] =>
    ((one.get('extensions', 'to_device', 'events') ?? []) as Dict[]).map((event) => dig(event, 'content', 'n'));
  const lost = await ask(bob, wish(since), next(answer));
  const again = await ask(bob, wish(since), next(answer));
  assert.deepEqual(numbers(again), numbers(lost));
  const got: unknown[] = [];
  answer = again;
  for (let polls = 0; polls < 5; polls += 1) {
    got.push(...numbers(answer));
    since = answer.text('extensions', 'to_device', 'next_batch');
    answer = await ask(bob, wish(since), next(answer));
  }
  assert.deepEqual(
    got,
    Array.from({ length: 25 }, (_, n) => n),
  );
});

test('slidingSync: the extensions e2ee, account data, receipts and typing', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom();
  await alice.bring(room, bob);
  const event = await alice.send(room);
  const extensions = { e2ee: on, account_data: on, receipts: on, typing: on };
  const body = { lists: { all: { ranges: [[0, 9]], timeline_limit: 5, required_state: [] } }, extensions };
  const first = await ask(alice, body);
  assert.deepEqual(first.get('extensions', 'e2ee', 'device_one_time_keys_count'), { signed_curve25519: 0 });
  assert.ok(first.list('extensions', 'account_data', 'global').some((one) => one['type'] === 'm.push_rules'));
  await uploadKeys(bob, ['a']);
  const changed = await ask(alice, body, next(first, 5000));
  assert.deepEqual(changed.texts('extensions', 'e2ee', 'device_lists', 'changed'), [bob.id]);
  await bob.ok('POST', v3`/rooms/${room}/receipt/m.read/${event}`, {});
  const read = await ask(alice, body, next(changed, 5000));
  assert.ok(dig(read.body, 'extensions', 'receipts', 'rooms', room, 'content', event, 'm.read', bob.id) !== undefined);
  await bob.ok('PUT', v3`/rooms/${room}/typing/${bob.id}`, { typing: true, timeout: 20_000 });
  const typing = await ask(alice, body, next(read, 5000));
  assert.deepEqual(typing.get('extensions', 'typing', 'rooms', room, 'content', 'user_ids'), [bob.id]);
  await alice.ok('PUT', v3`/user/${alice.id}/account_data/org.example.x`, { a: 1 });
  const data = await ask(alice, body, next(typing, 5000));
  assert.deepEqual(
    data.list('extensions', 'account_data', 'global').map((one) => one['type']),
    ['org.example.x'],
  );
});

test('slidingSync: a second request on a connection ends the first; a long poll is answered by news', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom();
  await alice.bring(room, bob);
  const body = { lists: { all: { ranges: [[0, 9]], timeline_limit: 5, required_state: [] } } };
  const first = await ask(bob, body);
  const waiting = ask(bob, body, next(first, 20_000));
  const replacing = ask(bob, body, next(first, 20_000));
  await waiting;
  const event = await alice.send(room);
  const told = await replacing;
  assert.deepEqual(
    told.list('rooms', room, 'timeline').map((one) => one['event_id']),
    [event],
  );
  assert.equal(told.number('rooms', room, 'num_live'), 1);
});

test('slidingSync: requests that are none', async () => {
  const alice = await server.register('alice');
  const lists = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`l${n}`, {}]));
  const bad: Dict[] = [
    { lists },
    { lists: { a: { ranges: [[5, 1]] } } },
    { lists: { a: { ranges: [[-1, 1]] } } },
    { lists: 5 },
    { conn_id: 'x'.repeat(65) },
  ];
  for (const body of bad) {
    const answer = await alice.call('POST', PATH, body);
    assert.equal(answer.status, 400, JSON.stringify(body).slice(0, 60));
  }
});
