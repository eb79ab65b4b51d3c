/** Sliding sync in both dialects: following and a fresh start make the same client. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useServer } from '../../harness/index.ts';
import { act, makeWorld, Seeded, settle, type World } from './actions.ts';
import { SlidingClient, type SlidingMode, type SlidingRoom } from './sliding-client.ts';

const server = useServer();
const MODES: readonly SlidingMode[] = [
  { dialect: 'deployed', lazy: false },
  { dialect: 'deployed', lazy: true },
  { dialect: 'msc4186', lazy: false },
  { dialect: 'msc4186', lazy: true },
];
const RUNS = Number(process.env['POSTERN_SYNC_RUNS'] ?? '4');
const SEED = Number(process.env['POSTERN_SEED'] ?? '1');

async function clientsOf(world: World): Promise<SlidingClient[]> {
  const clients: SlidingClient[] = [];
  for (const user of world.users) {
    for (const mode of MODES) clients.push(new SlidingClient(await user.login(), mode, 2 + world.random.below(8)));
  }
  return clients;
}

const membersOf = (room: SlidingRoom) => new Map([...room.state].filter(([key]) => key.startsWith('m.room.member|')));
const othersOf = (room: SlidingRoom) => new Map([...room.state].filter(([key]) => !key.startsWith('m.room.member|')));

async function compare(client: SlidingClient, why: string): Promise<void> {
  await client.sync();
  const fresh = new SlidingClient(await client.user.login(), client.mode, client.limit);
  await fresh.sync();
  const what = `${client.user.id} ${JSON.stringify(client.mode)} ${why}`;
  const places = (one: SlidingClient): string[] =>
    [...one.rooms].map(([id, room]) => `${room.membership} ${id}`).toSorted();
  assert.deepEqual(places(client), places(fresh), `rooms of ${what}`);
  assert.deepEqual(client.accountData, fresh.accountData, `account data of ${what}`);
  for (const [id, room] of fresh.rooms) {
    const followed = client.rooms.get(id);
    assert.ok(followed !== undefined);
    if (room.membership === 'join') compareRooms(followed, room, { lazy: client.mode.lazy, what: `${id} of ${what}` });
  }
}

function compareRooms(
  followed: SlidingRoom,
  fresh: SlidingRoom,
  { lazy, what }: { lazy: boolean; what: string },
): void {
  assert.deepEqual(othersOf(followed), othersOf(fresh), `state of ${what}`);
  if (lazy) {
    for (const [key, event] of membersOf(fresh)) assert.equal(followed.state.get(key), event, `${key} in ${what}`);
  } else assert.deepEqual(membersOf(followed), membersOf(fresh), `members of ${what}`);
  const shared = Math.min(followed.timeline.length, fresh.timeline.length);
  assert.deepEqual(followed.timeline.slice(-shared), fresh.timeline.slice(-shared), `timeline of ${what}`);
  assert.equal(new Set(followed.timeline).size, followed.timeline.length, `an event twice in ${what}`);
  assert.deepEqual(followed.facts, fresh.facts, `facts of ${what}`);
  assert.equal(followed.counts, fresh.counts, `counts of ${what}`);
  for (const [key, event] of fresh.receipts) assert.equal(followed.receipts.get(key), event, `${key} in ${what}`);
}

async function run(seed: number, actions: number, restart: number | undefined): Promise<void> {
  const world = await makeWorld(await server.users('a', 'b', 'c'), seed);
  const clients = await clientsOf(world);
  const order = new Seeded(seed + 1000);
  for (const client of clients) if (order.below(2) === 0) await client.sync();
  for (let n = 0; n < actions; n += 1) {
    await act(world);
    if (restart === n) await server.restart();
    for (const client of clients) if (order.below(12) === 0) await client.sync();
  }
  await settle(world);
  for (const client of clients) await compare(client, `seed ${seed}: ${world.log.slice(-12).join('; ')}`);
}

for (let index = 0; index < RUNS; index += 1) {
  test(`slidingSync: following and a fresh start agree, seed ${SEED + index}`, () => run(SEED + index, 70, undefined));
}

test('slidingSync: following and a fresh start agree across a restart', () => run(SEED + 500, 60, 30));

test('slidingSync: an unknown pos is refused, the last one may be repeated', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom();
  const client = new SlidingClient(alice, { dialect: 'deployed', lazy: false }, 5);
  await client.sync();
  const event = await alice.send(room, 'told again where the answer was lost');
  const { pos } = client;
  const first = await client.sync();
  client.pos = pos;
  const again = await client.sync();
  const ids = (answer: typeof first): unknown[] => answer.list('rooms', room, 'timeline').map((one) => one['event_id']);
  assert.deepEqual([ids(first), ids(again)], [[event], [event]]);
  const path = '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync?pos=nonsense';
  await alice.fails('400 M_UNKNOWN_POS', 'POST', path, { conn_id: 'main' });
});
