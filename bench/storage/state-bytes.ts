/**
 * The storage part of B9: bytes that a change of membership takes in the state tables and their indexes, for rooms of
 * 100 to 10,000 members and for 200 interleaved rooms. `node bench/storage/state-bytes.ts`; one JSON object a line.
 */
import { DatabaseSync } from 'node:sqlite';
import type { UserId } from '../../src/matrix/ids.ts';
import type { Store } from '../../src/ports/store/index.ts';
import { BenchRoom, openBenchStore } from './fixture.ts';

interface Shape {
  readonly rooms: number;
  readonly members: number;
  /** Changes in each room. */
  readonly changes: number;
}

const SHAPES: readonly Shape[] = [
  { rooms: 1, members: 100, changes: 5000 },
  { rooms: 1, members: 1000, changes: 5000 },
  { rooms: 1, members: 10_000, changes: 10_000 },
  { rooms: 200, members: 100, changes: 100 },
];
const CHANGES_A_TRANSACTION = 50;
const STATE_TABLES = ['state_keys', 'state_lines', 'state_log', 'current_state'];
const BYTES = `SELECT sum(d.pgsize) AS bytes FROM dbstat d JOIN sqlite_schema s ON s.name = d.name
  WHERE s.tbl_name = ?`;

/** A fixed sequence of pseudo-random numbers: every run writes the same. */
function sequence(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state % below;
  };
}

async function change(store: Store, room: BenchRoom, users: readonly UserId[]): Promise<void> {
  for (let at = 0; at < users.length; at += CHANGES_A_TRANSACTION) {
    await store.transact((one) => {
      for (const user of users.slice(at, at + CHANGES_A_TRANSACTION))
        room.changeMember(one, user, store.allocateEvent());
    });
  }
}

async function measure(shape: Shape): Promise<void> {
  const { store, file, remove } = await openBenchStore();
  const rooms = Array.from({ length: shape.rooms }, (_, index) => new BenchRoom(store, `room${index}`));
  const users = Array.from({ length: shape.members }, (_, index) => `@member${index}:bench.example` as UserId);
  for (const room of rooms) {
    await store.transact((one) => {
      room.create(one);
    });
    await change(store, room, users);
  }
  const database = new DatabaseSync(file, { readOnly: true });
  const bytesOf = (table: string): number => Number(database.prepare(BYTES).get(table)?.['bytes'] ?? 0);
  const before = STATE_TABLES.map(bytesOf);
  const draw = sequence(shape.members);
  const start = performance.now();
  // Round by round, so that the rooms interleave.
  const changesARound = Math.min(shape.changes, shape.rooms === 1 ? shape.changes : 10);
  for (let done = 0; done < shape.changes; done += changesARound) {
    for (const room of rooms) {
      const drawn = Array.from({ length: changesARound }, () => users[draw(users.length)] ?? users[0]);
      await change(store, room, drawn as UserId[]);
    }
  }
  const seconds = (performance.now() - start) / 1000;
  const total = shape.rooms * shape.changes;
  const tables = STATE_TABLES.map((table, index) => [table, (bytesOf(table) - (before[index] ?? 0)) / total] as const);
  const bytesPerChange = tables.reduce((sum, [, bytes]) => sum + bytes, 0);
  const report = {
    scenario: 'B9-storage',
    ...shape,
    bytesPerChange: round(bytesPerChange),
    tables: Object.fromEntries(tables.map(([table, bytes]) => [table, round(bytes)])),
    changesPerSecond: Math.round(total / seconds),
    verdict: bytesPerChange < 150 ? 'within' : 'over',
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
  database.close();
  await store.close();
  remove();
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

for (const shape of SHAPES) await measure(shape);
