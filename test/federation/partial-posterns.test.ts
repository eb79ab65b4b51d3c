/** A large room of one of our servers that users of another one join. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type User, v3 } from '../harness/index.ts';
import { useServers } from '../harness/network.ts';
import { untilSeen } from './until.ts';

const [alpha, beta] = useServers(['alpha.test', 'beta.test']);
const MANY = 40;

async function membersOf(user: User, room: string): Promise<Set<string>> {
  const members = await user.ok('GET', v3`/rooms/${room}/joined_members`);
  return new Set(Object.keys(members.get('joined') as object));
}

for (const version of ['10', '11', '12']) {
  test(`the room is the same on both, in version ${version}`, async () => {
    const alice = await alpha.register('alice');
    const room = await alice.createRoom({ preset: 'public_chat', name: 'large', room_version: version });
    const others: User[] = [];
    for (let index = 0; index < MANY; index += 1) {
      const other = await alpha.register('other');
      await other.join(room);
      others.push(other);
    }
    const [bob, carol] = await beta.users('bob', 'carol');
    const path = `${v3`/join/${room}`}?via=alpha.test`;
    const number = await beta.running.services.rooms.findNumber(room as never);
    assert.equal(number, undefined);
    // Both at once: one of them brings the room in, the other one joins it.
    await Promise.all([bob.ok('POST', path, {}), carol.ok('POST', path, {})]);
    const said = await bob.send(room, 'hello');
    await untilSeen(alice, room, said);
    const answer = await others[7]?.send(room, 'welcome');
    assert.ok(answer !== undefined);
    const members = await membersOf(bob, room);
    assert.equal(members.size, MANY + 3);
    assert.deepEqual(members, await membersOf(alice, room));
    await untilSeen(carol, room, answer);
    await others[3]?.leave(room);
    const last = await carol.send(room, 'bye');
    await untilSeen(alice, room, last);
    await beta.restart();
    const state = async (user: User): Promise<Set<string>> => {
      const events = (await user.ok('GET', v3`/rooms/${room}/state`)).body as { event_id: string }[];
      return new Set(events.map((event) => event.event_id));
    };
    assert.deepEqual(await state(bob), await state(alice));
  });
}
