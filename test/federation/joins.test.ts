/** The answer to a join is taken in while it arrives: whole, out of order, broken, or another room's. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject, JsonValue } from '../../src/matrix/json.ts';
import { v3 } from '../harness/index.ts';
import type { Reply } from '../harness/remote/requests.ts';
import type { RemoteRoom } from '../harness/remote/room.ts';
import { useScripted } from './scripted.ts';
import { untilSeen } from './until.ts';

const scene = useScripted();

/** A room of the scripted server with some members of its own, and one of the third server, who can be joined by. */
async function roomWithMembers(version: string): Promise<RemoteRoom> {
  const { remote, bystander } = scene;
  const creator = remote.user('creator');
  const room = remote.createRoom({ version, creator, name: 'large' });
  for (let count = 0; count < 80; count += 1) room.join(remote.user(`member${count}`));
  await bystander.joinRemote({ destination: remote.name, roomId: room.roomId, user: bystander.user('other'), api: 2 });
  return room;
}

/** Changes the scripted server's answer to the next join. */
function onJoin(change: (body: JsonObject, reply: Reply) => Reply): void {
  const done = scene.remote.on('sendJoinV2', async (_, next) => {
    const reply = await next();
    done();
    return change(reply.body as JsonObject, reply);
  });
}

async function join(room: RemoteRoom, via: readonly string[] = [scene.remote.name]) {
  const user = await scene.server.register('joiner');
  const query = via.map((server) => `via=${encodeURIComponent(server)}`).join('&');
  const answer = await user.call('POST', `${v3`/join/${room.roomId}`}?${query}`, {});
  return { user, answer };
}

async function membersOf(user: Awaited<ReturnType<typeof join>>['user'], room: RemoteRoom): Promise<number> {
  const members = await user.ok('GET', v3`/rooms/${room.roomId}/joined_members`);
  return Object.keys(members.get('joined') as object).length;
}

const listOf = (body: JsonObject, name: string): JsonValue[] => body[name] as JsonValue[];

