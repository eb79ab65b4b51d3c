/** A hostile server: what it sends is refused, nothing of ours breaks, and honest servers still take our events. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Pdu } from '../../src/matrix/events.ts';
import type { EventId } from '../../src/matrix/ids.ts';
import { type JsonObject, type JsonValue, RawNumber } from '../../src/matrix/json.ts';
import { ROOM_VERSIONS } from '../../src/matrix/room-versions.ts';
import { TestNetwork, type User, v3 } from '../harness/index.ts';
import type { RemoteServer } from '../harness/remote-server.ts';
import type { RemoteRoom } from '../harness/remote/room.ts';
import { untilSeen } from './until.ts';

const network = new TestNetwork();
const alpha = network.server('alpha.test');
let mallory: RemoteServer;
let honest: RemoteServer;

before(async () => {
  mallory = await network.startRemote('evil.hosts.test');
  honest = await network.startRemote('remote.test');
  await alpha.start();
});

after(async () => {
  await mallory.stop();
  await honest.stop();
  await alpha.finish();
});

interface Scene {
  readonly alice: User;
  readonly room: RemoteRoom;
  readonly user: string;
}

/** A room of the hostile server, in which a user of ours is joined. */
async function scene(version = '11', options: { readonly powerLevels?: JsonObject } = {}): Promise<Scene> {
  const alice = await alpha.register('alice');
  const user = mallory.user('mallory');
  const room = mallory.createRoom({ version, creator: user, ...options });
  await alice.ok('POST', `${v3`/join/${room.roomId}`}?via=${mallory.name}`, {});
  return { alice, room, user };
}

/** Sends events as they are and gives the answer for each. */
async function push(...events: readonly Pdu[]): Promise<Map<string, string | undefined>> {
  const answer = await mallory.send('alpha.test', { pdus: events });
  const results = Object.entries(answer.object('pdus')) as [string, { error?: string }][];
  return new Map(results.map(([id, { error }]) => [id, error]));
}

async function statusOf(eventId: string): Promise<string | undefined> {
  return (await alpha.running.services.rooms.events.find(eventId as EventId))?.status;
}

async function timeline(user: User, room: string): Promise<string[]> {
  const page = await user.ok('GET', `${v3`/rooms/${room}/messages`}?dir=b&limit=100`);
  return (page.body as { chunk: { event_id: string }[] }).chunk.map((event) => event.event_id);
}

/** Our own next event is one that an honest server takes. */
async function assertStillSound(alice: User, room: RemoteRoom): Promise<void> {
  const eventId = await alice.send(room.roomId, 'still here');
  const event = await mallory.untilEvent(room, eventId);
  assert.ok(event.depth <= Number.MAX_SAFE_INTEGER);
}

describe('signatures (adv-001, adv-003)', () => {
  const wrong: readonly (readonly [string, (scene: Scene) => Pdu])[] = [
    [
      'absent',
      ({ room, user }) => room.build({ type: 'm.room.message', sender: user, afterSigning: { signatures: {} } }),
    ],
    [
      'of another server',
      ({ room, user }) => room.build({ type: 'm.room.message', sender: user, signers: [honest.signer] }),
    ],
    [
      'of nobody',
      ({ room, user }) =>
        room.build({
          type: 'm.room.message',
          sender: user,
          afterSigning: { signatures: { [mallory.name]: { [mallory.signer.keyId]: 'A'.repeat(86) } } },
        }),
    ],
    [
      'cut short',
      ({ room, user }) =>
        room.build({
          type: 'm.room.message',
          sender: user,
          afterSigning: { signatures: { [mallory.name]: { [mallory.signer.keyId]: 'AAAA' } } },
        }),
    ],
    [
      'of the sender of another server',
      ({ room }) => room.build({ type: 'm.room.message', sender: honest.user('somebody') }),
    ],
  ];
  for (const version of ['1', '6', '11', '12']) {
    test(`room version ${version}: an event with a signature that does not hold is dropped`, async () => {
      const given = await scene(version);
      for (const [name, make] of wrong) {
        const event = make(given);
        await push(event);
        assert.equal(await statusOf(event.eventId), undefined, name);
      }
      await assertStillSound(given.alice, given.room);
    });
  }

  test('the same in what we fetch: missing events, states, auth chains', async () => {
    const { alice, room, user } = await scene();
    const forged = room.force({
      type: 'm.room.topic',
      sender: user,
      stateKey: '',
      content: { topic: 'forged' },
      afterSigning: { signatures: {} },
    });
    const later = room.force({
      type: 'm.room.message',
      sender: user,
      prevEvents: [forged.eventId],
      content: { msgtype: 'm.text', body: 'after' },
    });
    await push(later);
    assert.equal(await statusOf(forged.eventId), undefined);
    assert.ok(!(await timeline(alice, room.roomId)).includes(later.eventId));
    await alice.fails('404 M_NOT_FOUND', 'GET', v3`/rooms/${room.roomId}/state/m.room.topic/`);
  });
});

