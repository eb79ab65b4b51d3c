/** Servers that hear of each other late, and a few lives: the same events lead to the same state. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { ROOM_VERSIONS } from '../../src/matrix/room-versions.ts';
import { checkConvergence, checkHeads, checkStates } from './checks/agreement.ts';
import { RoomView } from './checks/room-view.ts';
import { Life } from './life/life.ts';
import { at, type SimulatedUser } from './world/user.ts';
import { Workshop, World } from './world/world.ts';

let workshop: Workshop;

before(async () => {
  workshop = await Workshop.open();
});

interface Scene {
  readonly world: World;
  readonly room: string;
  readonly users: readonly [SimulatedUser, SimulatedUser, SimulatedUser];
}

/** A room that the users of three servers are in. */
async function open(version: string): Promise<Scene> {
  const world = await World.open(workshop, { seed: 1, servers: 3, usersPerServer: 1, faults: [] });
  const users = [world.user(0), world.user(1), world.user(2)] as const;
  const body = { preset: 'public_chat', room_version: version };
  const room = (await world.ok(users[0].call('POST', at`/createRoom`, body))).text('room_id');
  for (const user of users.slice(1)) await world.ok(user.call('POST', `${at`/join/${room}`}?via=one.test`, {}));
  await world.scheduler.run(5_000);
  return { world, room, users };
}

async function say({ world, room }: Scene, user: SimulatedUser, text: string): Promise<string> {
  const target = at`/rooms/${room}/send/m.room.message/${user.nextTransaction()}`;
  return (await world.ok(user.call('PUT', target, { msgtype: 'm.text', body: text }))).text('event_id');
}

async function setState({ world, room }: Scene, user: SimulatedUser, [type, content]: [string, object]): Promise<void> {
  await world.ok(user.call('PUT', at`/rooms/${room}/state/${type}/`, { ...content }));
}

/** The texts that a user reads. */
async function readBy({ world, room }: Scene, user: SimulatedUser): Promise<string> {
  const reply = await world.ok(user.call('GET', `${at`/rooms/${room}/messages`}?dir=b&limit=100`));
  return JSON.stringify(reply.body);
}

async function agree({ world, room }: Scene): Promise<RoomView[]> {
  await world.scheduler.run(120_000);
  const views: RoomView[] = [];
  for (const server of world.servers) views.push(await world.until(RoomView.of(server, room)));
  await checkStates(views);
  await checkHeads(views);
  await checkConvergence(views);
  return views;
}

/** Nobody hears the others until `unite`. */
function scatter({ world }: Scene): void {
  world.isolate(world.server(0));
  world.lost.add('/_matrix/federation/');
}

function unite({ world }: Scene): void {
  world.unite();
  world.lost.clear();
}

describe('three servers', () => {
  for (const version of ROOM_VERSIONS.keys()) {
    test(`room version ${version}: messages and state at forks`, async () => {
      const scene = await open(version);
      const [alice, bob, carol] = scene.users;
      const users = { [bob.id]: 50, [carol.id]: 50, ...(version !== '12' && { [alice.id]: 100 }) };
      await setState(scene, alice, ['m.room.power_levels', { users }]);
      await agree(scene);
      scatter(scene);
      await setState(scene, alice, ['m.room.topic', { topic: 'by alice' }]);
      await setState(scene, bob, ['m.room.topic', { topic: 'by bob' }]);
      await say(scene, bob, 'one');
      await setState(scene, carol, ['m.room.name', { name: 'by carol' }]);
      await say(scene, carol, 'two');
      unite(scene);
      await scene.world.scheduler.run(120_000);
      await say(scene, alice, 'three');
      await agree(scene);
      for (const user of scene.users) {
        const seen = await readBy(scene, user);
        for (const text of ['one', 'two', 'three']) assert.ok(seen.includes(`"body":"${text}"`), text);
      }
      scene.world.end();
    });
  }

  test('a ban wins over what the banned one does meanwhile: soft-failed, shown to nobody (adv-033)', async () => {
    const scene = await open('12');
    const [alice, bob] = scene.users;
    scatter(scene);
    await scene.world.ok(alice.call('POST', at`/rooms/${scene.room}/ban`, { user_id: bob.id }));
    const late = await say(scene, bob, 'too late');
    unite(scene);
    const [view] = await agree(scene);
    const event = (await view?.stored([late]))?.get(late);
    assert.equal(event?.status, 'soft-failed');
    assert.ok(!(await readBy(scene, alice)).includes('too late'));
    // It is no forward extremity, so nothing that is sent now follows it.
    const next = await say(scene, alice, 'in time');
    const sent = (await view?.stored([next]))?.get(next);
    assert.ok(sent?.pdu.prevEvents.includes(late as never) === false);
    scene.world.end();
  });

  test('a redaction is applied that comes before what it redacts', async () => {
    const scene = await open('11');
    const [alice, bob] = scene.users;
    scene.world.defects.set('one.test', 'deaf');
    const regretted = await say(scene, bob, 'regretted');
    await scene.world.scheduler.run(5_000);
    scene.world.defects.clear();
    await scene.world.ok(bob.call('PUT', at`/rooms/${scene.room}/redact/${regretted}/r1`, {}));
    await agree(scene);
    assert.ok(!(await readBy(scene, alice)).includes('"body":"regretted"'));
    scene.world.end();
  });
});

describe('lives', () => {
  for (let seed = 1; seed <= 12; seed += 1) {
    test(`seed ${seed}`, async () => {
      await Life.live(workshop, { seed });
    });
  }
});
