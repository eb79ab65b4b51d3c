/** A server that lies or breaks down while the rest of a room is fetched: another one is asked, and nothing is half. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject, JsonValue } from '../../src/matrix/json.ts';
import { type User, v3 } from '../harness/index.ts';
import type { Reply } from '../harness/remote/requests.ts';
import type { RemoteRoom } from '../harness/remote/room.ts';
import { joinedMembers, joinLarge, largeRoom, MEMBERS } from './partial-scene.ts';
import { useScripted } from './scripted.ts';

const scene = useScripted();

type Change = (body: JsonObject, room: RemoteRoom) => Partial<Reply>;

/** A large room in which the third server, which is honest, has a user. */
async function roomOfThree(version: string): Promise<RemoteRoom> {
  const { remote, bystander } = scene;
  const room = largeRoom(remote, version);
  const user = bystander.user(`witness${bystander.users.size}`);
  await bystander.joinRemote({ destination: remote.name, roomId: room.roomId, user, api: 2 });
  return room;
}

const listOf = (body: JsonObject, name: string): JsonValue[] => body[name] as JsonValue[];

/** Changes every answer of the scripted server to an operation, while `act` runs. */
async function lying<T>(
  operations: Partial<Record<'getRoomStateIds' | 'getRoomState' | 'getEvent' | 'sendJoinV2', Change>>,
  room: RemoteRoom,
  act: () => Promise<T>,
): Promise<T> {
  const done = Object.entries(operations).map(([operation, change]) =>
    scene.remote.on(operation as 'getRoomState', async (_, next) => {
      const reply = await next();
      return reply.status === 200 ? { ...reply, ...change(reply.body as JsonObject, room) } : reply;
    }),
  );
  try {
    return await act();
  } finally {
    for (const end of done) end();
  }
}

function withIds(...ids: readonly string[]): Change {
  return (body) => ({ body: { ...body, pdu_ids: [...listOf(body, 'pdu_ids'), ...ids] } });
}

const unsigned: Change = (body) => ({
  body: { ...body, pdus: listOf(body, 'pdus').map((event) => ({ ...(event as JsonObject), signatures: {} })) },
});

