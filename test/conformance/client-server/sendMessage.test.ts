import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SERVER_NAME, useServer, v3 } from '../../harness/index.ts';

const server = useServer();

test('sendMessage: the event stands in the room', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom({ preset: 'public_chat' });
  await bob.join(room);
  const event = await alice.send(room, { msgtype: 'm.text', body: 'héllo \u{1F600}', n: 9007199254740991 });
  const seen = await bob.ok('GET', v3`/rooms/${room}/event/${event}`);
  assert.deepEqual(seen.get('content'), { msgtype: 'm.text', body: 'héllo \u{1F600}', n: 9007199254740991 });
  assert.equal(seen.text('sender'), alice.id);
  assert.equal(seen.text('room_id'), room);
  assert.equal(seen.get('unsigned', 'transaction_id'), undefined, 'only the sender sees it');
});

test('sendMessage: a transaction id is used once for each device, also at the same moment', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom();
  const path = v3`/rooms/${room}/send/m.room.message/once`;
  const body = { msgtype: 'm.text', body: 'once' };
  const answers = await Promise.all([1, 2, 3, 4].map(() => alice.ok('PUT', path, body)));
  assert.equal(new Set(answers.map((one) => one.text('event_id'))).size, 1);
  const again = (await alice.ok('PUT', path, { msgtype: 'm.text', body: 'other' })).text('event_id');
  assert.equal(again, answers[0]?.text('event_id'));
  const other = await alice.login();
  assert.notEqual((await other.ok('PUT', path, body)).text('event_id'), again);
  const room2 = await alice.createRoom();
  const elsewhere = (await alice.ok('PUT', v3`/rooms/${room2}/send/m.room.message/once`, body)).text('event_id');
  assert.notEqual(elsewhere, again, 'the scope of a transaction id includes the path');
  const redaction = (await alice.ok('PUT', v3`/rooms/${room}/redact/${again}/once`, {})).text('event_id');
  assert.notEqual(redaction, again, 'another endpoint is another scope');
});

test('sendMessage: the sender finds its transaction id in unsigned', async () => {
  const alice = await server.register('alice');
  const other = await alice.login();
  const room = await alice.createRoom();
  const path = v3`/rooms/${room}/send/m.room.message/mine`;
  await alice.ok('PUT', path, { msgtype: 'm.text', body: 'x' });
  const last = async (user: typeof alice): Promise<unknown> =>
    (await user.sync()).list('rooms', 'join', room, 'timeline', 'events').at(-1)?.['unsigned'];
  assert.equal(((await last(alice)) as Record<string, unknown>)['transaction_id'], 'mine');
  assert.equal(((await last(other)) as Record<string, unknown>)['transaction_id'], undefined);
});

test('sendMessage: refused for those who are not in, and without power', async () => {
  const [alice, bob, carol] = await server.users('alice', 'bob', 'carol');
  const room = await alice.createRoom({ power_level_content_override: { events_default: 10 } });
  await alice.bring(room, bob);
  await alice.invite(room, carol);
  const body = { msgtype: 'm.text', body: 'x' };
  for (const user of [bob, carol]) {
    await user.fails('403 M_FORBIDDEN', 'PUT', v3`/rooms/${room}/send/m.room.message/1`, body);
  }
  const nowhere = await alice.call('PUT', v3`/rooms/${`!no:${SERVER_NAME}`}/send/m.room.message/1`, body);
  assert.ok([403, 404].includes(nowhere.status));
});

test('sendMessage: an event of more than 65536 bytes is too large, one just below is not', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom();
  const send = (size: number, id: string) =>
    alice.call('PUT', v3`/rooms/${room}/send/m.room.message/${id}`, { msgtype: 'm.text', body: 'x'.repeat(size) });
  (await send(64_000, 'a')).expect(200);
  (await send(65_536, 'b')).expect(413, 'M_TOO_LARGE');
  const long = await alice.call('PUT', v3`/rooms/${room}/send/${'t'.repeat(256)}/c`, {});
  assert.ok([400, 413].includes(long.status), String(long.status));
});

test('sendMessage: events that only servers or state may be', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom();
  for (const type of ['m.room.create', 'm.room.member', 'm.room.power_levels']) {
    const answer = await alice.call('PUT', v3`/rooms/${room}/send/${type}/${type}`, { membership: 'join' });
    assert.ok(answer.status < 500, `${type}: ${answer.status}`);
    const state = await alice.ok('GET', v3`/rooms/${room}/state/m.room.power_levels/`);
    assert.ok(state.get('ban') !== undefined, 'the state has not changed');
  }
});

