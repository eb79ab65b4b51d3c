/** Journeys inside rooms: redaction, upgrade, spaces, history, time away. */
import assert from 'node:assert/strict';
import { dig } from '../../harness/answer.ts';
import { v3 } from '../../harness/user.ts';
import type { Journey, World } from './homeserver.ts';
import type { Person } from './person.ts';
import { openRoom, pair, sharedRoom, talk } from './shared.ts';

/** All messages of a room that somebody finds backwards; each page is asked for until nothing is left. */
async function readBack(person: Person, room: string): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>();
  let from: string | undefined;
  do {
    const query = new URLSearchParams({ dir: 'b', limit: '20', ...(from !== undefined && { from }) });
    const page = await person.ok('GET', `${v3`/rooms/${room}/messages`}?${query}`);
    for (const event of page.list('chunk')) found.set(String(dig(event, 'event_id')), dig(event, 'content', 'body'));
    from = page.get('end') as string | undefined;
  } while (from !== undefined);
  return found;
}

async function redaction(world: World): Promise<void> {
  const { alice, bob, room } = await sharedRoom(world);
  for (const [author, redactor, reader] of [
    [bob, alice, bob],
    [alice, alice, bob],
    [bob, bob, alice],
  ] as const) {
    const event = await author.send(room, 'to be forgotten');
    await redactor.untilEvent(room, event);
    await reader.untilEvent(room, event);
    const redactionId = await redactor.redact(room, event);
    await reader.untilEvent(room, redactionId);
    const seen = await reader.ok('GET', v3`/rooms/${room}/event/${event}`);
    assert.deepEqual(seen.get('content'), {});
    assert.equal(seen.get('unsigned', 'redacted_because', 'event_id'), redactionId);
  }
}

async function stateAndRelations(world: World): Promise<void> {
  const { alice, bob, room } = await sharedRoom(world, { power_level_content_override: { state_default: 0 } });
  await bob.setState(room, 'm.room.topic', { topic: 'by the guest' });
  await alice.until('the topic', (view) => view.state(room, 'm.room.topic'));
  const message = await alice.send(room, 'to be answered');
  await bob.untilEvent(room, message);
  const reaction = { 'm.relates_to': { rel_type: 'm.annotation', event_id: message, key: '👍' } };
  await alice.untilEvent(room, await bob.send(room, reaction, 'm.reaction'));
  const edit = {
    msgtype: 'm.text',
    body: '* edited',
    'm.new_content': { msgtype: 'm.text', body: 'edited' },
    'm.relates_to': { rel_type: 'm.replace', event_id: message },
  };
  await bob.untilEvent(room, await alice.send(room, edit));
  const answer = {
    msgtype: 'm.text',
    body: 'in a thread',
    'm.relates_to': { rel_type: 'm.thread', event_id: message },
  };
  await alice.untilEvent(room, await bob.send(room, answer));
  const path = `/_matrix/client/v1/rooms/${encodeURIComponent(room)}/relations/${encodeURIComponent(message)}`;
  for (const person of [alice, bob]) {
    const relations = await person.ok('GET', path);
    const types = relations.list('chunk').map((event) => dig(event, 'content', 'm.relates_to', 'rel_type'));
    assert.deepEqual(types.map(String).toSorted(), ['m.annotation', 'm.replace', 'm.thread']);
  }
}

async function upgrade(world: World): Promise<void> {
  const { alice, bob, room } = await sharedRoom(world);
  const new_version = world.roomVersion === '12' ? '11' : '12';
  const next = (await alice.ok('POST', v3`/rooms/${room}/upgrade`, { new_version })).text('replacement_room');
  const tombstone = await bob.until('the tombstone', (view) => view.state(room, 'm.room.tombstone'));
  assert.equal(dig(tombstone, 'content', 'replacement_room'), next);
  await bob.join(next, world.host.name);
  await alice.untilMembership(next, bob.id, 'join');
  await talk({ alice, bob, room: next });
  const create = await bob.ok('GET', v3`/rooms/${next}/state/m.room.create/`);
  assert.equal(create.get('predecessor', 'room_id'), room);
}

