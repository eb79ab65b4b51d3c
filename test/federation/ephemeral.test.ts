/** Typing, receipts and presence between servers, and what a server may not say of them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { FakeClock } from '../../src/adapters/clock/fake-clock.ts';
import type { JsonObject } from '../../src/matrix/json.ts';
import { TestServer, type User, v3 } from '../harness/index.ts';
import { useServers } from '../harness/network.ts';
import type { RemoteRoom } from '../harness/remote/room.ts';
import { bystanderIn, type Edu, sendEdus, sharedRoom, useScripted } from './scripted.ts';
import { untilSeen, untilTrue } from './until.ts';

const config = { presence: { federate: true } };
const [alpha, beta] = useServers(['alpha.test', 'beta.test'], { config });

interface Ephemeral {
  readonly type: string;
  readonly content: Record<string, unknown>;
}

interface Body {
  readonly rooms?: { join?: Record<string, { ephemeral?: { events: Ephemeral[] } }> };
  readonly presence?: { events: { sender: string; content: Record<string, unknown> }[] };
}

function contentIn(answer: unknown, room: string, type: string): Record<string, unknown> | undefined {
  const events = (answer as Body).rooms?.join?.[room]?.ephemeral?.events ?? [];
  return events.find((event) => event.type === type)?.content;
}

function typistsIn(answer: unknown, room: string): string[] | undefined {
  return contentIn(answer, room, 'm.typing')?.['user_ids'] as string[] | undefined;
}

/** Who has which public receipt on an event. */
function readersIn(answer: unknown, room: string, event: string): Record<string, JsonObject> {
  const content = contentIn(answer, room, 'm.receipt') as Record<string, Record<string, Record<string, JsonObject>>>;
  return content?.[event]?.['m.read'] ?? {};
}

function presenceIn(answer: unknown, user: string): Record<string, unknown> | undefined {
  return (answer as Body).presence?.events.find((event) => event.sender === user)?.content;
}

async function meeting(): Promise<{ alice: User; bob: User; room: string }> {
  const alice = await alpha.register('alice');
  const bob = await beta.register('bob');
  const room = await alice.createRoom({ preset: 'public_chat' });
  await bob.ok('POST', `${v3`/join/${room}`}?via=alpha.test`, {});
  await untilSeen(alice, room, await bob.send(room, 'I am here'));
  return { alice, bob, room };
}

test('who types on one server is seen on the other, until they stop', async () => {
  const { alice, bob, room } = await meeting();
  const since = (await alice.sync()).text('next_batch');
  const path = v3`/rooms/${room}/typing/${bob.id}`;
  await bob.ok('PUT', path, { typing: true, timeout: 30_000 });
  await untilTrue(alice, (answer) => typistsIn(answer, room)?.includes(bob.id) === true, since);
  await bob.ok('PUT', path, { typing: false });
  await untilTrue(alice, (answer) => typistsIn(answer, room)?.length === 0, since);
  await bob.ok('PUT', path, { typing: true, timeout: 30_000 });
  await untilTrue(alice, (answer) => typistsIn(answer, room)?.includes(bob.id) === true, since);
  await bob.leave(room);
  await untilTrue(alice, (answer) => typistsIn(answer, room)?.length === 0, since);
});

test('public receipts cross, with their threads; private ones stay', async () => {
  const { alice, bob, room } = await meeting();
  const [first, second] = [await alice.send(room, 'one'), await alice.send(room, 'two')];
  await untilSeen(bob, room, second);
  const since = (await alice.sync()).text('next_batch');
  const read = async (type: string, event: string, body: object) =>
    await bob.ok('POST', v3`/rooms/${room}/receipt/${type}/${event}`, body);
  await read('m.read.private', second, {});
  await read('m.read', first, { thread_id: 'main' });
  const seen: unknown[] = [];
  await untilTrue(
    alice,
    (answer) => {
      seen.push(answer);
      return readersIn(answer, room, first)[bob.id]?.['thread_id'] === 'main';
    },
    since,
  );
  await read('m.read', second, {});
  await untilTrue(alice, (answer) => readersIn(answer, room, second)[bob.id] !== undefined, since);
  assert.ok(!JSON.stringify(seen).includes('m.read.private'));
  assert.deepEqual(seen.map((answer) => readersIn(answer, room, second)[bob.id]).filter(Boolean), []);
});

