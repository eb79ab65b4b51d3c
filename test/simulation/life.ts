/** The random life of a room on several servers that at times do not hear each other. The seed tells all of it. */
import assert from 'node:assert/strict';
import { type Answer, type User, v3 } from '../harness/index.ts';
import type { Federation } from './federation.ts';
import { seededRandom } from './seeded-random.ts';

const STEPS = 30;

function idOf(answer: Answer): string | undefined {
  return answer.status === 200 ? answer.text('event_id') : undefined;
}

type Random = (below: number) => number;

/** One thing that somebody does; whether it is allowed is the server's business. The event's id where it was. */
async function act(
  federation: Federation,
  room: string,
  actor: User,
  { random, step }: { random: Random; step: number },
): Promise<string | undefined> {
  const other = federation.user(random(federation.users.length)).id;
  const change = async (path: string): Promise<undefined> => {
    await actor.call('POST', path, { user_id: other });
  };
  const state = async (type: string, content: object): Promise<string | undefined> =>
    idOf(await actor.call('PUT', v3`/rooms/${room}/state/${type}/`, content));
  switch (random(9)) {
    case 0:
      return await state('m.room.topic', { topic: `${step}` });
    case 1:
      return await state('m.room.name', { name: `${step}` });
    case 2:
      return await state('m.room.join_rules', { join_rule: random(2) === 0 ? 'public' : 'invite' });
    case 3:
      return await state('m.room.power_levels', { users: levels(federation, random), users_default: random(2) * 50 });
    case 4:
      return await change(v3`/rooms/${room}/kick`);
    case 5:
      return await change(v3`/rooms/${room}/ban`);
    case 6:
      return await change(v3`/rooms/${room}/unban`);
    case 7:
      await actor.call('POST', v3`/rooms/${room}/leave`, {});
      return undefined;
    default:
      return idOf(
        await actor.call('PUT', v3`/rooms/${room}/send/m.room.message/${actor.nextTransaction()}`, {
          msgtype: 'm.text',
          body: `${step}`,
        }),
      );
  }
}

function levels(federation: Federation, random: Random): Record<string, number> {
  const given: Record<string, number> = {};
  for (const [index, user] of federation.users.entries()) {
    // In room version 12 the creator stands above every number, and may not be listed.
    if (index > 0) given[user.id] = [0, 50, 50, 100][random(4)] ?? 0;
  }
  return given;
}

/** One life of one room; at its end everything is exchanged, and P1, P2 and P4 of SECURITY §7.3 must hold. */
export async function live(federation: Federation, version: string, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const room = await federation.sharedRoom(version);
  const start = { users: { ...levels(federation, random), ...(version !== '12' && { [federation.user(0).id]: 100 }) } };
  await federation.user(0).setState(room, 'm.room.power_levels', start);
  const acknowledged: string[] = [];
  for (let step = 0; step < STEPS; step += 1) {
    const actor = federation.user(random(federation.users.length));
    const eventId = await act(federation, room, actor, { random, step });
    if (eventId !== undefined) acknowledged.push(eventId);
    if (random(4) === 0) {
      const from = federation.node(random(federation.nodes.length));
      const to = federation.node(random(federation.nodes.length));
      if (from !== to) await federation.bring(room, from, to);
    }
  }
  await federation.exchange(room);
  await federation.assertAgreement(room);
  for (const node of federation.nodes) {
    const held = await node.holds(acknowledged);
    const lost = acknowledged.filter((id) => !held.has(id));
    assert.deepEqual(lost, [], `what was acknowledged is on ${node.name}`);
  }
}
