/** What clients see at the end: the same by syncing all along as by starting anew, and everybody's devices. */
import assert from 'node:assert/strict';
import type { ServerName } from '../../../src/matrix/ids.ts';
import { dig } from '../../harness/answer.ts';
import { isRecord } from '../../harness/schema.ts';
import type { Life } from '../life/life.ts';
import { SyncClient } from '../life/sync-client.ts';
import { at, type Dict, type SimulatedUser } from '../world/user.ts';
import type { RoomView } from './room-view.ts';

/** One user of each server. */
function someOf({ world }: Life): SimulatedUser[] {
  return world.servers.flatMap((server) => world.users.find((user) => user.server === server) ?? []);
}

/** A client that followed knows what one knows that starts now. */
export async function checkSyncs(life: Life): Promise<void> {
  for (const user of someOf(life)) {
    const followed = life.clientOf(user);
    const fresh = new SyncClient(user);
    await life.world.until(fresh.sync());
    assert.deepEqual([...followed.rooms.keys()].sort(), [...fresh.rooms.keys()].sort(), `rooms of ${user.id}`);
    for (const [room, state] of fresh.rooms) {
      // What a merge takes out of the state cannot be told.
      const told = new Map([...(followed.rooms.get(room) ?? [])].filter(([key]) => state.has(key)));
      assert.deepEqual(sorted(told), sorted(state), `P7: the state of ${room} that ${user.id} has synced`);
    }
  }
}

function sorted(map: ReadonlyMap<string, string>): string[] {
  return [...map].map((entry) => entry.join(' ')).sort();
}

/** The keys of some users' devices, as this user is told them; `device id` → keys. */
async function keysOf(life: Life, asker: SimulatedUser, users: readonly string[]): Promise<Map<string, Dict>> {
  const body = { device_keys: Object.fromEntries(users.map((user) => [user, []])) };
  const reply = await life.world.ok(asker.call('POST', at`/keys/query`, body));
  const told = new Map<string, Dict>();
  for (const user of users) {
    const devices = dig(reply.body, 'device_keys', user);
    if (!isRecord(devices)) continue;
    for (const [device, keys] of Object.entries(devices)) told.set(`${user} ${device}`, dig(keys, 'keys') as Dict);
  }
  return told;
}

/** P6: every server that shares the room with a user has the keys that the user's server has. */
export async function checkDevices(life: Life, views: readonly RoomView[]): Promise<void> {
  const { world } = life;
  const truth = new Map<string, Dict>();
  for (const user of world.users)
    for (const [device, keys] of await keysOf(life, user, [user.id])) truth.set(device, keys);
  for (const view of views.filter((one) => one.isInRoom)) {
    const asker = world.users.find((one) => view.room.localJoined.has(one.id as never));
    if (asker === undefined) continue;
    const seen: string[] = [];
    for (const { server, id } of world.users) {
      const home = views.find((one) => one.server === server);
      const isShared =
        home?.room.localJoined.has(id as never) === true && home.room.servers.has(view.name as ServerName);
      if (home !== view && isShared && view.room.servers.has(server.name)) seen.push(id);
    }
    const joined = new Set<string>();
    for (const event of (await view.currentState()).values()) {
      if (event.pdu.content['membership'] === 'join') joined.add(event.pdu.stateKey ?? '');
    }
    const shared = seen.filter((id) => joined.has(id));
    const told = await keysOf(life, asker, shared);
    const expected = [...truth].filter(([device]) => shared.includes(device.split(' ', 1)[0] ?? ''));
    assert.deepEqual(told, new Map(expected), `P6: ${view.name} has the keys of everybody's devices`);
  }
}
