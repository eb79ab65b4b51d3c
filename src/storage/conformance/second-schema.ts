import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import type { EventId, RoomId, ServerName, UserId } from '../../matrix/ids.ts';
import type { Store } from '../../ports/store/index.ts';
import { type DialectName, spell } from '../dialect.ts';
import { MIGRATIONS_TABLE, planMigrations, RECORD_MIGRATION } from '../schema/migrations.ts';

const HASH = Buffer.alloc(32, 7);
const EVENT_ID = `$${HASH.toString('base64url')}` as EventId;
const USER = '@alice:old.example' as UserId;

const ROWS = [
  'UPDATE stream SET position = 40, event = 9, room = 3, line = 4',
  `INSERT INTO rooms (number, room_id, version, main_line, main_head, joined_count, invited_count, last_position,
    last_depth, published) VALUES (3, '!old:old.example', '11', 4, 40, 1, 0, 40, 6, 0)`,
  `INSERT INTO events (number, event_id, room, position, depth, origin_server_ts, content_start, content_end, status)
    VALUES (9, ?, 3, 40, 6, 1, 11, 13, 0)`,
  `INSERT INTO event_json (number, json) VALUES (9, '{"content":{},"type":"m.test"}')`,
  `INSERT INTO device_list_changes (position, user_id) VALUES (20, '${USER}'), (30, '${USER}')`,
  `INSERT INTO media (media_id, owner, created_at, blob, size_bytes, quarantined)
    VALUES ('one', '${USER}', 1, 'abcd', 4, 0)`,
];

export interface Statement {
  readonly text: string;
  readonly params: (string | number | Uint8Array)[];
}

/** The statements that make a database as it was after migration 2, with rows in it. */
export function secondSchema(dialect: DialectName): Statement[] {
  const statements: Statement[] = [{ text: MIGRATIONS_TABLE, params: [] }];
  for (const { number, name, statements: steps } of planMigrations([])) {
    if (number > 2) break;
    for (const text of steps) statements.push({ text, params: [] });
    statements.push({ text: RECORD_MIGRATION, params: [number, name] });
  }
  for (const text of ROWS) statements.push({ text, params: text.includes('?') ? [HASH] : [] });
  return statements.map(({ text, params }) => ({ text: spell(text, dialect), params }));
}

/** Asserts that what {@link secondSchema} made is there, and that what came later works on it. */
export async function checkSecondSchema(store: Store): Promise<void> {
  assert.equal(store.position, 40);
  const room = await store.rooms.findRoom('!old:old.example' as RoomId);
  assert.ok(room !== undefined);
  const [event] = await store.events.getEvents([EVENT_ID]);
  assert.equal(event?.json, '{"content":{},"type":"m.test"}');
  assert.equal(await store.federation.findDeviceListPosition(USER), 30);
  assert.equal(await store.media.countBlobUses('abcd'), 1);
  assert.deepEqual(await store.federation.listDestinations(), []);
  const server = 'new.example' as ServerName;
  await store.transact((one) => {
    one.federation.addRoomServer(room.number, server);
  });
  const position = await store.transact((one) => {
    one.federation.putOutboundEvent(room.number, event.number);
    return one.position;
  });
  assert.deepEqual(await store.federation.listOutboundRooms(server, 0, 9), [
    { position, room: room.number, event: event.number },
  ]);
}
