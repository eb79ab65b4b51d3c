import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, dig, useServer, type User, v3 } from '../../harness/index.ts';

const server = useServer();

async function pair(): Promise<{ alice: User; bob: User; room: string }> {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom();
  await alice.bring(room, bob);
  return { alice, bob, room };
}

function receipt(sync: Answer, room: string, event: string): unknown {
  const events = sync.get('rooms', 'join', room, 'ephemeral', 'events') as
    | { type: string; content: unknown }[]
    | undefined;
  return dig(events?.find((one) => one.type === 'm.receipt')?.content, event);
}

test('postReceipt: public receipts reach the room, private ones only their owner', async () => {
  const { alice, bob, room } = await pair();
  const [first, second] = [await alice.send(room), await alice.send(room)];
  await bob.ok('POST', v3`/rooms/${room}/receipt/m.read/${first}`, {});
  await bob.ok('POST', v3`/rooms/${room}/receipt/m.read.private/${second}`, {});
  const hers = await alice.sync();
  assert.equal(typeof dig(receipt(hers, room, first), 'm.read', bob.id, 'ts'), 'number');
  assert.ok(!JSON.stringify(hers.body).includes('m.read.private'));
  const his = await bob.sync();
  assert.equal(typeof dig(receipt(his, room, second), 'm.read.private', bob.id, 'ts'), 'number');
});

test('postReceipt: by thread; wrong types, threads and events are refused (adv-050)', async () => {
  const { alice, bob, room } = await pair();
  const root = await alice.send(room, 'root');
  const relation = { 'm.relates_to': { rel_type: 'm.thread', event_id: root } };
  const threaded = await alice.send(room, { msgtype: 'm.text', body: 'x', ...relation });
  await bob.ok('POST', v3`/rooms/${room}/receipt/m.read/${threaded}`, { thread_id: root });
  assert.equal(dig(receipt(await alice.sync(), room, threaded), 'm.read', bob.id, 'thread_id'), root);
  const attempt = async (type: string, event: string, body: object) =>
    (await bob.call('POST', v3`/rooms/${room}/receipt/${type}/${event}`, body)).status;
  assert.equal(await attempt('m.unknown', root, {}), 400);
  assert.equal(await attempt('m.read', root, { thread_id: '' }), 400);
  assert.equal(await attempt('m.read', root, { thread_id: 5 }), 400);
  assert.ok([400, 404].includes(await attempt('m.read', '$unknown', {})));
  const elsewhere = await alice.createRoom();
  const foreign = await alice.send(elsewhere);
  assert.ok([400, 403, 404].includes(await attempt('m.read', foreign, {})));
});

test('setReadMarker: fully read, and receipts in one call', async () => {
  const { alice, bob, room } = await pair();
  const event = await alice.send(room);
  await bob.ok('POST', v3`/rooms/${room}/read_markers`, { 'm.fully_read': event, 'm.read': event });
  const sync = await bob.sync();
  const data = sync.list('rooms', 'join', room, 'account_data', 'events');
  assert.equal(
    dig(
      data.find((one) => one['type'] === 'm.fully_read'),
      'content',
      'event_id',
    ),
    event,
  );
  assert.ok(dig(receipt(sync, room, event), 'm.read', bob.id) !== undefined);
  assert.ok(!JSON.stringify((await alice.sync()).body).includes('m.fully_read'));
  await bob.ok('POST', v3`/rooms/${room}/read_markers`, {});
});

test('setTyping: starts, stops, and is told by sync', async () => {
  const { alice, bob, room } = await pair();
  const path = v3`/rooms/${room}/typing/${bob.id}`;
  await bob.ok('PUT', path, { typing: true, timeout: 30_000 });
  const typing = (sync: Answer): unknown => {
    const events = sync.list('rooms', 'join', room, 'ephemeral', 'events');
    return dig(
      events.find((one) => one['type'] === 'm.typing'),
      'content',
      'user_ids',
    );
  };
  const first = await alice.sync();
  assert.deepEqual(typing(first), [bob.id]);
  await bob.ok('PUT', path, { typing: false });
  assert.deepEqual(typing(await alice.sync({ since: first.text('next_batch'), timeout: '1000' })), []);
  await alice.fails('403 M_FORBIDDEN', 'PUT', path, { typing: true, timeout: 1000 });
  await bob.fails('400 M_BAD_JSON', 'PUT', path, { typing: 'yes' });
});

test('setPresence, getPresence: for those who share a room', async () => {
  const { alice, bob } = await pair();
  const carol = await server.register('carol');
  await bob.ok('PUT', v3`/presence/${bob.id}/status`, { presence: 'unavailable', status_msg: 'away' });
  const seen = await alice.ok('GET', v3`/presence/${bob.id}/status`);
  assert.deepEqual([seen.text('presence'), seen.text('status_msg')], ['unavailable', 'away']);
  await carol.fails('403 M_FORBIDDEN', 'GET', v3`/presence/${bob.id}/status`);
  await alice.fails('403 M_FORBIDDEN', 'PUT', v3`/presence/${bob.id}/status`, { presence: 'online' });
  await bob.fails('400 M_BAD_JSON', 'PUT', v3`/presence/${bob.id}/status`, { presence: 'sleeping' });
});

test('sendToDevice: to one, to all with *, once for each transaction id', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const tablet = await bob.login();
  const path = v3`/sendToDevice/org.example.secret/t1`;
  const messages = { [bob.id]: { [bob.device]: { n: 1 } } };
  await alice.ok('PUT', path, { messages });
  await alice.ok('PUT', path, { messages });
  await alice.ok('PUT', v3`/sendToDevice/org.example.secret/t2`, { messages: { [bob.id]: { '*': { n: 2 } } } });
  const received = async (user: User): Promise<unknown[]> =>
    (await user.sync()).list('to_device', 'events').map((one) => dig(one, 'content', 'n'));
  assert.deepEqual(await received(bob), [1, 2]);
  assert.deepEqual(await received(tablet), [2]);
  assert.equal((await bob.sync()).get('to_device', 'events', 0, 'sender'), alice.id);
  await alice.ok('PUT', v3`/sendToDevice/org.example.secret/t3`, { messages: { '@none:test.example': { X: {} } } });
  await alice.fails('400 M_BAD_JSON', 'PUT', v3`/sendToDevice/x/t4`, { messages: { [bob.id]: 5 } });
});
