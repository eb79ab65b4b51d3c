import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dig, url, useServer, type User, v3 } from '../../harness/index.ts';

const server = useServer();

const relations = (room: string, ...more: string[]): string =>
  url`/_matrix/client/v1/rooms/${room}/relations/` + more.map((one) => encodeURIComponent(one)).join('/');

async function relate(user: User, room: string, parent: string, relType: string): Promise<string> {
  const relation = { rel_type: relType, event_id: parent };
  return await user.send(room, { msgtype: 'm.text', body: '…', 'm.relates_to': { ...relation } });
}

test('getRelatingEvents, getRelatingEventsWithRelType, getRelatingEventsWithRelTypeAndEventType: select', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom();
  const root = await alice.send(room, 'root');
  const threaded = await relate(alice, room, root, 'm.thread');
  const reference = await relate(alice, room, root, 'm.reference');
  const reaction = await alice.send(
    room,
    { 'm.relates_to': { rel_type: 'm.annotation', event_id: root, key: '+' } },
    'm.reaction',
  );
  const ids = async (...more: string[]): Promise<unknown[]> =>
    (await alice.ok('GET', relations(room, ...more))).list('chunk').map((one) => one['event_id']);
  assert.deepEqual(await ids(root), [reaction, reference, threaded]);
  assert.deepEqual(await ids(root, 'm.thread'), [threaded]);
  assert.deepEqual(await ids(root, 'm.annotation', 'm.reaction'), [reaction]);
  assert.deepEqual(await ids(root, 'm.annotation', 'm.room.message'), []);
  const forwards = await alice.ok('GET', `${relations(room, root)}?dir=f`);
  assert.deepEqual(
    forwards.list('chunk').map((one) => one['event_id']),
    [threaded, reference, reaction],
  );
});

test('getRelatingEvents: pages, and 404 for unknown events and those of other rooms', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom();
  const root = await alice.send(room, 'root');
  const all: string[] = [];
  for (let n = 0; n < 7; n += 1) all.push(await relate(alice, room, root, 'm.thread'));
  const seen: unknown[] = [];
  let from = '';
  for (let pages = 0; pages < 10; pages += 1) {
    const answer = await alice.ok('GET', `${relations(room, root)}?limit=3${from}`);
    seen.push(...answer.list('chunk').map((one) => one['event_id']));
    if (answer.get('next_batch') === undefined) break;
    from = `&from=${encodeURIComponent(answer.text('next_batch'))}`;
  }
  assert.deepEqual(seen, all.toReversed());
  await alice.fails('404 M_NOT_FOUND', 'GET', relations(room, '$unknown'));
  const other = await alice.createRoom();
  await alice.fails('404 M_NOT_FOUND', 'GET', relations(other, root));
});

test('getRelatingEvents: recurses when asked', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom();
  const root = await alice.send(room, 'root');
  const child = await relate(alice, room, root, 'm.thread');
  const grandchild = await alice.send(
    room,
    { 'm.relates_to': { rel_type: 'm.annotation', event_id: child, key: '+' } },
    'm.reaction',
  );
  const flat = await alice.ok('GET', relations(room, root));
  assert.equal(flat.list('chunk').length, 1);
  const deep = await alice.ok('GET', `${relations(room, root)}?recurse=true`);
  assert.deepEqual(
    deep.list('chunk').map((one) => one['event_id']),
    [grandchild, child],
  );
  assert.ok(deep.number('recursion_depth') >= 1);
});

test('getThreadRoots: newest activity first, with the summary bundled; include=participated', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom({ preset: 'public_chat' });
  await bob.join(room);
  const first = await alice.send(room, 'first');
  const second = await alice.send(room, 'second');
  await relate(alice, room, second, 'm.thread');
  await relate(alice, room, first, 'm.thread');
  await relate(bob, room, first, 'm.thread');
  const path = url`/_matrix/client/v1/rooms/${room}/threads`;
  const all = await alice.ok('GET', path);
  assert.deepEqual(
    all.list('chunk').map((one) => one['event_id']),
    [first, second],
  );
  const summary = all.object('chunk', 0, 'unsigned', 'm.relations', 'm.thread');
  assert.equal(summary['count'], 2);
  assert.equal(summary['current_user_participated'], true);
  assert.equal(dig(summary, 'latest_event', 'sender'), bob.id);
  const his = await bob.ok('GET', `${path}?include=participated`);
  assert.deepEqual(
    his.list('chunk').map((one) => one['event_id']),
    [first],
  );
  const page = await alice.ok('GET', `${path}?limit=1`);
  const next = await alice.ok('GET', `${path}?limit=1&from=${encodeURIComponent(page.text('next_batch'))}`);
  assert.deepEqual(
    next.list('chunk').map((one) => one['event_id']),
    [second],
  );
});

test('getOneRoomEvent: an edit is bundled, a reaction twice is a duplicate', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom();
  const event = await alice.send(room, 'before');
  const replacement = { 'm.new_content': { msgtype: 'm.text', body: 'after' } };
  const relation = { rel_type: 'm.replace', event_id: event };
  const edit = await alice.send(room, { msgtype: 'm.text', body: '…', ...replacement, 'm.relates_to': relation });
  const seen = await alice.ok('GET', v3`/rooms/${room}/event/${event}`);
  assert.equal(seen.text('unsigned', 'm.relations', 'm.replace', 'event_id'), edit);
  const reaction = { 'm.relates_to': { rel_type: 'm.annotation', event_id: event, key: '+' } };
  await alice.send(room, reaction, 'm.reaction');
  await alice.fails('400 M_DUPLICATE_ANNOTATION', 'PUT', v3`/rooms/${room}/send/m.reaction/again`, reaction);
});
