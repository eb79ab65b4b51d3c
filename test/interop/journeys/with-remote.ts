/** Journeys of a homeserver of any make with the scripted server, told in a given room version. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { JsonObject } from '../../../src/matrix/json.ts';
import { ROOM_VERSIONS, type RoomVersionRules } from '../../../src/matrix/room-versions.ts';
import { present } from '../../../src/lib/assert.ts';
import type { RemoteRoom } from '../../harness/remote/room.ts';
import { RemoteServer } from '../../harness/remote-server.ts';
import { v3 } from '../../harness/user.ts';
import type { Homeserver } from './homeserver.ts';
import type { Person } from './person.ts';

export interface RemoteWorld {
  readonly homeserver: Homeserver;
  /** Of the homeserver. */
  readonly alice: Person;
  readonly remote: RemoteServer;
  /** Of the scripted server. */
  readonly bob: string;
}

type Told = RemoteWorld & { readonly version: string };

interface RemoteJourney {
  readonly name: string;
  readonly run: (world: Told) => Promise<void>;
  readonly where?: (rules: RoomVersionRules) => boolean;
}

/** Every event that we hold stands by the rules. */
function assertSound(room: RemoteRoom): void {
  for (const { pdu, verdict, softFailed } of room.nodes.values()) {
    assert.deepEqual([pdu.type, verdict, softFailed], [pdu.type, { accept: true }, false]);
  }
}

/** Both sides have the same event under every type and state key. */
async function assertSameState(person: Person, room: RemoteRoom): Promise<void> {
  const nameOf = (event: JsonObject) => JSON.stringify([event['type'], event['state_key']]);
  const seen = (await person.ok('GET', v3`/rooms/${room.roomId}/state`)).body as JsonObject[];
  const theirs = Object.fromEntries(seen.map((event) => [nameOf(event), event['event_id']]));
  assert.deepEqual(theirs, Object.fromEntries(room.stateEvents().map((event) => [nameOf(event.json), event.eventId])));
}

/** A room of ours that Alice has joined, where she may do nearly everything. */
async function roomWithAlice({ alice, remote, bob, version }: Told): Promise<RemoteRoom> {
  const room = remote.createRoom({ version, creator: bob, name: 'Our room' });
  await alice.join(room.roomId, remote.name);
  const users: JsonObject = version === '12' ? { [alice.id]: 90 } : { [bob]: 100, [alice.id]: 90 };
  const power = room.powerLevels(bob, { users });
  await remote.deliver(room, power);
  await alice.until('power levels', (view) =>
    view.state(room.roomId, 'm.room.power_levels')?.['event_id'] === power.eventId ? true : undefined,
  );
  return room;
}

async function joinTheirs({ homeserver, alice, remote, bob, version }: Told): Promise<void> {
  const roomId = await alice.createRoom({ preset: 'public_chat', room_version: version, name: 'Its room' });
  const room = await remote.joinRemote({ destination: homeserver.name, roomId, user: bob });
  await alice.untilMembership(roomId, bob, 'join');
  const one = await alice.send(roomId, 'one');
  assert.equal((await remote.untilEvent(room, one)).content['body'], 'one');
  const two = room.message(bob, 'two');
  await remote.deliver(room, two);
  assert.equal((await alice.untilEvent(roomId, two.eventId))['sender'], bob);
  assertSound(room);
}

async function joinOurs({ alice, remote, bob, version }: Told): Promise<void> {
  const room = remote.createRoom({ version, creator: bob, name: 'Our room' });
  const early = room.message(bob, 'before you came');
  await alice.join(room.roomId, remote.name);
  assert.equal(room.membership(alice.id), 'join');
  const one = await alice.send(room.roomId, 'one');
  await remote.untilEvent(room, one);
  const two = room.message(bob, 'two');
  await remote.deliver(room, two);
  await alice.untilEvent(room.roomId, two.eventId);
  const messages = await alice.ok('GET', `${v3`/rooms/${room.roomId}/messages`}?dir=b&limit=50`);
  assert.ok(messages.list('chunk').some((event) => event['event_id'] === early.eventId));
  assertSound(room);
}

