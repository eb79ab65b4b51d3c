import assert from 'node:assert/strict';
import { test } from 'node:test';
import { present } from '../../lib/assert.ts';
import type { EventId, RoomId } from '../../matrix/ids.ts';
import { findRoomVersion } from '../../matrix/room-versions.ts';
import type { StoredEvent } from '../../ports/store/index.ts';
import { loadRoomEvent } from './room-event.ts';

/** What clients see of an event of this version. */
function shown(version: string, event: { type: string; redacts?: string; content: object }): Record<string, unknown> {
  const { type, redacts } = event;
  const content = JSON.stringify(event.content);
  const rest = { sender: '@a:b', type, ...(redacts !== undefined && { redacts }), origin_server_ts: 1, depth: 1 };
  const json = `{"content":${content},${JSON.stringify(rest).slice(1, -1)},"auth_events":[],"prev_events":[]}`;
  const stored = {
    number: 1,
    room: 1,
    position: 1,
    json,
    contentStart: 11,
    contentEnd: 11 + content.length,
    status: 'accepted',
    stateBefore: undefined,
    redactedBy: undefined,
  } as unknown as StoredEvent;
  const rules = present(findRoomVersion(version), 'a version');
  const loaded = loadRoomEvent({ ...stored, eventId: '$e' as EventId }, { roomId: '!r:b' as RoomId, rules });
  return JSON.parse(`{${loaded.clientText}}`) as Record<string, unknown>;
}

const REDACTION = 'm.room.redaction';

test('a redaction names its target in both places, whatever the version', () => {
  const old = shown('10', { type: REDACTION, redacts: '$own', content: { reason: 'typo' } });
  assert.deepEqual([old['redacts'], old['content']], ['$own', { reason: 'typo', redacts: '$own' }]);
  const young = shown('11', { type: REDACTION, content: { redacts: '$own' } });
  assert.deepEqual([young['redacts'], young['content']], ['$own', { redacts: '$own' }]);
});

test('what the version gives no meaning to does not point at the event of somebody else', () => {
  const old = shown('10', { type: REDACTION, redacts: '$own', content: { redacts: '$others' } });
  assert.deepEqual([old['redacts'], old['content']], ['$own', { redacts: '$own' }]);
  const none = shown('10', { type: REDACTION, content: { redacts: '$others' } });
  assert.deepEqual([none['redacts'], none['content']], [undefined, {}]);
  const young = shown('11', { type: REDACTION, redacts: '$others', content: { redacts: '$own' } });
  assert.deepEqual([young['redacts'], young['content']], ['$own', { redacts: '$own' }]);
});

test('the content of other events stays as it is', () => {
  const message = shown('11', { type: 'm.room.message', content: { redacts: '$others', body: 'x' } });
  assert.deepEqual([message['redacts'], message['content']], [undefined, { redacts: '$others', body: 'x' }]);
});
