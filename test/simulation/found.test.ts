/** What lives have brought to light, each told again without chance. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { checkHeads, checkStates } from './checks/agreement.ts';
import { RoomView } from './checks/room-view.ts';
import { at, type SimulatedUser } from './world/user.ts';
import { Workshop, World } from './world/world.ts';

let workshop: Workshop;

before(async () => {
  workshop = await Workshop.open();
});

async function open(servers: number): Promise<World> {
  return await World.open(workshop, { seed: 1, servers, usersPerServer: 1, faults: [] });
}

async function createRoom(world: World, version: string): Promise<string> {
  const body = { preset: 'public_chat', room_version: version };
  return (await world.ok(world.user(0).call('POST', at`/createRoom`, body))).text('room_id');
}

async function join(world: World, user: SimulatedUser, room: string): Promise<void> {
  await world.ok(user.call('POST', `${at`/join/${room}`}?via=one.test`, {}));
}

/** A room of a user of each of two servers. */
async function roomOfTwo(version: string) {
  const world = await open(2);
  const [alice, bob] = [world.user(0), world.user(1)];
  const room = await createRoom(world, version);
  await join(world, bob, room);
  return { world, alice, bob, room };
}

/** The room as each server has it. */
async function viewsOf(world: World, room: string): Promise<RoomView[]> {
  const views: RoomView[] = [];
  for (const server of world.servers) views.push(await world.until(RoomView.of(server, room)));
  return views;
}

/** The same, once it is checked that all servers agree on every state. */
async function agreedViews(world: World, room: string): Promise<RoomView[]> {
  const views = await viewsOf(world, room);
  await checkStates(views);
  await checkHeads(views);
  return views;
}

async function say(world: World, user: SimulatedUser, room: string): Promise<string> {
  const body = { msgtype: 'm.text', body: 'something' };
  const target = at`/rooms/${room}/send/m.room.message/${user.nextTransaction()}`;
  return (await world.ok(user.call('PUT', target, body))).text('event_id');
}

for (const version of ['1', '2']) {
  test(`room version ${version}: one joins where two newest events have to be cited with their hashes`, async () => {
    const world = await open(3);
    const room = await createRoom(world, version);
    await join(world, world.user(1), room);
    await world.scheduler.run(5_000);
    world.isolate(world.server(1));
    await say(world, world.user(0), room);
    await say(world, world.user(1), room);
    world.unite();
    await world.scheduler.run(60_000);
    const view = await world.until(RoomView.of(world.server(0), room));
    assert.equal(view.room.extremities.length, 2);
    await join(world, world.user(2), room);
    assert.deepEqual(world.mishaps, []);
    world.end();
  });
}

test('the state before a join is that which came with it, also for the one who joins', async () => {
  const { world, alice, bob, room } = await roomOfTwo('11');
  await world.ok(bob.call('POST', at`/rooms/${room}/leave`, {}));
  await world.scheduler.run(5_000);
  await world.ok(alice.call('POST', at`/rooms/${room}/invite`, { user_id: bob.id }));
  await join(world, bob, room);
  await world.scheduler.run(5_000);
  const views = await viewsOf(world, room);
  await checkStates(views);
  world.end();
});

test('a write that fails takes with it what was built on it meanwhile', async () => {
  const world = await open(2);
  const room = await createRoom(world, '11');
  await join(world, world.user(1), room);
  await world.scheduler.run(5_000);
  world.isolate(world.server(1));
  for (let count = 0; count < 5; count += 1) {
    await world.ok(world.user(0).call('PUT', at`/rooms/${room}/state/m.room.name/`, { name: `name ${count}` }));
    await say(world, world.user(0), room);
  }
  // The first transaction is a single event. Of those in the next the first cannot be written, neither together with
  // the others nor alone; then the disk is well again.
  world.fates.set('two.test', ['written', 'written', 'failed', 'failed']);
  world.unite();
  await world.scheduler.run(120_000);
  assert.ok(world.trace.some((line) => /of [2-9] on two\.test: failed/.test(line)));
  await say(world, world.user(0), room);
  await world.scheduler.run(60_000);
  const views = await agreedViews(world, room);
  assert.equal(views[0]?.extremities, views[1]?.extremities);
  world.end();
});