async function twoTopics(world: Told): Promise<void> {
  const { alice, remote, bob } = world;
  const room = await roomWithAlice(world);
  // Two topics after the same event: both sides must choose the same one.
  const ours = room.setState(bob, 'm.room.topic', { topic: 'ours' });
  const theirs = await alice.setState(room.roomId, 'm.room.topic', { topic: 'theirs' });
  await remote.untilEvent(room, theirs);
  await remote.deliver(room, ours);
  const merged = room.message(bob, 'merged');
  assert.equal(merged.prevEvents.length, 2);
  await remote.deliver(room, merged);
  await alice.untilEvent(room.roomId, merged.eventId);
  await assertSameState(alice, room);
  assertSound(room);
}

async function banAgainstTopic(world: Told): Promise<void> {
  const { alice, remote, bob } = world;
  const room = await roomWithAlice(world);
  const carol = remote.user('carol');
  const join = room.join(carol);
  const levels = room.current('m.room.power_levels')?.content['users'] as JsonObject;
  const power = room.powerLevels(bob, { users: { ...levels, [carol]: 50 } });
  await remote.deliver(room, join, power);
  await alice.until('her level', (view) =>
    view.state(room.roomId, 'm.room.power_levels')?.['event_id'] === power.eventId ? true : undefined,
  );
  // Alice bans Carol, who sets the topic before she hears of it.
  const topic = room.setState(carol, 'm.room.topic', { topic: 'unheard' });
  await alice.ok('POST', v3`/rooms/${room.roomId}/ban`, { user_id: carol });
  const ban = await alice.until('the ban', (view) =>
    view.membership(room.roomId, carol) === 'ban' ? view.state(room.roomId, 'm.room.member', carol) : undefined,
  );
  await remote.untilEvent(room, String(ban['event_id']));
  await remote.deliver(room, topic);
  const merged = room.message(bob, 'merged');
  assert.equal(merged.prevEvents.length, 2);
  await remote.deliver(room, merged);
  await alice.untilEvent(room.roomId, merged.eventId);
  await assertSameState(alice, room);
  assertSound(room);
}

async function missedEvents(world: Told): Promise<void> {
  const { alice, remote, bob } = world;
  const room = await roomWithAlice(world);
  const unsent = room.message(bob, 'unsent');
  const topic = room.setState(bob, 'm.room.topic', { topic: 'unsent' });
  const sent = room.message(bob, 'sent');
  await remote.deliver(room, sent);
  for (const event of [unsent, topic, sent]) await alice.untilEvent(room.roomId, event.eventId);
  // Too many to be asked for one by one: the state has to be asked for.
  room.setState(bob, 'm.room.topic', { topic: 'in the gap' });
  for (let count = 0; count < 60; count += 1) room.message(bob, `gap ${count}`);
  const last = room.message(bob, 'after the gap');
  await remote.deliver(room, last);
  await alice.untilEvent(room.roomId, last.eventId);
  await assertSameState(alice, room);
  assertSound(room);
}

async function invites({ homeserver, alice, remote, bob, version }: Told): Promise<void> {
  const roomId = await alice.createRoom({ room_version: version, invite: [bob] });
  const invite = await remote.until(() => remote.invites.find((one) => one.event.roomId === roomId));
  assert.equal(invite.version, version);
  await remote.leaveRemote({ destination: homeserver.name, roomId, user: bob, version });
  await alice.untilMembership(roomId, bob, 'leave');

  const room = remote.createRoom({ version, creator: bob, joinRule: 'invite' });
  await remote.invite({ room, sender: bob, user: alice.id });
  await alice.untilInvited(room.roomId);
  await alice.leave(room.roomId);
  await remote.until(() => (room.membership(alice.id) === 'leave' ? true : undefined));
  await remote.invite({ room, sender: bob, user: alice.id });
  await alice.untilInvited(room.roomId);
  await alice.join(room.roomId, remote.name);
  assertSound(room);
}