describe('the rest of a state', () => {
  const lies: readonly (readonly [string, Parameters<typeof lying>[0]])[] = [
    ['with an event that nobody has', { getRoomStateIds: withIds('$nobodyhasthisoneatallnobodyhasthisoneatall000') }],
    [
      'with two events of one type and key',
      {
        getRoomStateIds: (body, room) => {
          const creator = scene.remote.user('creator');
          const twins = ['one', 'two'].map((topic) => room.setState(creator, 'm.room.topic', { topic }).eventId);
          return withIds(...twins)(body, room);
        },
      },
    ],
    [
      'of another room',
      {
        getRoomStateIds: () => {
          const other = largeRoom(scene.remote, '11');
          const ids = [...other.state().values()];
          return { body: { pdu_ids: ids, auth_chain_ids: ids } };
        },
      },
    ],
    [
      'without a create event',
      {
        getRoomStateIds: (body, room) => ({
          body: {
            ...body,
            pdu_ids: listOf(body, 'pdu_ids').filter((id) => room.find(id as string)?.type !== 'm.room.create'),
          },
        }),
      },
    ],
    [
      'with an event that is no state',
      { getRoomStateIds: (body, room) => withIds(room.message(scene.remote.user('member1'), 'x').eventId)(body, room) },
    ],
    ['whose ids are none', { getRoomStateIds: (body) => ({ body: { ...body, pdu_ids: [7, null] } }) }],
    ['that is cut off', { getRoomState: () => ({ cutAfter: 20_000 }), getEvent: () => ({ cutAfter: 10 }) }],
    ['without signatures', { getRoomState: unsigned, getEvent: unsigned }],
    ['that is not told', { getRoomStateIds: () => ({ status: 403, body: { errcode: 'M_FORBIDDEN' } }) }],
    ['that is no JSON', { getRoomStateIds: () => ({ bytes: Buffer.from('{"pdu_ids":[') }) }],
  ];
  for (const [name, operations] of lies) {
    test(`${name} is not taken for whole; another server tells`, async () => {
      const { server, bystander } = scene;
      const room = await roomOfThree('11');
      const alice = await server.register('alice');
      const asked = bystander.requestsFor('getRoomStateIds').length;
      const before = server.logged.length;
      const members = await lying(operations, room, async () => {
        await joinLarge(scene, alice, room);
        await alice.send(room.roomId, 'meanwhile');
        return await joinedMembers(alice, room);
      });
      assert.equal(members.length, MEMBERS + 3);
      assert.ok(bystander.requestsFor('getRoomStateIds').length > asked, 'the honest server was asked');
      assert.ok(server.logged.slice(before).some((line) => line.includes('has not brought the rest')));
      await alice.send(room.roomId, 'afterwards');
      await assertWhole(alice, room);
    });
  }

  /** Every member of the state before our join is here, as itself. */
  async function assertWhole(user: User, room: RemoteRoom): Promise<void> {
    const chunk = (await user.ok('GET', v3`/rooms/${room.roomId}/members`)).list('chunk') as { event_id: string }[];
    const here = new Set(chunk.map((event) => event.event_id));
    for (const event of room.stateEvents()) {
      if (event.type === 'm.room.member') assert.ok(here.has(event.eventId), `${event.stateKey} is missing`);
    }
  }

  test('in which our user is banned is not the one that our join follows', async () => {
    const { server, remote } = scene;
    const room = await roomOfThree('12');
    const alice = await server.register('alice');
    const ban = room.build({
      type: 'm.room.member',
      sender: remote.user('creator'),
      stateKey: alice.id,
      content: { membership: 'ban' },
    });
    room.nodes.set(ban.eventId, {
      pdu: ban,
      verdict: { accept: true },
      softFailed: false,
      stateBefore: undefined,
      stateAfter: undefined,
    });
    const members = await lying({ getRoomStateIds: withIds(ban.eventId) }, room, async () => {
      await joinLarge(scene, alice, room);
      return await joinedMembers(alice, room);
    });
    assert.ok(members.includes(alice.id));
    assert.equal(members.length, MEMBERS + 3);
  });

  test('is asked of the same server again, where there is no other, and the room stays open meanwhile', async () => {
    const { server, remote } = scene;
    const room = largeRoom(remote, '11');
    const alice = await server.register('alice');
    await lying({ getRoomStateIds: () => ({ status: 502, body: {} }) }, room, async () => {
      await joinLarge(scene, alice, room);
      const asked = remote.requestsFor('getRoomStateIds').length;
      await remote.until(() => (remote.requestsFor('getRoomStateIds').length > asked ? true : undefined));
      await remote.untilEvent(room, await alice.send(room.roomId, 'still here'));
    });
    assert.equal((await joinedMembers(alice, room)).length, MEMBERS + 2);
  });

  test('shows which servers are in the room, whatever was told before', async () => {
    const { server, bystander } = scene;
    const room = await roomOfThree('11');
    const alice = await server.register('alice');
    const told: Change = (body) => ({ body: { ...body, servers_in_room: ['nowhere.hosts.test', 'alpha.test'] } });
    await lying({ sendJoinV2: told }, room, () => joinLarge(scene, alice, room));
    await joinedMembers(alice, room);
    const { store } = server.running.services.context;
    const number = await server.running.services.rooms.findNumber(room.roomId);
    assert.ok(number !== undefined);
    assert.deepEqual(new Set(await store.federation.listServersInRoom(number)), new Set(['remote.test', 'other.test']));
    const theirs = bystander.rooms.get(room.roomId);
    assert.ok(theirs !== undefined);
    await bystander.untilEvent(theirs, await alice.send(room.roomId, 'to all'));
  });

  test('has what the answer to the join had left out beside members', async () => {
    const { server, remote } = scene;
    const room = largeRoom(remote, '11', (made, creator) =>
      made.setState(creator, 'm.room.topic', { topic: 'hidden' }),
    );
    const alice = await server.register('alice');
    const without: Change = (body) => ({
      body: {
        ...body,
        state: listOf(body, 'state').filter((event) => (event as JsonObject)['type'] !== 'm.room.topic'),
      },
    });
    await lying({ sendJoinV2: without }, room, () => joinLarge(scene, alice, room));
    await joinedMembers(alice, room);
    const topic = await alice.ok('GET', v3`/rooms/${room.roomId}/state/m.room.topic/`);
    assert.equal(topic.text('topic'), 'hidden');
  });
});
