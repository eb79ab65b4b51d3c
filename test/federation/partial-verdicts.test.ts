/** What is decided while only a part of a room's state is known, and what becomes of it once the whole is. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '../../src/matrix/json.ts';
import { type User, v3 } from '../harness/index.ts';
import type { RemoteRoom } from '../harness/remote/room.ts';
import { claim, holdState, joinedMembers, joinLarge, largeRoom, LAZY, MEMBERS } from './partial-scene.ts';
import { useScripted } from './scripted.ts';

const HERE = 'alpha.test';
const scene = useScripted();

async function bodiesOf(user: User, room: RemoteRoom): Promise<string[]> {
  const page = await user.ok('GET', `${v3`/rooms/${room.roomId}/messages`}?dir=b&limit=100`);
  const chunk = page.get('chunk') as { content: { body?: string } }[];
  return chunk.flatMap(({ content }) => content.body ?? []);
}

async function topicOf(user: User, room: RemoteRoom): Promise<unknown> {
  const answer = await user.call('GET', v3`/rooms/${room.roomId}/state/m.room.topic/`);
  return answer.status === 200 ? answer.get('topic') : undefined;
}

describe('a room of which the members are not known yet', () => {
  for (const version of ['10', '11']) {
    test(`loses nothing to somebody who may not be in it, in version ${version}`, async () => {
      const { remote, server } = scene;
      const [mallory, warden] = [remote.user('mallory'), remote.user('warden')];
      let banned: ReturnType<RemoteRoom['join']> | undefined;
      const room = largeRoom(remote, version, (made, creator) => {
        banned = made.join(mallory);
        made.join(warden);
        made.powerLevels(creator, { users: { [creator]: 100, [mallory]: 50, [warden]: 50 } });
        made.ban(creator, mallory);
      });
      assert.ok(banned !== undefined);
      const release = holdState(remote, room);
      const alice = await server.register('alice');
      await joinLarge(scene, alice, room);
      const kept = await alice.send(room.roomId, 'to be kept');
      await remote.untilEvent(room, kept);
      const rude = room.message(remote.user('member4'), 'to be taken away');
      await remote.deliver(room, rude);
      await remote.send(HERE, { pdus: [claim(room, banned, { redacts: kept })] });
      await remote.deliver(room, room.redact(warden, rude.eventId));
      // What is redacted is gone for good: that waits until it is known who may.
      assert.deepEqual(await bodiesOf(alice, room), ['to be taken away', 'to be kept']);
      release();
      await joinedMembers(alice, room);
      assert.deepEqual(await bodiesOf(alice, room), ['to be kept']);
      await server.restart();
      assert.deepEqual(await bodiesOf(alice, room), ['to be kept']);
      const late = room.message(remote.user('member5'), 'gone at once');
      await remote.deliver(room, late);
      await remote.deliver(room, room.redact(warden, late.eventId));
      assert.deepEqual(await bodiesOf(alice, room), ['to be kept']);
    });
  }

  test('lets in what it refused for what a server had told wrongly', async () => {
    const { remote, server } = scene;
    const moderator = remote.user('member1');
    const room = largeRoom(remote, '11');
    const older = room.current('m.room.power_levels');
    room.powerLevels(remote.user('creator'), { users: { [remote.user('creator')]: 100, [moderator]: 50 } });
    const release = holdState(remote, room);
    const alice = await server.register('alice');
    const done = remote.on('sendJoinV2', async (_, next) => {
      const reply = await next();
      const body = reply.body as JsonObject & { state: JsonObject[]; auth_chain: JsonObject[] };
      const [newer, state] = [true, false].map((isLevels) =>
        body.state.filter((event) => (event['type'] === 'm.room.power_levels') === isLevels),
      );
      assert.ok(newer !== undefined && state !== undefined && older !== undefined);
      const changed = { state: [...state, older.json], auth_chain: [...body.auth_chain, ...newer] };
      return { ...reply, body: { ...body, ...changed } };
    });
    await joinLarge(scene, alice, room);
    done();
    const since = (await alice.sync({ filter: LAZY })).text('next_batch');
    const topic = room.setState(moderator, 'm.room.topic', { topic: 'by the moderator' });
    await remote.send(HERE, { pdus: [topic] });
    await remote.deliver(room, room.message(moderator, 'see the topic'));
    assert.equal(await topicOf(alice, room), undefined);
    const middle = await alice.sync({ filter: LAZY, since });
    assert.ok(!JSON.stringify(middle.body).includes(topic.eventId));
    release();
    await joinedMembers(alice, room);
    assert.equal(await topicOf(alice, room), 'by the moderator');
    const told = await alice.sync({ filter: LAZY, since: middle.text('next_batch') });
    assert.ok(JSON.stringify(told.body).includes(topic.eventId), 'clients are told of what was let in');
    assert.deepEqual(await bodiesOf(alice, room), ['see the topic']);
    await remote.untilEvent(room, await alice.send(room.roomId, 'I have seen it'));
    await server.restart();
    assert.equal(await topicOf(alice, room), 'by the moderator');
    const theirs = room.stateEvents().filter(({ type }) => type !== 'm.room.member');
    const ours = (await alice.ok('GET', v3`/rooms/${room.roomId}/state`)).body as { event_id: string; type: string }[];
    assert.deepEqual(
      new Set(ours.filter(({ type }) => type !== 'm.room.member').map((event) => event.event_id)),
      new Set(theirs.map(({ eventId }) => eventId)),
    );
  });

  test('takes users in who are invited meanwhile, and lets them go', async () => {
    const { remote, server } = scene;
    const room = largeRoom(remote, '12');
    const release = holdState(remote, room);
    const [alice, bob, carol] = await server.users('alice', 'bob', 'carol');
    await joinLarge(scene, alice, room);
    await remote.untilEvent(room, await alice.send(room.roomId, 'hi'));
    const creator = remote.user('creator');
    for (const { id } of [bob, carol]) {
      const invite = await remote.invite({ room, sender: creator, user: id });
      await remote.deliver(room, invite);
    }
    await bob.join(room.roomId);
    await carol.leave(room.roomId);
    await remote.untilEvent(room, await bob.send(room.roomId, 'I was invited'));
    release();
    const members = await joinedMembers(alice, room);
    assert.equal(members.length, MEMBERS + 3);
    assert.ok(members.includes(bob.id) && !members.includes(carol.id));
    assert.deepEqual(await bodiesOf(bob, room), ['I was invited', 'hi']);
    const place = await alice.ok('GET', v3`/rooms/${room.roomId}/state/m.room.member/${carol.id}`);
    assert.equal(place.text('membership'), 'leave');
  });
});