test('a join that another server sends back while it is on its way to the disk is written once', async () => {
  const { world, alice, bob, room } = await roomOfTwo('11');
  await world.ok(bob.call('POST', at`/rooms/${room}/leave`, {}));
  await world.scheduler.run(5_000);
  // What alice says right after the join follows it, so that the other server asks for it.
  world.server(0).services.context.stream.listen((change) => {
    if (change.kind !== 'event' || change.others?.[0]?.membership !== 'join') return;
    const target = at`/rooms/${room}/send/m.room.message/${alice.nextTransaction()}`;
    world.scheduler.schedule(180, () => void alice.call('PUT', target, { msgtype: 'm.text', body: 'welcome' }));
  });
  world.writeMs.set('two.test', 400);
  await join(world, bob, room);
  await world.scheduler.run(60_000);
  assert.deepEqual(world.mishaps, []);
  await checkHeads([await world.until(RoomView.of(world.server(1), room))]);
  world.end();
});

test('a state of which an event cannot be had just now is not taken for the whole', async () => {
  const { world, alice, room } = await roomOfTwo('11');
  await world.scheduler.run(5_000);
  // Bob's server misses a topic, hears of what follows it, and is told which events the state has, but not this one.
  world.defects.set('two.test', 'deaf');
  await world.ok(alice.call('PUT', at`/rooms/${room}/state/m.room.topic/`, { topic: 'missed' }));
  await world.scheduler.run(5_000);
  world.defects.clear();
  for (const name of ['get_missing_events', 'event', 'event_auth']) world.lost.add(`/_matrix/federation/v1/${name}/`);
  await say(world, alice, room);
  await world.scheduler.run(300_000);
  world.lost.clear();
  await say(world, alice, room);
  await world.scheduler.run(60_000);
  const views = await agreedViews(world, room);
  assert.equal(views[0]?.extremities, views[1]?.extremities);
  world.end();
});

test('an event whose auth events cannot be had just now is not rejected', async () => {
  const { world, alice, bob, room } = await roomOfTwo('11');
  await world.scheduler.run(5_000);
  world.defects.set('two.test', 'deaf');
  const levels = { users: { [alice.id]: 100, [bob.id]: 50 } };
  await world.ok(alice.call('PUT', at`/rooms/${room}/state/m.room.power_levels/`, levels));
  await world.scheduler.run(5_000);
  world.defects.clear();
  for (const name of ['get_missing_events', 'event', 'event_auth']) world.lost.add(`/_matrix/federation/v1/${name}/`);
  const said = await say(world, alice, room);
  await world.scheduler.run(300_000);
  world.lost.clear();
  await say(world, alice, room);
  await world.scheduler.run(60_000);
  const view = await world.until(RoomView.of(world.server(1), room));
  assert.equal((await view.stored([said])).get(said)?.status, 'accepted');
  world.end();
});

test('what was said last before a server left a room can still be had from it', async () => {
  const { world, alice, bob, room } = await roomOfTwo('11');
  await world.scheduler.run(5_000);
  // Alice's server misses what bob says, and hears only that he has left.
  world.defects.set('one.test', 'deaf');
  const said = await say(world, bob, room);
  await world.scheduler.run(5_000);
  world.defects.clear();
  await world.ok(bob.call('POST', at`/rooms/${room}/leave`, {}));
  await world.scheduler.run(60_000);
  const view = await world.until(RoomView.of(world.server(0), room));
  assert.equal((await view.stored([said])).get(said)?.status, 'accepted');
  assert.deepEqual(view.room.servers.list(), []);
  const members = await world.ok(alice.call('GET', at`/rooms/${room}/joined_members`));
  assert.deepEqual(Object.keys(members.body['joined'] as object), [alice.id]);
  world.end();
});

