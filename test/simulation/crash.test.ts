/** One conversation, in which a server's process ends at every commit in turn: nothing acknowledged is lost. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { acknowledge, persist, send, setState, tellDevice } from './life/acts.ts';
import { Life } from './life/life.ts';
import type { Fate } from './world/disk.ts';
import { at, type Dict, type Reply, type SimulatedUser } from './world/user.ts';
import { Workshop } from './world/world.ts';

let workshop: Workshop;

before(async () => {
  workshop = await Workshop.open();
});

/** Repeats a request until it has worked, since servers that it needs may be away. */
async function must(life: Life, user: SimulatedUser, target: string, body: Dict): Promise<Reply> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const reply = await persist(life, user, ['POST', target, body]);
    if (reply?.isOk === true) return reply;
    await life.world.pause(5_000);
  }
  throw new Error(`${target} does not work`);
}

/** A room is made, joined, talked and quarrelled in, and left, and devices tell each other things. */
async function converse(life: Life): Promise<void> {
  const { world } = life;
  const [alice, amy, bob, ben] = [world.user(0), world.user(1), world.user(2), world.user(3)];
  const body = { preset: 'private_chat', room_version: life.version };
  const room = (await must(life, alice, at`/createRoom`, body)).text('room_id');
  life.enter(room);
  for (const user of [amy, bob, ben]) {
    await persist(life, alice, ['POST', at`/rooms/${room}/invite`, { user_id: user.id }]);
    await must(life, user, `${at`/join/${room}`}?via=one.test`, {});
    await must(life, user, at`/keys/upload`, { device_keys: life.deviceKeys(user) });
  }
  const levels = { users: { [alice.id]: 100, [bob.id]: 50 }, state_default: 50 };
  await setState('m.room.power_levels', () => levels)(life, alice);
  await Promise.all([send(life, alice), send(life, ben), tellDevice(life, amy, bob), tellDevice(life, bob, amy)]);
  await Promise.all([setState('m.room.topic', () => ({ topic: 'one' }))(life, alice), send(life, bob)]);
  await setState('m.room.topic', () => ({ topic: 'two' }))(life, bob);
  const event = life.ledger.events.at(-2)?.eventId ?? '';
  const target = at`/rooms/${room}/redact/${event}/${alice.nextTransaction()}`;
  acknowledge(life, alice, await persist(life, alice, ['PUT', target, {}]));
  await must(life, amy, at`/keys/upload`, { device_keys: life.deviceKeys(amy) });
  await Promise.all([tellDevice(life, amy, bob), tellDevice(life, alice, ben), tellDevice(life, ben, alice)]);
  await persist(life, bob, ['POST', at`/rooms/${room}/kick`, { user_id: ben.id }]);
  await persist(life, amy, ['POST', at`/rooms/${room}/leave`, {}]);
  await send(life, alice);
  await persist(life, amy, ['POST', at`/join/${room}`, {}]);
  await Promise.all([send(life, amy), send(life, bob)]);
  // What is told to other servers is written, too.
  await world.pause(60_000);
}

/** Lives the conversation; how many commits it took, without those of the checks. */
async function live(fate: Fate, commit: number, prepare?: (life: Life) => void): Promise<number> {
  let [first, last] = [0, 0];
  await Life.live(workshop, {
    seed: 1,
    servers: 2,
    usersPerServer: 2,
    version: '11',
    faults: [],
    script: async (life) => {
      await converse(life);
      last = life.world.commits;
    },
    prepare: (begun) => {
      first = begun.world.commits;
      begun.world.fateAt = { commit: first + commit, fate };
      prepare?.(begun);
    },
  });
  return last - first;
}

describe('a process ends at a commit', () => {
  for (const fate of ['crash before', 'crash after', 'failed'] as const) {
    test(fate, async (t) => {
      // Up to the commit at which something happens every run goes as this one.
      const total = await live('written', 1);
      for (let commit = 1; commit <= total; commit += 1) {
        try {
          await live(fate, commit);
        } catch (error) {
          throw new Error(`at commit ${commit}`, { cause: error });
        }
      }
      t.diagnostic(`${total} commits`);
      assert.ok(total > 50, 'the conversation is written in many pieces');
    });
  }
});

test('canary: one of them is noticed where something is acknowledged before it is on the disk', async () => {
  const failures: string[] = [];
  for (let commit = 20; commit < 40; commit += 1) {
    await live('crash before', commit, ({ world }) => {
      for (const { name } of world.servers) world.defects.set(name, 'hasty');
    }).catch((error: unknown) => failures.push(String(error)));
  }
  assert.ok(failures.length > 0);
});