async function knocks({ homeserver, alice, remote, bob, version }: Told): Promise<void> {
  const initial_state = [{ type: 'm.room.join_rules', state_key: '', content: { join_rule: 'knock' } }];
  const roomId = await alice.createRoom({ room_version: version, initial_state });
  const options = { destination: homeserver.name, roomId, user: bob };
  const knocked = await remote.knockRemote(options);
  assert.ok(knocked.list('knock_room_state').some((event) => event['type'] === 'm.room.create'));
  await alice.untilMembership(roomId, bob, 'knock');
  await remote.leaveRemote({ ...options, version });
  await alice.untilMembership(roomId, bob, 'leave');

  const room = remote.createRoom({ version, creator: bob, joinRule: 'knock' });
  await alice.knock(room.roomId, remote.name);
  assert.equal(room.membership(alice.id), 'knock');
  await remote.invite({ room, sender: bob, user: alice.id });
  await alice.untilInvited(room.roomId);
  await alice.join(room.roomId, remote.name);
  assertSound(room);
}

async function restricted({ homeserver, alice, remote, bob, version }: Told): Promise<void> {
  const club = await alice.createRoom({ preset: 'public_chat', room_version: version });
  const content = { join_rule: 'restricted', allow: [{ type: 'm.room_membership', room_id: club }] };
  const initial_state = [{ type: 'm.room.join_rules', state_key: '', content }];
  const roomId = await alice.createRoom({ room_version: version, initial_state });
  const options = { destination: homeserver.name, user: bob };
  await assert.rejects(remote.joinRemote({ ...options, roomId }), /403/);
  await remote.joinRemote({ ...options, roomId: club });
  const room = await remote.joinRemote({ ...options, roomId });
  assert.equal(room.current('m.room.member', bob)?.content['join_authorised_via_users_server'], alice.id);
  await alice.untilMembership(roomId, bob, 'join');
  assertSound(room);

  const ours = remote.createRoom({ version, creator: bob });
  const allow = [{ type: 'm.room_membership', room_id: ours.roomId }];
  const inner = remote.createRoom({ version, creator: bob, joinRule: { join_rule: 'restricted', allow } });
  await alice.failToJoin(inner.roomId, remote.name);
  await alice.join(ours.roomId, remote.name);
  await alice.join(inner.roomId, remote.name);
  assert.equal(inner.membership(alice.id), 'join');
  assertSound(inner);
}

const JOURNEYS: readonly RemoteJourney[] = [
  { name: 'we join its room and talk', run: joinTheirs },
  { name: 'its user joins our room and reads what was before', run: joinOurs },
  { name: 'two topics at once', run: twoTopics },
  { name: 'a ban, and what the banned one did meanwhile', run: banAgainstTopic },
  { name: 'missed events are fetched, or the state after them', run: missedEvents },
  { name: 'invites go both ways and can be rejected', run: invites },
  { name: 'knocks go both ways', run: knocks, where: (rules) => rules.allowsKnocking },
  { name: 'restricted joins go both ways', run: restricted, where: (rules) => rules.allowsRestrictedJoins },
];

/** The tests of a homeserver with the scripted server in every room version. What it answers is there once they run. */
export function tellWithRemote(
  make: string,
  start: () => Promise<Homeserver>,
  skip: string | false = false,
): () => RemoteWorld {
  let world: RemoteWorld | undefined;
  before(async () => {
    if (skip !== false) return;
    const homeserver = await start();
    const remote = await RemoteServer.start();
    world = { homeserver, remote, alice: await homeserver.register('alice'), bob: remote.user('bob') };
  });
  after(async () => {
    await world?.remote.stop();
    await world?.homeserver.stop();
  });
  const get = () => present(world, 'the servers have started');
  for (const rules of ROOM_VERSIONS.values()) {
    void suite(`${make} and the scripted server in room version ${rules.version}`, { skip }, () => {
      for (const { name, run, where } of JOURNEYS) {
        if (where === undefined || where(rules)) void test(name, () => run({ ...get(), version: rules.version }));
      }
    });
  }
  return get;
}