test('one bad event among good ones harms none of them (adv-030, adv-031)', async () => {
  const { alice, room, user } = await scene();
  const good = Array.from({ length: 49 }, (_, index) => room.message(user, `good ${index}`));
  const bad = room.build({ type: 'm.room.message', sender: user, json: { depth: 'deep' } });
  const shuffled = [...good.slice(20), bad, ...good.slice(0, 20).reverse()];
  await push(...shuffled);
  const seen = new Set(await timeline(alice, room.roomId));
  for (const event of good) assert.ok(seen.has(event.eventId), event.eventId);
});

test('numbers that are none, and depths beyond all bounds (adv-022, adv-023, adv-024)', async () => {
  const { alice, room, user } = await scene();
  const raw = (text: string): JsonValue => new RawNumber(text);
  const depths = [
    -1,
    '1',
    null,
    raw('9007199254740992'),
    raw('9223372036854775807'),
    raw('1e300'),
    raw('1.0'),
    raw('-0'),
  ];
  for (const depth of depths) {
    // What has no canonical form cannot be hashed: it is put in afterwards.
    const event = room.build({ type: 'm.room.message', sender: user, afterSigning: { depth } });
    await push(event);
    assert.notEqual(await statusOf(event.eventId), 'accepted');
    await push(room.build({ type: 'm.room.message', sender: user, afterSigning: { content: { body: depth } } }));
  }
  const deepest = room.message(user, 'deepest', { depth: Number.MAX_SAFE_INTEGER });
  await push(deepest);
  assert.equal(await statusOf(deepest.eventId), 'accepted');
  await assertStillSound(alice, room);
  const later = room.message(user, 'later', { depth: 1 });
  await push(later);
  assert.equal((await timeline(alice, room.roomId))[0], later.eventId);
});

test('auth events of another room, of other types, twice, or unknown (adv-006)', async () => {
  const { alice, room, user } = await scene();
  const other = mallory.createRoom({ version: '11', creator: user });
  const auth = room.build({ type: 'm.room.message', sender: user }).authEvents;
  const foreign = other.current('m.room.power_levels');
  const topic = room.setState(user, 'm.room.topic', { topic: 'none' });
  await push(topic);
  assert.ok(foreign !== undefined);
  const cases: readonly (readonly string[])[] = [
    [...auth, foreign.eventId],
    [...auth, topic.eventId],
    [...auth, auth[0] ?? ''],
    [...auth, `$${'A'.repeat(43)}`],
    [],
  ];
  for (const authEvents of cases) {
    const event = room.build({ type: 'm.room.message', sender: user, authEvents });
    await push(event);
    assert.notEqual(await statusOf(event.eventId), 'accepted', authEvents.join());
  }
  await assertStillSound(alice, room);
});