test('a state that holds an event of the same transaction is written with it', async () => {
  const world = await open(3);
  const [alice, bob, carol] = [world.user(0), world.user(1), world.user(2)];
  const room = await createRoom(world, '11');
  for (const user of [bob, carol]) await join(world, user, room);
  await world.scheduler.run(5_000);
  // Bob's server takes long to answer, so that what follows waits for it: two events of alice's, which come together,
  // and one of carol's between them, which comes after them.
  world.backMs.set('two.test /_matrix/federation/v1/send/', 20_000);
  world.lost.add('/_matrix/federation/v1/get_missing_events/');
  await say(world, alice, room);
  await world.scheduler.run(2_000);
  await say(world, carol, room);
  await world.scheduler.run(2_000);
  await world.ok(alice.call('PUT', at`/rooms/${room}/state/m.room.name/`, { name: 'new' }));
  await world.scheduler.run(2_000);
  await say(world, carol, room);
  await world.scheduler.run(2_000);
  await say(world, alice, room);
  await world.scheduler.run(300_000);
  await agreedViews(world, room);
  world.end();
});

test('a state holds an event that came with what follows, but whose own past cannot be had', async () => {
  const world = await open(3);
  const [alice, bob, carol] = [world.user(0), world.user(1), world.user(2)];
  const room = await createRoom(world, '11');
  for (const user of [bob, carol]) await join(world, user, room);
  await world.scheduler.run(5_000);
  // As above, with two events of carol's, and nobody tells the state before the first and before what follows it.
  world.backMs.set('two.test /_matrix/federation/v1/send/', 20_000);
  world.lost.add('/_matrix/federation/v1/get_missing_events/');
  const loseState = (event: string): void => {
    const path = `/_matrix/federation/v1/state_ids/${encodeURIComponent(room)}?event_id=`;
    world.lost.add(path + encodeURIComponent(event));
  };
  await say(world, alice, room);
  await world.scheduler.run(2_000);
  await say(world, carol, room);
  await world.scheduler.run(2_000);
  loseState(await say(world, carol, room));
  await world.scheduler.run(2_000);
  const name = await world.ok(alice.call('PUT', at`/rooms/${room}/state/m.room.name/`, { name: 'new' }));
  loseState(name.text('event_id'));
  await world.scheduler.run(2_000);
  await say(world, carol, room);
  await world.scheduler.run(2_000);
  await say(world, alice, room);
  await world.scheduler.run(300_000);
  await agreedViews(world, room);
  world.end();
});

test('what follows an event that is rejected, and was missed, can be taken', async () => {
  const world = await open(2);
  const bob = world.user(1);
  const room = await createRoom(world, '1');
  await join(world, bob, room);
  await world.scheduler.run(5_000);
  const redact = async (event: string): Promise<string> => {
    const target = at`/rooms/${room}/redact/${event}/${bob.nextTransaction()}`;
    return (await world.ok(bob.call('PUT', target, {}))).text('event_id');
  };
  // A redaction that was itself redacted says no more what it redacts: the rules of this version refuse it.
  world.defects.set('one.test', 'deaf');
  const first = await redact(await say(world, bob, room));
  await world.scheduler.run(5_000);
  world.defects.clear();
  world.lost.add('/_matrix/federation/v1/get_missing_events/');
  await redact(first);
  await world.scheduler.run(300_000);
  world.lost.clear();
  const said = await say(world, bob, room);
  await world.scheduler.run(60_000);
  const view = await world.until(RoomView.of(world.server(0), room));
  assert.equal((await view.stored([first])).get(first)?.status, 'rejected');
  assert.equal((await view.stored([said])).get(said)?.status, 'accepted');
  world.end();
});