test('after a stop nobody is told that users have gone offline', async () => {
  const clock = new FakeClock();
  const server = new TestServer({ clock, config });
  await server.start();
  const alice = await server.register('alice');
  await alice.sync();
  await server.stop();
  assert.notEqual(clock.pending, 0, 'her presence is timed');
  clock.advance(60_000);
  // What is started by the timers fails after them.
  await setImmediate();
  await server.finish();
});

test('who is online is told where both sides wish it', async () => {
  const { alice, bob } = await meeting();
  const since = (await alice.sync({ set_presence: 'offline' })).text('next_batch');
  await bob.ok('PUT', v3`/presence/${bob.id}/status`, { presence: 'unavailable', status_msg: 'at lunch' });
  await untilTrue(alice, (answer) => presenceIn(answer, bob.id)?.['status_msg'] === 'at lunch', since);
  const status = await alice.ok('GET', v3`/presence/${bob.id}/status`);
  assert.equal(status.text('presence'), 'unavailable');
});

describe('a server that says what it may not', () => {
  const scripted = useScripted();

  const typing = (room: RemoteRoom, user: string, more: JsonObject = {}): Edu => [
    'm.typing',
    { room_id: room.roomId, user_id: user, typing: true, ...more },
  ];
  const receipt = (room: RemoteRoom, user: string, event: string, more: JsonObject = {}): Edu => [
    'm.receipt',
    { [room.roomId]: { 'm.read': { [user]: { event_ids: [event], data: { ts: 5, ...more } } } } },
  ];
  const presence = (user: string, more: JsonObject = {}): Edu => [
    'm.presence',
    { push: [{ user_id: user, presence: 'online', last_active_ago: 1, ...more }] },
  ];

  /** What the sync tells until the last of what was sent has come, which `marker` types. */
  async function answersAfter(user: User, room: RemoteRoom, marker: string, since: string): Promise<unknown[]> {
    const answers: unknown[] = [];
    await untilTrue(
      user,
      (answer) => {
        answers.push(answer);
        return typistsIn(answer, room.roomId)?.includes(marker) === true;
      },
      since,
    );
    return answers;
  }

  test('nothing of it reaches the client (adv-046–048)', async () => {
    const { remote, server } = scripted;
    const user = await server.register('carol');
    const other = await server.register('dave');
    const eve = remote.user('eve');
    const room = await sharedRoom(scripted, eve, user);
    await other.ok('POST', `${v3`/join/${room.roomId}`}?via=${remote.name}`, {});
    const message = room.message(eve, 'hello');
    await remote.deliver(room, message);
    const elsewhere = await user.createRoom({});
    const foreign = await user.send(elsewhere);
    const joinedElsewhere = await bystanderIn(scripted, room, user);
    const since = (await user.sync()).text('next_batch');
    const strangers = [other.id, joinedElsewhere, '@mallory:other.test', remote.user('outsider')];
    await sendEdus(
      scripted,
      ...strangers.flatMap((one) => [typing(room, one), receipt(room, one, message.eventId), presence(one)]),
      typing(room, eve, { room_id: elsewhere }),
      typing(room, eve, { room_id: '!nowhere:remote.test' }),
      typing(room, eve, { typing: 'yes' }),
      receipt(room, eve, foreign),
      receipt(room, eve, message.eventId, { ts: 'now' }),
      receipt(room, eve, message.eventId, { thread_id: 'no thread' }),
      [
        'm.receipt',
        { [room.roomId]: { 'm.read.private': { [eve]: { event_ids: [message.eventId], data: { ts: 1 } } } } },
      ],
      ['m.receipt', { [room.roomId]: 7, nothing: [] }],
      presence(eve, { presence: 'asleep' }),
      ['m.presence', { push: 'all' }],
      ['m.presence', {}],
      ['m.unheard_of', { user_id: eve }],
      typing(room, eve),
    );
    const answers = await answersAfter(user, room, eve, since);
    const text = JSON.stringify(answers);
    for (const one of [...strangers, foreign, 'm.receipt', 'm.read']) assert.ok(!text.includes(one), one);
    const told = answers.flatMap((answer) => (answer as Body).presence?.events ?? []).map((event) => event.sender);
    for (const one of [...strangers, eve]) assert.ok(!told.includes(one), one);
  });

  test('a server that a room keeps out says nothing of the room (adv-043)', async () => {
    const { remote, server } = scripted;
    const user = await server.register('fay');
    const eve = remote.user('evefay');
    const room = await sharedRoom(scripted, eve, user);
    const open = await sharedRoom(scripted, eve, user);
    const message = room.message(eve, 'hello');
    const acl = room.setState(eve, 'm.room.server_acl', { allow: ['*'], deny: [remote.name] });
    await remote.deliver(room, message, acl);
    await untilSeen(user, room.roomId, acl.eventId);
    const since = (await user.sync()).text('next_batch');
    await sendEdus(scripted, typing(room, eve), receipt(room, eve, message.eventId), typing(open, eve));
    const answers = await answersAfter(user, open, eve, since);
    assert.ok(!answers.some((answer) => contentIn(answer, room.roomId, 'm.typing') !== undefined));
    assert.ok(!answers.some((answer) => contentIn(answer, room.roomId, 'm.receipt') !== undefined));
  });

  test('a receipt may come before its event, and never moves back', async () => {
    const { remote, server } = scripted;
    const user = await server.register('gil');
    const eve = remote.user('evegil');
    const room = await sharedRoom(scripted, eve, user);
    const [first, second] = [room.message(eve, 'one'), room.message(eve, 'two')];
    await remote.deliver(room, first, second);
    await untilSeen(user, room.roomId, second.eventId);
    const since = (await user.sync()).text('next_batch');
    await sendEdus(scripted, receipt(room, eve, second.eventId), receipt(room, eve, first.eventId), typing(room, eve));
    const answers = await answersAfter(user, room, eve, since);
    const readers = (event: string) => answers.flatMap((one) => Object.keys(readersIn(one, room.roomId, event)));
    assert.deepEqual([readers(second.eventId), readers(first.eventId)], [[eve], []]);

    const third = room.message(eve, 'three');
    await sendEdus(scripted, receipt(room, eve, third.eventId, { ts: 9 }));
    await untilTrue(user, (answer) => readersIn(answer, room.roomId, third.eventId)[eve] !== undefined, since);
  });

  test('presence does not leave where it is not to be told, and private receipts never do', async () => {
    const { remote, server } = scripted;
    const user = await server.register('hal');
    const eve = remote.user('evehal');
    const room = await sharedRoom(scripted, eve, user);
    const message = room.message(eve, 'hello');
    await remote.deliver(room, message);
    await untilSeen(user, room.roomId, message.eventId);
    const before = remote.edus.length;
    await user.ok('PUT', v3`/presence/${user.id}/status`, { presence: 'online', status_msg: 'here' });
    await user.ok('POST', v3`/rooms/${room.roomId}/receipt/m.read.private/${message.eventId}`, {});
    await user.ok('PUT', v3`/rooms/${room.roomId}/typing/${user.id}`, { typing: true });
    const sent = (): JsonObject[] => remote.edus.slice(before).map((one) => one.edu);
    await remote.until(() => sent().find((edu) => edu['edu_type'] === 'm.typing'));
    const kinds = new Set(sent().map((edu) => edu['edu_type']));
    assert.ok(!kinds.has('m.presence') && !kinds.has('m.receipt'), JSON.stringify([...kinds]));
  });
});