test('redactEvent: empties the event everywhere (adv-063)', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom({ preset: 'public_chat' });
  await bob.join(room);
  const event = await bob.send(room, 'SECRETWORD');
  const root = await alice.send(room, 'root');
  const threaded = await bob.send(room, {
    body: 'SECRETWORD',
    msgtype: 'm.text',
    'm.relates_to': { rel_type: 'm.thread', event_id: root },
  });
  for (const [index, one] of [event, threaded].entries()) {
    const answer = await alice.ok('PUT', v3`/rooms/${room}/redact/${one}/r${String(index)}`, { reason: 'no' });
    assert.notEqual(answer.text('event_id'), one);
  }
  const reads = [
    v3`/rooms/${room}/event/${event}`,
    v3`/rooms/${room}/context/${event}`,
    `${v3`/rooms/${room}/messages`}?dir=b&limit=50`,
    v3`/sync`,
    `/_matrix/client/v1/rooms/${encodeURIComponent(room)}/relations/${encodeURIComponent(root)}`,
    `/_matrix/client/v1/rooms/${encodeURIComponent(room)}/threads`,
  ];
  for (const path of reads) {
    const answer = await bob.ok('GET', path);
    assert.ok(!JSON.stringify(answer.body).includes('SECRETWORD'), `${path} shows what was redacted`);
  }
  const seen = await bob.ok('GET', v3`/rooms/${room}/event/${event}`);
  assert.equal(seen.text('unsigned', 'redacted_because', 'sender'), alice.id);
});

test('redactEvent: ones own events always, those of others with power', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom({ preset: 'public_chat' });
  await bob.join(room);
  const hers = await alice.send(room);
  const his = await bob.send(room);
  await bob.fails('403 M_FORBIDDEN', 'PUT', v3`/rooms/${room}/redact/${hers}/1`, {});
  const first = await bob.ok('PUT', v3`/rooms/${room}/redact/${his}/2`, { reason: 'mine' });
  const again = await bob.ok('PUT', v3`/rooms/${room}/redact/${his}/2`, { reason: 'mine' });
  assert.equal(again.text('event_id'), first.text('event_id'), 'the transaction id makes it idempotent');
  const other = await alice.createRoom();
  const foreign = await alice.send(other);
  const wrongRoom = await bob.call('PUT', v3`/rooms/${room}/redact/${foreign}/3`, {});
  assert.ok([400, 403, 404].includes(wrongRoom.status));
  assert.equal((await alice.ok('GET', v3`/rooms/${other}/event/${foreign}`)).text('content', 'body'), 'hello');
});

test('setRoomStateWithKey: sets, replaces and answers the same event for the same content', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom();
  const first = await alice.setState(room, 'org.example.thing', { a: 1 }, 'key/with slash');
  const second = await alice.setState(room, 'org.example.thing', { a: 2 }, 'key/with slash');
  assert.notEqual(first, second);
  const read = await alice.ok('GET', v3`/rooms/${room}/state/org.example.thing/${'key/with slash'}`);
  assert.deepEqual(read.body, { a: 2 });
  const named = await alice.ok('PUT', v3`/rooms/${room}/state/m.room.name`, { name: 'without a key' });
  assert.ok(named.text('event_id').startsWith('$'));
});

test('setRoomStateWithKey: needs power and the right key', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom({ preset: 'public_chat' });
  await bob.join(room);
  await bob.fails('403 M_FORBIDDEN', 'PUT', v3`/rooms/${room}/state/m.room.name/`, { name: 'mine' });
  await alice.setState(room, 'm.room.power_levels', { users: {}, state_default: 0, events: {} });
  await bob.fails('403 M_FORBIDDEN', 'PUT', v3`/rooms/${room}/state/org.example.x/${alice.id}`, {});
  await bob.ok('PUT', v3`/rooms/${room}/state/org.example.x/${bob.id}`, {});
  const badAlias = { alias: `#none:${SERVER_NAME}` };
  await alice.fails('400 M_BAD_ALIAS', 'PUT', v3`/rooms/${room}/state/m.room.canonical_alias/`, badAlias);
});

test('getRoomStateWithKey: content, or with format=event the whole event', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom({ name: 'Named' });
  const event = await alice.ok('GET', `${v3`/rooms/${room}/state/m.room.name/`}?format=event`);
  assert.equal(event.text('content', 'name'), 'Named');
  assert.equal(event.text('type'), 'm.room.name');
  await alice.fails('404 M_NOT_FOUND', 'GET', v3`/rooms/${room}/state/m.room.avatar/`);
  await bob.fails('403 M_FORBIDDEN', 'GET', v3`/rooms/${room}/state/m.room.name/`);
});

test('getRoomState: all of it; frozen for those who left', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom({ name: 'Before' });
  await alice.bring(room, bob);
  await bob.leave(room);
  await alice.setState(room, 'm.room.name', { name: 'After' });
  const name = async (user: typeof alice): Promise<unknown> => {
    const state = (await user.ok('GET', v3`/rooms/${room}/state`)).body as { type: string; content: unknown }[];
    return state.find((one) => one.type === 'm.room.name')?.content;
  };
  assert.deepEqual(await name(alice), { name: 'After' });
  assert.deepEqual(await name(bob), { name: 'Before' });
  assert.equal((await bob.ok('GET', v3`/rooms/${room}/state/m.room.name/`)).text('name'), 'Before');
});
