/** `/sync`: the old state and every increment since make the same client as a fresh start does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type TestServer, useServer } from '../../harness/index.ts';
import { act, makeWorld, Seeded, settle, type World } from './actions.ts';
import { type ClientRoom, type Mode, V3Client } from './v3-client.ts';

const server = useServer();
const MODES: readonly Mode[] = [
  { lazy: false, stateAfter: false },
  { lazy: false, stateAfter: true },
  { lazy: true, stateAfter: false },
  { lazy: true, stateAfter: true },
];
const RUNS = Number(process.env['POSTERN_SYNC_RUNS'] ?? '4');
const SEED = Number(process.env['POSTERN_SEED'] ?? '1');

async function clientsOf(world: World): Promise<V3Client[]> {
  const clients: V3Client[] = [];
  for (const user of world.users) {
    for (const mode of MODES) clients.push(new V3Client(await user.login(), mode, 3 + world.random.below(8)));
  }
  return clients;
}

/** Compares a client that followed with one that starts now. */
async function compare(client: V3Client, why: string): Promise<void> {
  await client.sync();
  const fresh = new V3Client(await client.user.login(), client.mode, client.limit);
  await fresh.sync();
  const what = `${client.user.id} ${JSON.stringify(client.mode)} ${why}`;
  const sections = (one: V3Client): string[] => [...one.rooms].map(([id, room]) => `${room.section} ${id}`).toSorted();
  assert.deepEqual(sections(client), sections(fresh), `rooms of ${what}`);
  assert.deepEqual(client.accountData, fresh.accountData, `account data of ${what}`);
  for (const [id, room] of fresh.rooms) {
    const followed = client.rooms.get(id);
    assert.ok(followed !== undefined);
    if (room.section === 'join') compareRooms(followed, room, { lazy: client.mode.lazy, what: `${id} of ${what}` });
  }
}

function compareRooms(followed: ClientRoom, fresh: ClientRoom, { lazy, what }: { lazy: boolean; what: string }): void {
  const members = (room: ClientRoom) => new Map([...room.state].filter(([key]) => key.startsWith('m.room.member|')));
  const others = (room: ClientRoom) => new Map([...room.state].filter(([key]) => !key.startsWith('m.room.member|')));
  assert.deepEqual(others(followed), others(fresh), `state of ${what}`);
  if (lazy) {
    for (const [key, event] of members(fresh)) assert.equal(followed.state.get(key), event, `${key} in ${what}`);
  } else assert.deepEqual(members(followed), members(fresh), `members of ${what}`);
  const shared = Math.min(followed.timeline.length, fresh.timeline.length);
  assert.deepEqual(followed.timeline.slice(-shared), fresh.timeline.slice(-shared), `timeline of ${what}`);
  assert.equal(new Set(followed.timeline).size, followed.timeline.length, `an event twice in ${what}`);
  assert.deepEqual(followed.accountData, fresh.accountData, `account data in ${what}`);
  assert.deepEqual(followed.receipts, fresh.receipts, `receipts in ${what}`);
  assert.equal(followed.counts, fresh.counts, `counts of ${what}`);
  // Heroes count only where the room has no name; then they are in every summary.
  const heroes = fresh.summary['m.heroes'];
  assert.deepEqual(
    { ...followed.summary, 'm.heroes': heroes },
    { ...fresh.summary, 'm.heroes': heroes },
    `summary of ${what}`,
  );
  if (heroes !== undefined) assert.deepEqual(followed.summary['m.heroes'], heroes, `heroes of ${what}`);
}

async function run(seed: number, actions: number, at?: { restart: number; server: TestServer }): Promise<void> {
  const world = await makeWorld(await server.users('a', 'b', 'c'), seed);
  const clients = await clientsOf(world);
  const order = new Seeded(seed + 1000);
  for (const client of clients) if (order.below(2) === 0) await client.sync();
  for (let n = 0; n < actions; n += 1) {
    await act(world);
    if (at?.restart === n) await at.server.restart();
    for (const client of clients) if (order.below(12) === 0) await client.sync();
  }
  await settle(world);
  for (const client of clients) await compare(client, `seed ${seed}: ${world.log.slice(-12).join('; ')}`);
}

for (let index = 0; index < RUNS; index += 1) {
  test(`sync: increments and a fresh start agree, seed ${SEED + index}`, () => run(SEED + index, 70));
}

test('sync: increments and a fresh start agree across a restart', () => run(SEED + 500, 60, { restart: 30, server }));