async function spaces(world: World): Promise<void> {
  const { alice, bob } = await pair(world);
  const open = await alice.createRoom(openRoom(world, { name: 'Open child' }));
  const closed = await alice.createRoom({
    preset: 'private_chat',
    room_version: world.roomVersion,
    name: 'Closed child',
  });
  const space = await alice.createRoom(openRoom(world, { name: 'Space', creation_content: { type: 'm.space' } }));
  for (const child of [open, closed]) await alice.setState(space, 'm.space.child', { via: [world.host.name] }, child);
  await bob.join(space, world.host.name);
  const tree = await bob.ok('GET', `/_matrix/client/v1/rooms/${encodeURIComponent(space)}/hierarchy`);
  const rooms = new Map(tree.list('rooms').map((one) => [one['room_id'], one['name']]));
  assert.deepEqual(Object.fromEntries(rooms), { [space]: 'Space', [open]: 'Open child' });
  await bob.join(open, world.host.name);
  await alice.untilMembership(open, bob.id, 'join');
}

async function backfill(world: World): Promise<void> {
  const { alice, bob } = await pair(world);
  const room = await alice.createRoom(openRoom(world));
  const bodies = Array.from({ length: 45 }, (_, index) => `before ${index}`);
  const start = Date.now();
  for (const body of bodies) await alice.send(room, body);
  await bob.join(room, world.host.name);
  const found = [...(await readBack(bob, room)).values()];
  assert.deepEqual(
    bodies.filter((body) => !found.includes(body)),
    [],
  );
  // "Looks for the closest event", also on servers that had the room before this one.
  const query = new URLSearchParams({ ts: String(start - 60_000), dir: 'f' });
  const path = `/_matrix/client/v1/rooms/${encodeURIComponent(room)}/timestamp_to_event?${query}`;
  const first = await bob.ok('GET', path);
  const event = await bob.ok('GET', v3`/rooms/${room}/event/${first.text('event_id')}`);
  assert.equal(event.get('type'), 'm.room.create');
}

async function hiddenHistory(world: World): Promise<void> {
  const { alice, bob } = await pair(world);
  const content = { history_visibility: 'joined' };
  const initial_state = [{ type: 'm.room.history_visibility', state_key: '', content }];
  const room = await alice.createRoom(openRoom(world, { initial_state }));
  await alice.send(room, 'not for bob');
  await bob.join(room, world.host.name);
  const event = await alice.send(room, 'for bob');
  await bob.untilEvent(room, event);
  const found = [...(await readBack(bob, room)).values()];
  assert.ok(found.includes('for bob') && !found.includes('not for bob'));
}

async function timeAway(world: World): Promise<void> {
  const { alice, bob, room } = await sharedRoom(world);
  await world.guest.pause();
  const bodies = Array.from({ length: 30 }, (_, index) => `while away ${index}`);
  for (const body of bodies) await alice.send(room, body);
  await alice.setState(room, 'm.room.topic', { topic: 'set meanwhile' });
  await world.guest.resume();
  const last = await alice.send(room, 'welcome back');
  await bob.untilEvent(room, last);
  const found = [...(await readBack(bob, room)).values()];
  assert.deepEqual(
    bodies.filter((body) => !found.includes(body)),
    [],
  );
  await bob.until('the topic', (view) => view.state(room, 'm.room.topic'));
  await talk({ alice, bob, room });
}

async function speakApart(world: World): Promise<void> {
  const { alice, bob, room } = await sharedRoom(world);
  // Nobody waits for the other: the room forks and must come together again on both sides.
  const sent = await Promise.all(
    Array.from({ length: 10 }, async (_, index) => [
      await alice.send(room, `left ${index}`),
      await bob.send(room, `right ${index}`),
    ]),
  );
  for (const event of sent.flat()) {
    await alice.untilEvent(room, event);
    await bob.untilEvent(room, event);
  }
}

export const ROOMS: readonly Journey[] = [
  { name: 'redact messages of both sides', run: redaction },
  { name: 'state, reactions, edits and threads', run: stateAndRelations },
  { name: 'upgrade a room', run: upgrade },
  { name: 'see a space and enter its rooms', run: spaces },
  { name: 'read what was before', run: backfill },
  { name: 'history that is not shared stays hidden', run: hiddenHistory },
  { name: 'speak at the same time', run: speakApart },
  { name: 'be away for a while', run: timeAway },
];