test('a rejected event stays rejected, however it comes again, and supports nothing (adv-009)', async () => {
  const { alice, room, user } = await scene();
  const nobody = mallory.user('nobody');
  const refused = room.force({ type: 'm.room.topic', sender: nobody, stateKey: '', content: { topic: 'usurped' } });
  await push(refused);
  assert.equal(await statusOf(refused.eventId), 'rejected');
  const after = room.force({
    type: 'm.room.message',
    sender: user,
    content: { msgtype: 'm.text', body: 'x' },
    prevEvents: [refused.eventId],
  });
  await push(after);
  await alice.fails('404 M_NOT_FOUND', 'GET', v3`/rooms/${room.roomId}/state/m.room.topic/`);
  await assertStillSound(alice, room);
});

test('an event that follows what nobody can tell brings no state of its own (adv-008)', async () => {
  const { alice, room, user } = await scene();
  const stop = mallory.on('getRoomStateIds', () => ({ status: 200, body: { pdu_ids: [], auth_chain_ids: [] } }));
  const lonely = room.build({
    type: 'm.room.message',
    sender: user,
    content: { msgtype: 'm.text', body: 'out of nothing' },
    prevEvents: [`$${'B'.repeat(43)}`],
  });
  await push(lonely);
  stop();
  assert.notEqual(await statusOf(lonely.eventId), 'accepted');
  assert.equal((await alice.ok('GET', v3`/rooms/${room.roomId}/joined_members`)).status, 200);
  await assertStillSound(alice, room);
});

test('a second create event, with or without a past (adv-011, adv-015)', async () => {
  for (const version of ['10', '11', '12']) {
    const { alice, room, user } = await scene(version);
    const content = { room_version: version, ...(version === '10' && { creator: user }) };
    for (const prevEvents of [[], undefined]) {
      const create = room.build({
        type: 'm.room.create',
        sender: user,
        stateKey: '',
        content,
        authEvents: [],
        ...(prevEvents !== undefined && { prevEvents }),
      });
      await push(create);
      assert.notEqual(await statusOf(create.eventId), 'accepted');
    }
    const create = room.current('m.room.create');
    await push(room.build({ type: 'm.room.redaction', sender: user, redacts: create?.eventId ?? '' }));
    const state = await alice.ok('GET', v3`/rooms/${room.roomId}/state/m.room.create/`);
    assert.equal(state.get('room_version'), version);
    await assertStillSound(alice, room);
  }
});

test('redactions: by strangers not applied, cycles end (adv-016, adv-017)', async () => {
  const { alice, room, user } = await scene('1', { powerLevels: { redact: 100 } });
  const own = await alice.send(room.roomId, 'mine');
  await mallory.untilEvent(room, own);
  const stranger = mallory.user('stranger');
  room.join(stranger);
  await push(...[...room.nodes.values()].map((node) => node.pdu).slice(-1));
  await push(room.force({ type: 'm.room.redaction', sender: stranger, redacts: own }));
  const event = await alice.ok('GET', v3`/rooms/${room.roomId}/event/${own}`);
  assert.equal((event.get('content') as { body: string }).body, 'mine');
  const ids = Array.from({ length: 50 }, (_, index) => `$cycle${index}:${mallory.name}`);
  const cycle = ids.map((id, index) =>
    room.build({
      type: 'm.room.redaction',
      sender: user,
      redacts: ids[(index + 1) % ids.length] ?? '',
      json: { event_id: id },
    }),
  );
  await push(...cycle);
  await assertStillSound(alice, room);
});

test('chains of thousands of events are walked without end and without recursion (adv-105)', async () => {
  const { alice, room, user } = await scene();
  let previous = room.extremities;
  const chain: Pdu[] = [];
  for (let index = 0; index < 400; index += 1) {
    const event = room.build({
      type: 'm.room.message',
      sender: user,
      prevEvents: previous,
      content: { msgtype: 'm.text', body: `${index}` },
    });
    room.add(event);
    previous = [event.eventId];
    chain.push(event);
  }
  const last = chain.at(-1);
  assert.ok(last !== undefined);
  await push(last);
  await assertStillSound(alice, room);
});

