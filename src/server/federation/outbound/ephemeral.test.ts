import assert from 'node:assert/strict';
import { test } from 'node:test';
import { World } from '../../../../test/harness/outbound/world.ts';
import { present } from '../../../lib/assert.ts';
import { canonicalJson } from '../../../matrix/canonical-json.ts';
import { parseUserId, type UserId } from '../../../matrix/ids.ts';
import type { JsonObject } from '../../../matrix/json.ts';
import { EphemeralNews } from './ephemeral.ts';

const ROOM = 1;
const ROOM_ID = '!one:own.example';

function user(text: string): UserId {
  return present(parseUserId(text), 'a user id');
}

const OURS = user('@us:own.example');
const THEIRS = user('@them:other.example');

async function set(tells = { typing: true, presence: true }) {
  const world = new World();
  const peer = world.peer('other.example');
  await world.join(ROOM, peer);
  world.disk.roomIds.set(ROOM, ROOM_ID);
  world.disk.memberships.set(OURS, [ROOM, 2]);
  await world.start();
  const typing: UserId[] = [];
  new EphemeralNews(world.context, {
    outbound: world.outbound,
    typing: { changesAfter: () => [...typing] },
    presence: { contentOf: () => ({ presence: 'online', currently_active: true }) },
    tells,
  });
  const publish = async (change: Parameters<typeof world.stream.publish>[0]): Promise<void> => {
    world.stream.publish(change);
    await world.pass(100);
  };
  const room = world.disk.roomNumber(ROOM);
  const expectEdus = (...edus: JsonObject[]): void =>
    assert.deepEqual(
      peer.edus,
      edus.map((edu) => canonicalJson(edu)),
    );
  return { world, typing, publish, room, expectEdus, peer };
}

test('typing of our users begins and ends; that of others is not ours to tell', async () => {
  const { typing, publish, room, expectEdus } = await set();
  const told = (isTyping: boolean) => ({
    edu_type: 'm.typing',
    content: { room_id: ROOM_ID, user_id: OURS, typing: isTyping },
  });
  typing.push(THEIRS, OURS);
  await publish({ kind: 'typing', room });
  await publish({ kind: 'typing', room });
  expectEdus(told(true));
  typing.length = 0;
  await publish({ kind: 'typing', room });
  expectEdus(told(true), told(false));
});

test('public receipts of our users, with their thread', async () => {
  const { world, publish, room, expectEdus } = await set();
  const receipt = { user: OURS, room, event: '$e', sentAt: 7, type: 'm.read' };
  world.disk.receipts.push({ ...receipt, thread: undefined }, { ...receipt, thread: 'main', event: '$t' });
  const change = { kind: 'receipt', position: world.disk.position, room, thread: undefined } as const;
  await publish({ ...change, user: OURS, hidden: true });
  await publish({ ...change, user: THEIRS, hidden: false });
  expectEdus();
  await publish({ ...change, user: OURS, hidden: false });
  await publish({ ...change, user: OURS, hidden: false, thread: 'main' });
  const content = (event: string, data: JsonObject) => ({
    [ROOM_ID]: { 'm.read': { [OURS]: { event_ids: [event], data } } },
  });
  expectEdus(
    { edu_type: 'm.receipt', content: content('$e', { ts: 7 }) },
    { edu_type: 'm.receipt', content: content('$t', { ts: 7, thread_id: 'main' }) },
  );
});

test('presence goes once to each server that shares a room', async () => {
  const { world, publish, expectEdus, peer } = await set();
  await world.join(2, peer);
  await publish({ kind: 'presence', user: OURS });
  await publish({ kind: 'presence', user: THEIRS });
  const push = [{ user_id: OURS, presence: 'online', currently_active: true, last_active_ago: 0 }];
  expectEdus({ edu_type: 'm.presence', content: { push } });
});

test('what the owner does not want to be told is not', async () => {
  const { publish, room, expectEdus, typing } = await set({ typing: false, presence: false });
  typing.push(OURS);
  await publish({ kind: 'typing', room });
  await publish({ kind: 'presence', user: OURS });
  expectEdus();
});
