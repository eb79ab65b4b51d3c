/** Random lives of rooms on several servers that at times do not hear each other. The seed tells all of it. */
import { after, before, test } from 'node:test';
import type { User } from '../harness/index.ts';
import { v3 } from '../harness/index.ts';
import { Federation } from './federation.ts';
import { Node } from './node.ts';
import { seededRandom } from './seeded-random.ts';

const STEPS = 30;

let federation: Federation;

before(async () => {
  federation = await Federation.of(await Node.startAll(['one.test', 'two.test', 'three.test', 'four.test']));
});

after(async () => {
  const ends = await Promise.allSettled(federation.nodes.map((node) => node.finish()));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
});

type Random = (below: number) => number;

/** One thing that somebody does; whether it is allowed is the server's business. */
async function act(room: string, actor: User, { random, step }: { random: Random; step: number }): Promise<void> {
  const other = federation.user(random(federation.users.length)).id;
  const change = async (path: string): Promise<void> => void (await actor.call('POST', path, { user_id: other }));
  const state = async (type: string, content: object): Promise<void> =>
    void (await actor.call('PUT', v3`/rooms/${room}/state/${type}/`, content));
  switch (random(9)) {
    case 0:
      return await state('m.room.topic', { topic: `${step}` });
    case 1:
      return await state('m.room.name', { name: `${step}` });
    case 2:
      return await state('m.room.join_rules', { join_rule: random(2) === 0 ? 'public' : 'invite' });
    case 3:
      return await state('m.room.power_levels', { users: levels(random), users_default: random(2) * 50 });
    case 4:
      return await change(v3`/rooms/${room}/kick`);
    case 5:
      return await change(v3`/rooms/${room}/ban`);
    case 6:
      return await change(v3`/rooms/${room}/unban`);
    case 7:
      await actor.call('POST', v3`/rooms/${room}/leave`, {});
      return;
    default:
      await actor.call('PUT', v3`/rooms/${room}/send/m.room.message/${actor.nextTransaction()}`, {
        msgtype: 'm.text',
        body: `${step}`,
      });
  }
}

function levels(random: Random): Record<string, number> {
  const given: Record<string, number> = {};
  for (const [index, user] of federation.users.entries()) {
    // In room version 12 the creator stands above every number, and may not be listed.
    if (index > 0) given[user.id] = [0, 50, 50, 100][random(4)] ?? 0;
  }
  return given;
}

async function live(version: string, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const room = await federation.sharedRoom(version);
  const start = { users: { ...levels(random), ...(version !== '12' && { [federation.user(0).id]: 100 }) } };
  await federation.user(0).setState(room, 'm.room.power_levels', start);
  for (let step = 0; step < STEPS; step += 1) {
    await act(room, federation.user(random(federation.users.length)), { random, step });
    if (random(4) === 0) {
      const from = federation.node(random(federation.nodes.length));
      const to = federation.node(random(federation.nodes.length));
      if (from !== to) await federation.bring(room, from, to);
    }
  }
  await federation.exchange(room);
  await federation.assertAgreement(room);
}

for (const version of ['1', '2', '6', '10', '11', '12']) {
  for (const seed of [1, 2, 3]) {
    test(`room version ${version}, seed ${seed}`, () => live(version, seed));
  }
}