test('wrong types in what others send break no sync (adv-026)', async () => {
  const { alice, room, user } = await scene();
  const values: JsonValue[] = [null, true, 7, 'text', [], {}, [[]], { a: null }];
  const types = [
    'm.room.name',
    'm.room.topic',
    'm.room.avatar',
    'm.room.canonical_alias',
    'm.room.encryption',
    'm.room.tombstone',
    'm.room.server_acl',
    'm.room.history_visibility',
    'm.room.pinned_events',
    'm.space.child',
  ];
  const keys = [
    'name',
    'topic',
    'url',
    'alias',
    'algorithm',
    'replacement_room',
    'allow',
    'history_visibility',
    'pinned',
    'via',
  ];
  for (const value of values) {
    const events = types
      .filter((type) => type !== 'm.room.server_acl')
      .map((type, index) => room.setState(user, type, { [keys[index] ?? 'x']: value }));
    await push(...events);
    await push(
      room.send({
        type: 'm.room.message',
        sender: user,
        content: { body: value, msgtype: value, 'm.relates_to': value },
      }),
    );
    assert.equal((await alice.sync()).status, 200);
  }
  await assertStillSound(alice, room);
});

describe('the room a server may act in', () => {
  test('a server that the ACL keeps out is heard neither itself nor through another (adv-040, adv-041)', async () => {
    const alice = await alpha.register('alice');
    const room = await alice.createRoom({ preset: 'public_chat', room_version: '11' });
    const [bad, good] = [mallory.user('bad'), honest.user('good')];
    const theirs = await mallory.joinRemote({ destination: 'alpha.test', roomId: room, user: bad });
    const ours = await honest.joinRemote({ destination: 'alpha.test', roomId: room, user: good });
    await alice.setState(room, 'm.room.server_acl', {
      allow: ['*'],
      deny: ['EVIL.hosts.test'],
      allow_ip_literals: false,
    });
    const said = theirs.message(bad, 'let me in');
    await push(said);
    assert.equal(await statusOf(said.eventId), undefined);
    await honest.send('alpha.test', { pdus: [said] });
    assert.equal(await statusOf(said.eventId), undefined);
    const answers = await Promise.all([
      mallory.client.request({
        destination: 'alpha.test',
        method: 'GET',
        uri: `/_matrix/federation/v1/make_leave/${encodeURIComponent(room)}/${encodeURIComponent(bad)}`,
      }),
      mallory.client.request({
        destination: 'alpha.test',
        method: 'GET',
        uri: `/_matrix/federation/v1/backfill/${encodeURIComponent(room)}?v=${encodeURIComponent(said.eventId)}&limit=5`,
      }),
    ]);
    for (const answer of answers) answer.expect(403, 'M_FORBIDDEN');
    await untilSeen(alice, room, await sendVia(ours, good));
  });

  async function sendVia(room: RemoteRoom, user: string): Promise<string> {
    const event = room.message(user, 'I may speak');
    await honest.send('alpha.test', { pdus: [event] });
    return event.eventId;
  }

  test('nobody joins or leaves for users of others, nor by another path or event (adv-002, adv-018, adv-019)', async () => {
    const alice = await alpha.register('alice');
    const room = await alice.createRoom({ preset: 'public_chat', room_version: '11' });
    const stranger = honest.user('stranger');
    const uri = `/_matrix/federation/v1/make_join/${encodeURIComponent(room)}/${encodeURIComponent(stranger)}?ver=11`;
    (await mallory.client.request({ destination: 'alpha.test', method: 'GET', uri })).expect(403, 'M_FORBIDDEN');
    await assert.rejects(
      mallory.joinRemote({
        destination: 'alpha.test',
        roomId: room,
        user: mallory.user('x'),
        json: { type: 'm.room.topic' },
      }),
    );
    await assert.rejects(
      mallory.joinRemote({
        destination: 'alpha.test',
        roomId: room,
        user: mallory.user('x'),
        json: { state_key: alice.id },
      }),
    );
    await assert.rejects(
      mallory.joinRemote({
        destination: 'alpha.test',
        roomId: room,
        user: mallory.user('x'),
        content: { membership: 'ban' },
      }),
    );
    await assert.rejects(
      mallory.joinRemote({
        destination: 'alpha.test',
        roomId: room,
        user: mallory.user('x'),
        afterSigning: { signatures: {} },
      }),
    );
    const members = await alice.ok('GET', v3`/rooms/${room}/joined_members`);
    assert.deepEqual(Object.keys(members.get('joined') as object), [alice.id]);
  });

  test('templates of a hostile server are never signed as they are (adv-020)', async () => {
    const user = mallory.user('mallory');
    const hostile: readonly JsonObject[] = [
      { type: 'm.room.power_levels' },
      { room_id: '!other:alpha.test' },
      { sender: '@admin:alpha.test' },
      { state_key: '@admin:alpha.test' },
      { content: { membership: 'ban' } },
    ];
    for (const changes of hostile) {
      const alice = await alpha.register('alice');
      const room = mallory.createRoom({ version: '11', creator: user });
      const stop = mallory.on('makeJoin', async (_request, next) => {
        const reply = await next();
        const body = reply.body as { room_version: string; event: JsonObject };
        return { ...reply, body: { ...body, event: { ...body.event, ...changes } } };
      });
      const answer = await alice.call('POST', `${v3`/join/${room.roomId}`}?via=${mallory.name}`, {});
      stop();
      assert.ok(answer.status >= 400, JSON.stringify(changes));
      assert.deepEqual(
        mallory.requestsFor('sendJoinV2').filter((request) => request.path.includes(encodeURIComponent(room.roomId))),
        [],
      );
    }
  });
});

