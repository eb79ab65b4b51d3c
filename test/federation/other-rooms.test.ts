/** What events say of events in other rooms, and what looks like state and is none: it counts for nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../src/matrix/json.ts';
import { url, v3 } from '../harness/index.ts';
import { Stage } from './stage.ts';

const stage = new Stage();

test('relations: an event of another room is not changed, shown or told of by them (adv-133)', async () => {
  const { alice, room, user } = await stage.scene();
  const secretRoom = await alice.createRoom({ preset: 'private_chat' });
  const secret = await alice.send(secretRoom, 'between us');
  const newContent = { msgtype: 'm.text', body: 'replaced' };
  const kinds = {
    'm.replace': { 'm.new_content': newContent },
    'm.annotation': { key: '👍' },
    'm.reference': {},
    'm.thread': { 'm.in_reply_to': { event_id: secret } },
    'm.in_reply_to': {},
  };
  const relations = Object.entries(kinds).map(([kind, more]) => {
    const { 'm.new_content': replaced, ...fields } = more as JsonObject;
    const relation =
      kind === 'm.in_reply_to'
        ? { 'm.in_reply_to': { event_id: secret } }
        : { rel_type: kind, event_id: secret, ...fields };
    return room.build({
      type: kind === 'm.annotation' ? 'm.reaction' : 'm.room.message',
      sender: user,
      content: {
        msgtype: 'm.text',
        body: 'about it',
        'm.relates_to': relation,
        ...(replaced !== undefined && { 'm.new_content': replaced }),
      },
    });
  });
  await stage.push(...relations);
  await stage.push(room.build({ type: 'm.room.redaction', sender: user, redacts: secret }));
  const event = await alice.ok('GET', v3`/rooms/${secretRoom}/event/${secret}`);
  assert.equal((event.get('content') as { body: string }).body, 'between us');
  assert.equal((event.get('unsigned') as JsonObject | undefined)?.['m.relations'], undefined);
  const told = await alice.ok('GET', url`/_matrix/client/v1/rooms/${secretRoom}/relations/${secret}`);
  assert.deepEqual(told.list('chunk'), []);
  // Nor by way of the room in which they stand.
  for (const place of [
    url`/_matrix/client/v1/rooms/${room.roomId}/relations/${secret}`,
    v3`/rooms/${room.roomId}/event/${secret}`,
  ]) {
    await alice.fails('404 M_NOT_FOUND', 'GET', place);
  }
  await stage.assertStillSound(alice, room);
});

test('types of state without a state key are messages, and change nothing (adv-133)', async () => {
  const { alice, room, user } = await stage.scene();
  const state = async (): Promise<unknown[]> => {
    const { body } = await alice.ok('GET', v3`/rooms/${room.roomId}/state`);
    return (body as JsonObject[]).map(({ event_id, content }) => [event_id, content]);
  };
  const before = await state();
  const contents: Record<string, JsonObject> = {
    'm.room.tombstone': { body: 'gone', replacement_room: '!elsewhere:evil.hosts.test' },
    'm.room.create': { room_version: '1', creator: user },
    'm.room.member': { membership: 'ban' },
    'm.room.power_levels': { users: { [user]: 100 }, users_default: 100 },
    'm.room.join_rules': { join_rule: 'public' },
    'm.room.server_acl': { allow: [], deny: ['*'] },
    'm.room.history_visibility': { history_visibility: 'world_readable' },
  };
  for (const [type, content] of Object.entries(contents)) {
    await stage.push(room.build({ type, sender: user, content }));
    assert.deepEqual(await state(), before, type);
  }
  await stage.assertStillSound(alice, room);
});
