/** Servers that receive each other's events: the same events lead to the same state, whatever came first. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { EventId } from '../../src/matrix/ids.ts';
import type { User } from '../harness/index.ts';
import { v3 } from '../harness/index.ts';
import { Node } from './node.ts';

let nodes: Node[] = [];
const users: User[] = [];

before(async () => {
  nodes = await Node.startAll(['one.test', 'two.test', 'three.test']);
  for (const node of nodes) users.push(await node.register('user'));
});

after(async () => {
  const ends = await Promise.allSettled(nodes.map((node) => node.finish()));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
});

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  assert.ok(item !== undefined);
  return item;
}

/** A room of all servers, made on the first. */
async function sharedRoom(version: string): Promise<string> {
  const room = await at(users, 0).createRoom({ preset: 'public_chat', room_version: version });
  for (const index of [1, 2]) {
    const joinId = await at(nodes, index).join(room, at(users, index).id, at(nodes, 0));
    const text = await at(nodes, 0).textsOf([joinId]);
    for (const other of nodes.slice(1, index)) await other.receive(room, text, at(nodes, 0));
  }
  return room;
}

/** Everything that a server has is brought to another, in the order in which the walk finds it. */
async function bring(room: string, from: Node, to: Node): Promise<void> {
  const [have, want] = [await to.placed(room), await from.placed(room)];
  const ids = [...want.keys()].filter((id) => !have.has(id));
  await to.receive(room, await from.textsOf(ids), from);
}

async function exchange(room: string): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    for (const from of nodes) for (const to of nodes) if (from !== to) await bring(room, from, to);
  }
}

/** P1 and P2 of SECURITY §7.3. */
async function assertAgreement(room: string): Promise<void> {
  const states = new Map<EventId, string>();
  for (const node of nodes) {
    for (const [id, event] of await node.placed(room)) {
      if (event.stateBefore === undefined || event.status === 'outlier') continue;
      const text = await node.stateAfter(event);
      assert.equal(text, states.get(id) ?? text, `the state after ${id} is the same on every server`);
      states.set(id, text);
    }
  }
  const ends = new Map<string, string>();
  for (const node of nodes) {
    const key = (await node.extremities(room)).join();
    const text = await node.currentState(room);
    assert.equal(text, ends.get(key) ?? text, 'the same extremities mean the same state');
    ends.set(key, text);
  }
}

describe('three servers', () => {
  for (const version of ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12']) {
    test(`room version ${version}: messages and state at forks`, async () => {
      const room = await sharedRoom(version);
      const [alice, bob, carol] = users as [User, User, User];
      const levels = { users: { [bob.id]: 50, [carol.id]: 50, ...(version === '12' ? {} : { [alice.id]: 100 }) } };
      await alice.setState(room, 'm.room.power_levels', levels);
      await exchange(room);
      await assertAgreement(room);
      // Nobody hears the others: three forks.
      await alice.setState(room, 'm.room.topic', { topic: 'by alice' });
      await bob.setState(room, 'm.room.topic', { topic: 'by bob' });
      await bob.send(room, 'one');
      await carol.setState(room, 'm.room.name', { name: 'by carol' });
      await carol.send(room, 'two');
      await exchange(room);
      await assertAgreement(room);
      await alice.send(room, 'three');
      await exchange(room);
      await assertAgreement(room);
      const topics = await Promise.all(users.map((user) => user.ok('GET', v3`/rooms/${room}/state/m.room.topic/`)));
      assert.equal(new Set(topics.map((one) => one.text('topic'))).size, 1);
      for (const user of users) {
        const page = await user.ok('GET', `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/messages?dir=b&limit=50`);
        const bodies = JSON.stringify(page.body);
        for (const text of ['one', 'two', 'three']) assert.ok(bodies.includes(`"body":"${text}"`), text);
      }
    });
  }

  test('a ban wins over what the banned one does meanwhile', async () => {
    const room = await sharedRoom('12');
    const [alice, bob] = users as [User, User];
    await alice.ok('POST', v3`/rooms/${room}/ban`, { user_id: bob.id });
    const late = await bob.send(room, 'too late');
    await exchange(room);
    await assertAgreement(room);
    const event = await at(nodes, 0).services.rooms.events.find(late as EventId);
    assert.equal(event?.status, 'soft-failed');
    const seen = await alice.ok('GET', `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/messages?dir=b&limit=50`);
    assert.ok(!JSON.stringify(seen.body).includes('too late'));
  });
});
