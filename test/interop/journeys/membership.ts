/** Journeys into rooms and out of them. */
import assert from 'node:assert/strict';
import { v3 } from '../../harness/user.ts';
import type { Journey, World } from './homeserver.ts';
import { openRoom, pair, sharedRoom, talk } from './shared.ts';

async function joinById(world: World): Promise<void> {
  const shared = await sharedRoom(world);
  await talk(shared);
  const members = await shared.bob.ok('GET', v3`/rooms/${shared.room}/joined_members`);
  assert.deepEqual(Object.keys(members.object('joined')).toSorted(), [shared.alice.id, shared.bob.id].toSorted());
}

async function joinByAlias(world: World): Promise<void> {
  const { alice, bob } = await pair(world);
  const name = `place-${alice.localpart}`;
  const room = await alice.createRoom(openRoom(world, { room_alias_name: name, visibility: 'public' }));
  const alias = `#${name}:${world.host.name}`;
  const found = await bob.ok('GET', v3`/directory/room/${alias}`);
  assert.equal(found.get('room_id'), room);
  const published = await bob.ok('GET', `${v3`/publicRooms`}?${new URLSearchParams({ server: world.host.name })}`);
  assert.ok(published.list('chunk').some((one) => one['room_id'] === room));
  assert.equal(await bob.join(alias), room);
  await alice.untilMembership(room, bob.id, 'join');
  await talk({ alice, bob, room });
}

async function invite(world: World): Promise<void> {
  const { alice, bob } = await pair(world);
  const room_version = world.roomVersion;
  const room = await alice.createRoom({
    preset: 'private_chat',
    room_version,
    name: 'By invitation',
    invite: [bob.id],
  });
  await bob.untilInvited(room);
  const stripped = bob.view.room(room)?.stripped ?? [];
  const name = stripped.find((event) => event['type'] === 'm.room.name');
  assert.deepEqual(name?.['content'], { name: 'By invitation' });
  await bob.join(room);
  await alice.untilMembership(room, bob.id, 'join');
  await talk({ alice, bob, room });
}

async function rejectInvite(world: World): Promise<void> {
  const { alice, bob } = await pair(world);
  const room = await alice.createRoom({ preset: 'private_chat', room_version: world.roomVersion });
  await alice.invite(room, bob.id);
  await bob.untilInvited(room);
  await bob.leave(room);
  await alice.untilMembership(room, bob.id, 'leave');
  await bob.failToJoin(room, world.host.name);
  await alice.invite(room, bob.id);
  await bob.until('a second invite', (view) => (view.room(room)?.membership === 'invite' ? true : undefined));
}

async function retractInvite(world: World): Promise<void> {
  const { alice, bob } = await pair(world);
  const room = await alice.createRoom({ preset: 'private_chat', room_version: world.roomVersion });
  await alice.invite(room, bob.id);
  await bob.untilInvited(room);
  await alice.ok('POST', v3`/rooms/${room}/kick`, { user_id: bob.id });
  await bob.failToJoin(room, world.host.name);
}

async function inviteBack(world: World): Promise<void> {
  const { alice, bob, room } = await sharedRoom(world, { power_level_content_override: { invite: 0 } });
  const carol = await world.host.register('carol');
  const dave = await world.guest.register('dave');
  for (const person of [carol, dave]) {
    await bob.invite(room, person.id);
    await person.untilInvited(room);
    await person.join(room);
    for (const other of [alice, bob]) await other.untilMembership(room, person.id, 'join');
  }
  const event = await dave.send(room, 'we are four');
  for (const person of [alice, bob, carol]) await person.untilEvent(room, event);
}

