/** What lives have brought to light about what clients are told, each told again without chance. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { dig } from '../harness/answer.ts';
import { deviceKeysOf } from './life/device-keys.ts';
import { SyncClient } from './life/sync-client.ts';
import { at, type SimulatedUser } from './world/user.ts';
import { Workshop, World } from './world/world.ts';

let workshop: Workshop;

before(async () => {
  workshop = await Workshop.open();
});

interface Scene {
  readonly world: World;
  readonly room: string;
}

/** A room that all users of two servers are in. */
async function open(usersPerServer = 1): Promise<Scene> {
  const world = await World.open(workshop, { seed: 1, servers: 2, usersPerServer, faults: [] });
  const body = { preset: 'public_chat', room_version: '11' };
  const room = (await world.ok(world.user(0).call('POST', at`/createRoom`, body))).text('room_id');
  for (const user of world.users.slice(1)) {
    await world.ok(user.call('POST', `${at`/join/${room}`}?via=one.test`, {}));
  }
  await world.scheduler.run(5_000);
  return { world, room };
}

async function uploadKeys(world: World, user: SimulatedUser, number: number): Promise<void> {
  await world.ok(user.call('POST', at`/keys/upload`, { device_keys: deviceKeysOf(user, number) }));
}

/** The keys of `user`'s device as somebody is told them. */
async function queryKeys(world: World, asker: SimulatedUser, user: SimulatedUser): Promise<unknown> {
  const reply = await world.ok(asker.call('POST', at`/keys/query`, { device_keys: { [user.id]: [] } }));
  return dig(reply.body, 'device_keys', user.id, user.device, 'keys');
}

test('a change of devices is told also where the disk fails meanwhile', async () => {
  const { world } = await open();
  const [alice, bob] = [world.user(0), world.user(1)];
  await uploadKeys(world, alice, 1);
  await queryKeys(world, bob, alice);
  await world.scheduler.run(5_000);
  // The keys are written; what is to be told of them is not, at first.
  world.fates.set('one.test', ['written', 'full', 'full', 'full']);
  await uploadKeys(world, alice, 2);
  await world.scheduler.run(120_000);
  assert.deepEqual(world.fates.get('one.test'), []);
  assert.deepEqual(await queryKeys(world, bob, alice), deviceKeysOf(alice, 2)['keys']);
  world.end();
});

test('a change of devices that was not told when the first process ended is told by the next', async () => {
  const { world } = await open();
  const [alice, bob] = [world.user(0), world.user(1)];
  await queryKeys(world, bob, alice);
  world.fates.set('one.test', ['written', 'crash before']);
  await uploadKeys(world, alice, 1);
  await world.scheduler.run(120_000);
  assert.ok(world.server(0).isUp && world.server(0).runs === 2);
  assert.deepEqual(await queryKeys(world, bob, alice), deviceKeysOf(alice, 1)['keys']);
  world.end();
});

test('a list of devices that changes while it is fetched for the first time is fetched again', async () => {
  const { world } = await open();
  const [alice, bob] = [world.user(0), world.user(1)];
  await uploadKeys(world, alice, 1);
  await world.scheduler.run(5_000);
  // The answer says what was, and comes after the news of what is.
  world.backMs.set('one.test /_matrix/federation/v1/user/devices/', 4_000);
  const [first] = await Promise.all([
    queryKeys(world, bob, alice),
    world.scheduler.run(0).then(async () => {
      await world.pause(2_000);
      await alice.call('POST', at`/keys/upload`, { device_keys: deviceKeysOf(alice, 2) });
    }),
  ]);
  assert.deepEqual(first, deviceKeysOf(alice, 1)['keys']);
  await world.scheduler.run(60_000);
  assert.deepEqual(await queryKeys(world, bob, alice), deviceKeysOf(alice, 2)['keys']);
  world.end();
});

test('who was put out and is let in again by a merge of states is told the whole state of the room', async () => {
  const { world, room } = await open(2);
  const [alice, bob, carol] = [world.user(0), world.user(2), world.user(3)];
  const levels = (level: number): object => ({ users: { [alice.id]: 100, [carol.id]: level } });
  const target = at`/rooms/${room}/state/m.room.power_levels/`;
  await world.ok(alice.call('PUT', target, { ...levels(50) }));
  await world.scheduler.run(5_000);
  const client = new SyncClient(bob);
  await world.until(client.sync());
  // Alice takes carol's power away; carol, who has not heard of it, puts bob out.
  world.isolate(world.server(0));
  await world.ok(alice.call('PUT', target, { ...levels(0) }));
  await world.ok(carol.call('POST', at`/rooms/${room}/kick`, { user_id: bob.id }));
  await world.ok(carol.call('PUT', at`/rooms/${room}/state/m.room.topic/`, { topic: 'without bob' }));
  await world.scheduler.run(5_000);
  await world.until(client.sync());
  assert.deepEqual([...client.rooms], []);
  world.unite();
  await world.scheduler.run(600_000);
  await world.until(client.sync());
  const fresh = new SyncClient(bob);
  await world.until(fresh.sync());
  assert.ok(fresh.rooms.has(room), 'the merge has let bob in');
  assert.deepEqual(sorted(client.rooms.get(room)), sorted(fresh.rooms.get(room)));
  world.end();
});

function sorted(state: ReadonlyMap<string, string> | undefined): string[] {
  return [...(state ?? [])].map((entry) => entry.join(' ')).sort();
}