test('a join into a state with malformed events, or another room version, is refused or survives (adv-044, adv-045)', async () => {
  const user = mallory.user('mallory');
  const alice = await alpha.register('alice');
  const room = mallory.createRoom({ version: '11', creator: user, name: 'Room' });
  const stop = mallory.on('sendJoinV2', async (_request, next) => {
    const reply = await next();
    const body = reply.body as { state: JsonValue[] };
    const broken = [{ type: 'm.room.name' }, null, 7, { ...(body.state[0] as JsonObject), depth: -3 }];
    return { ...reply, body: { ...body, state: [...body.state, ...(broken as JsonValue[])] } };
  });
  await alice.ok('POST', `${v3`/join/${room.roomId}`}?via=${mallory.name}`, {});
  stop();
  await assertStillSound(alice, room);

  const bob = await alpha.register('bob');
  const second = mallory.createRoom({ version: '11', creator: user });
  const lie = mallory.on('makeJoin', async (_request, next) => {
    const reply = await next();
    return { ...reply, body: { ...(reply.body as JsonObject), room_version: '10' } };
  });
  const answer = await bob.call('POST', `${v3`/join/${second.roomId}`}?via=${mallory.name}`, {});
  lie();
  assert.ok(answer.status >= 400);
});

test('every room version: a join whose state is taken apart is refused, and nothing is kept', async () => {
  for (const version of ROOM_VERSIONS.keys()) {
    const bob = await alpha.register('bob');
    const room = mallory.createRoom({ version, creator: mallory.user('mallory') });
    const stop = mallory.on('sendJoinV2', async (_request, next) => {
      const reply = await next();
      return { ...reply, body: { ...(reply.body as JsonObject), state: [], auth_chain: [] } };
    });
    const answer = await bob.call('POST', `${v3`/join/${room.roomId}`}?via=${mallory.name}`, {});
    stop();
    assert.ok(answer.status >= 400, version);
    assert.equal((await bob.ok('GET', v3`/joined_rooms`)).list('joined_rooms').length, 0);
  }
});
