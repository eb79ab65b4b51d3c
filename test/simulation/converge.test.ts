/** Servers that receive each other's events: the same events lead to the same state, whatever came first. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ROOM_VERSIONS } from '../../src/matrix/room-versions.ts';
import type { EventId } from '../../src/matrix/ids.ts';
import type { User } from '../harness/index.ts';
import { v3 } from '../harness/index.ts';
import { Federation } from './federation.ts';
import { Node } from './node.ts';

let federation: Federation;

before(async () => {
  federation = await Federation.of(await Node.startAll(['one.test', 'two.test', 'three.test']));
});

after(() => federation.finish());

async function messagesOf(user: User, room: string): Promise<string> {
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/messages?dir=b&limit=100`;
  return JSON.stringify((await user.ok('GET', path)).body);
}

describe('three servers', () => {
  for (const version of ROOM_VERSIONS.keys()) {
    test(`room version ${version}: messages and state at forks`, async () => {
      const room = await federation.sharedRoom(version);
      const [alice, bob, carol] = [0, 1, 2].map((index) => federation.user(index)) as [User, User, User];
      const levels = { [bob.id]: 50, [carol.id]: 50, ...(version !== '12' && { [alice.id]: 100 }) };
      await alice.setState(room, 'm.room.power_levels', { users: levels });
      await federation.exchange(room);
      await federation.assertAgreement(room);
      // Nobody hears the others: three forks.
      await alice.setState(room, 'm.room.topic', { topic: 'by alice' });
      await bob.setState(room, 'm.room.topic', { topic: 'by bob' });
      await bob.send(room, 'one');
      await carol.setState(room, 'm.room.name', { name: 'by carol' });
      await carol.send(room, 'two');
      await federation.exchange(room);
      await federation.assertAgreement(room);
      await alice.send(room, 'three');
      await federation.exchange(room);
      await federation.assertAgreement(room);
      const topics = new Set<string>();
      for (const user of federation.users) {
        topics.add((await user.ok('GET', v3`/rooms/${room}/state/m.room.topic/`)).text('topic'));
        const seen = await messagesOf(user, room);
        for (const text of ['one', 'two', 'three']) assert.ok(seen.includes(`"body":"${text}"`), text);
      }
      assert.equal(topics.size, 1);
    });
  }

  test('a ban wins over what the banned one does meanwhile: soft-failed, shown to nobody (adv-033)', async () => {
    const room = await federation.sharedRoom('12');
    const [alice, bob] = [federation.user(0), federation.user(1)];
    await alice.ok('POST', v3`/rooms/${room}/ban`, { user_id: bob.id });
    const late = await bob.send(room, 'too late');
    await federation.exchange(room);
    await federation.assertAgreement(room);
    const event = await federation.node(0).services.rooms.events.find(late as EventId);
    assert.equal(event?.status, 'soft-failed');
    assert.ok(!(await messagesOf(alice, room)).includes('too late'));
    // It is no forward extremity, so nothing that is sent now follows it.
    const next = await alice.send(room, 'in time');
    const sent = await federation.node(0).services.rooms.events.find(next as EventId);
    assert.ok(sent?.pdu.prevEvents.includes(late as EventId) === false);
  });

  test('a redaction is applied whether it comes before or after its target', async () => {
    const room = await federation.sharedRoom('11');
    const [alice, bob] = [federation.user(0), federation.user(1)];
    const regretted = await bob.send(room, 'regretted');
    const redaction = await bob.ok('PUT', v3`/rooms/${room}/redact/${regretted}/r1`, {});
    const texts = await federation.node(1).textsOf([redaction.text('event_id')]);
    await federation.node(0).receive(room, texts, federation.node(1));
    await federation.exchange(room);
    await federation.assertAgreement(room);
    assert.ok(!(await messagesOf(alice, room)).includes('"body":"regretted"'));
  });

  test('many loose ends are tied together, and everybody agrees', async () => {
    const room = await federation.sharedRoom('11');
    const [alice, bob] = [federation.user(0), federation.user(1)];
    // One server alone sends what follows the same event many times: each leaves an end of its own.
    const texts = await federation.node(1).forks(room, bob.id, 30);
    await federation.node(0).receive(room, texts, federation.node(1));
    assert.ok((await federation.node(0).extremities(room)).length <= 10);
    await alice.send(room, 'after the flood');
    await federation.exchange(room);
    await federation.assertAgreement(room);
  });
});