describe('a join answer', () => {
  for (const version of ['1', '10', '12']) {
    test(`in the worst order is a room all the same, in version ${version}`, async () => {
      const room = await roomWithMembers(version);
      onJoin((body, reply) => {
        const chain = listOf(body, 'auth_chain').toReversed();
        const isCreate = (event: JsonValue): boolean => (event as JsonObject)['type'] === 'm.room.create';
        const state = listOf(body, 'state')
          .filter((event) => !isCreate(event))
          .reverse();
        const create = listOf(body, 'state').filter(isCreate);
        // The create event, on which everything stands, comes last.
        const ordered = { auth_chain: chain.filter((event) => !isCreate(event)), state: [...state, ...create] };
        return { ...reply, body: { ...body, ...ordered } };
      });
      const { user, answer } = await join(room);
      answer.expect(200);
      assert.equal(await membersOf(user, room), 83);
      const sent = await user.send(room.roomId, 'hello');
      await scene.remote.untilEvent(room, sent);
    });
  }

  test('with events that are none among it loses these alone', async () => {
    const room = await roomWithMembers('12');
    onJoin((body, reply) => {
      const [first, ...rest] = listOf(body, 'state').filter(
        (event) => (event as JsonObject)['state_key'] === scene.remote.user('member7'),
      );
      assert.ok(first !== undefined && rest.length === 0);
      const forged = { ...(first as JsonObject), content: { membership: 'ban' } };
      const unsigned = { ...(first as JsonObject), signatures: {} };
      const huge = { ...(first as JsonObject), content: { membership: 'join', x: 'x'.repeat(70_000) } };
      const state = listOf(body, 'state').filter((event) => event !== first);
      return {
        ...reply,
        body: { ...body, state: [unsigned, huge, 7, 'x', null, ...state, unsigned] as JsonValue[], forged },
      };
    });
    const { user, answer } = await join(room);
    answer.expect(200);
    assert.equal(await membersOf(user, room), 82);
  });

  const useless: readonly (readonly [string, (body: JsonObject, reply: Reply) => Reply])[] = [
    ['is cut off after half', (_, reply) => ({ ...reply, cutAfter: 20_000 })],
    [
      'ends in the middle as if it were whole',
      (body, reply) => ({ ...reply, bytes: Buffer.from(JSON.stringify(body).slice(0, 20_000)) }),
    ],
    ['has a state of another type', (body, reply) => ({ ...reply, body: { ...body, state: {} } })],
    ['has no state', (body, reply) => ({ ...reply, body: { ...body, state: [] } })],
    [
      'has two values of a key',
      (body, reply) => {
        const topics = ['one', 'two'].map((topic) => twin(topic));
        return { ...reply, body: { ...body, state: [...listOf(body, 'state'), ...topics] } };
      },
    ],
    [
      'leaves out what the state stands on',
      (body, reply) => {
        const isLevels = (event: JsonValue): boolean => (event as JsonObject)['type'] === 'm.room.power_levels';
        const without = (name: string) => listOf(body, name).filter((event) => !isLevels(event));
        return { ...reply, body: { ...body, state: without('state'), auth_chain: without('auth_chain') } };
      },
    ],
    [
      'says that members were left out, and not which servers are there',
      (body, reply) => ({ ...reply, body: { ...body, members_omitted: true } }),
    ],
    [
      'names servers that have no name',
      (body, reply) => ({
        ...reply,
        body: { ...body, members_omitted: true, servers_in_room: ['remote.test', 'no name!'] },
      }),
    ],
    [
      'returns another join',
      (body, reply) => ({ ...reply, body: { ...body, event: listOf(body, 'state').at(-1) ?? null } }),
    ],
    ['has a join that is no event', (body, reply) => ({ ...reply, body: { ...body, event: 7 } })],
  ];
  let target: RemoteRoom | undefined;
  function twin(topic: string): JsonObject {
    assert.ok(target !== undefined);
    return target.build({
      type: 'm.room.topic',
      sender: scene.remote.user('creator'),
      stateKey: '',
      content: { topic },
    }).json;
  }

  for (const [name, change] of useless) {
    test(`that ${name} is refused, and another server asked`, async () => {
      const room = await roomWithMembers('11');
      target = room;
      onJoin(change);
      const first = await join(room);
      first.answer.expect(name.startsWith('returns') || name.startsWith('has a join') ? 502 : 504, 'M_UNKNOWN');
      const sent = await first.user.call('PUT', v3`/rooms/${room.roomId}/send/m.room.message/1`, { body: 'x' });
      sent.expect(403, 'M_FORBIDDEN');
      onJoin(change);
      const { user, answer } = await join(room, [scene.remote.name, scene.bystander.name]);
      answer.expect(200);
      assert.ok((await membersOf(user, room)) >= 83);
    });
  }
});

test('what is said between the two steps of a join is told to the server that joins', async () => {
  const { server, remote } = scene;
  const alice = await server.register('alice');
  const room = await alice.createRoom({ preset: 'public_chat' });
  let said = '';
  const joined = await remote.joinRemote({
    destination: server.config.serverName,
    roomId: room,
    user: remote.user('late'),
    api: 2,
    between: async () => {
      said = await alice.send(room, 'meanwhile');
    },
  });
  // Nobody says anything more: what follows both ends of the room leads to it.
  await remote.untilEvent(joined, said);
});

test('what is said before the answer to a join has come is not lost', async () => {
  const { server, remote } = scene;
  const room = await roomWithMembers('11');
  let early = '';
  const done = remote.on('sendJoinV2', async (_, next) => {
    const reply = await next();
    done();
    const event = room.message(remote.user('creator'), 'welcome');
    early = event.eventId;
    // It arrives while the answer that lets us in is still here; whoever dropped it would say so at once.
    const sent = remote.send(server.config.serverName, { pdus: [event] });
    let turns = 0;
    const isAnswered = sent.then(() => true);
    while (turns < 500 && !(await Promise.race([isAnswered, new Promise((end) => setImmediate(() => end(false)))]))) {
      turns += 1;
    }
    return reply;
  });
  const { user, answer } = await join(room);
  answer.expect(200);
  await untilSeen(user, room.roomId, early);
});