async function leaveAndReturn(world: World): Promise<void> {
  const { alice, bob, room } = await sharedRoom(world);
  await bob.leave(room);
  await alice.untilMembership(room, bob.id, 'leave');
  await alice.setState(room, 'm.room.topic', { topic: 'while you were out' });
  await bob.join(room, world.host.name);
  await alice.untilMembership(room, bob.id, 'join');
  await bob.until('the new topic', (view) => view.state(room, 'm.room.topic'));
  await talk({ alice, bob, room });
}

async function kickAndBan(world: World): Promise<void> {
  const { alice, bob, room } = await sharedRoom(world);
  await alice.ok('POST', v3`/rooms/${room}/kick`, { user_id: bob.id, reason: 'out' });
  await bob.until('the kick', (view) => (view.room(room)?.membership === 'leave' ? true : undefined));
  await bob.join(room, world.host.name);
  await alice.untilMembership(room, bob.id, 'join');
  await alice.ok('POST', v3`/rooms/${room}/ban`, { user_id: bob.id });
  await bob.until('the ban', (view) => (view.membership(room, bob.id) === 'ban' ? true : undefined));
  await bob.failToJoin(room, world.host.name);
  await alice.ok('POST', v3`/rooms/${room}/unban`, { user_id: bob.id });
  await bob.join(room, world.host.name);
  await talk({ alice, bob, room });
}

async function knock(world: World): Promise<void> {
  const { alice, bob } = await pair(world);
  const initial_state = [{ type: 'm.room.join_rules', state_key: '', content: { join_rule: 'knock' } }];
  const room = await alice.createRoom({ room_version: world.roomVersion, name: 'Knock', initial_state });
  await bob.knock(room, world.host.name);
  await alice.untilMembership(room, bob.id, 'knock');
  await bob.until('their own knock', (view) => (view.room(room)?.membership === 'knock' ? true : undefined));
  await alice.invite(room, bob.id);
  await bob.untilInvited(room);
  await bob.join(room);
  await alice.untilMembership(room, bob.id, 'join');
  await talk({ alice, bob, room });
}

async function takeKnockBack(world: World): Promise<void> {
  const { alice, bob } = await pair(world);
  const initial_state = [{ type: 'm.room.join_rules', state_key: '', content: { join_rule: 'knock' } }];
  const room = await alice.createRoom({ room_version: world.roomVersion, initial_state });
  await bob.knock(room, world.host.name);
  await alice.untilMembership(room, bob.id, 'knock');
  await bob.leave(room);
  await alice.untilMembership(room, bob.id, 'leave');
}

async function restricted(world: World): Promise<void> {
  const { alice, bob } = await pair(world);
  const club = await alice.createRoom(openRoom(world, { name: 'Club' }));
  const allow = [{ type: 'm.room_membership', room_id: club }];
  const content = { join_rule: 'restricted', allow };
  const initial_state = [{ type: 'm.room.join_rules', state_key: '', content }];
  const room = await alice.createRoom({ room_version: world.roomVersion, initial_state });
  await bob.failToJoin(room, world.host.name);
  await bob.join(club, world.host.name);
  await bob.join(room, world.host.name);
  await alice.untilMembership(room, bob.id, 'join');
  await talk({ alice, bob, room });
}

export const MEMBERSHIP: readonly Journey[] = [
  { name: 'join by id', run: joinById },
  { name: 'join by alias, found in the directory', run: joinByAlias },
  { name: 'accept an invite', run: invite },
  { name: 'reject an invite and be invited again', run: rejectInvite },
  { name: 'an invite taken back opens nothing', run: retractInvite },
  { name: 'guests invite people of both servers', run: inviteBack },
  { name: 'leave and return', run: leaveAndReturn },
  { name: 'kick, ban and forgive', run: kickAndBan },
  { name: 'knock and be let in', run: knock, since: 7 },
  {
    name: 'take a knock back',
    run: takeKnockBack,
    since: 7,
    beyond: { make: 'Synapse', why: 'Synapse takes knocks in rooms of others back for itself only' },
  },
  { name: 'join a restricted room', run: restricted, since: 8 },
];
