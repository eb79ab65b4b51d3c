/** A hostile server: what it sends is refused, nothing of ours breaks, and honest servers still take our events. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Pdu } from '../../src/matrix/events.ts';
import { type JsonValue, RawNumber } from '../../src/matrix/json.ts';
import { type User, v3 } from '../harness/index.ts';
import { type Scene, Stage } from './stage.ts';

const stage = new Stage();

async function timeline(user: User, room: string): Promise<string[]> {
  const page = await user.ok('GET', `${v3`/rooms/${room}/messages`}?dir=b&limit=100`);
  return (page.body as { chunk: { event_id: string }[] }).chunk.map((event) => event.event_id);
}

describe('signatures (adv-001)', () => {
  const wrong: readonly (readonly [string, (scene: Scene) => Pdu])[] = [
    [
      'absent',
      ({ room, user }) => room.build({ type: 'm.room.message', sender: user, afterSigning: { signatures: {} } }),
    ],
    [
      'of another server',
      ({ room, user }) => room.build({ type: 'm.room.message', sender: user, signers: [stage.honest.signer] }),
    ],
    [
      'of nobody',
      ({ room, user }) =>
        room.build({
          type: 'm.room.message',
          sender: user,
          afterSigning: { signatures: { [stage.mallory.name]: { [stage.mallory.signer.keyId]: 'A'.repeat(86) } } },
        }),
    ],
    [
      'cut short',
      ({ room, user }) =>
        room.build({
          type: 'm.room.message',
          sender: user,
          afterSigning: { signatures: { [stage.mallory.name]: { [stage.mallory.signer.keyId]: 'AAAA' } } },
        }),
    ],
    [
      'of the sender of another server',
      ({ room }) => room.build({ type: 'm.room.message', sender: stage.honest.user('somebody') }),
    ],
  ];
  for (const version of ['1', '6', '11', '12']) {
    test(`room version ${version}: an event with a signature that does not hold is dropped`, async () => {
      const given = await stage.scene(version);
      for (const [name, make] of wrong) {
        const event = make(given);
        await stage.push(event);
        assert.equal(await stage.statusOf(event.eventId), undefined, name);
      }
      await stage.assertStillSound(given.alice, given.room);
    });
  }

  test('the same in what we fetch: missing events, states, auth chains', async () => {
    const { alice, room, user } = await stage.scene();
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
    await stage.push(later);
    assert.equal(await stage.statusOf(forged.eventId), undefined);
    // What follows it stands on the state before it as told, as far as that can be believed.
    const seen = await timeline(alice, room.roomId);
    assert.deepEqual([seen.includes(later.eventId), seen.includes(forged.eventId)], [true, false]);
    await alice.fails('404 M_NOT_FOUND', 'GET', v3`/rooms/${room.roomId}/state/m.room.topic/`);
  });
});

test('one bad event among good ones harms none of them (adv-030, adv-031)', async () => {
  const { alice, room, user } = await stage.scene();
  const good = Array.from({ length: 49 }, (_, index) => room.message(user, `good ${index}`));
  const bad = room.build({ type: 'm.room.message', sender: user, json: { depth: 'deep' } });
  const shuffled = [...good.slice(20), bad, ...good.slice(0, 20).reverse()];
  await stage.push(...shuffled);
  const seen = new Set(await timeline(alice, room.roomId));
  for (const event of good) assert.ok(seen.has(event.eventId), event.eventId);
});

test('numbers that are none, and depths beyond all bounds (adv-022, adv-023, adv-024)', async () => {
  const { alice, room, user } = await stage.scene();
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
    await stage.push(event);
    assert.notEqual(await stage.statusOf(event.eventId), 'accepted');
    await stage.push(room.build({ type: 'm.room.message', sender: user, afterSigning: { content: { body: depth } } }));
  }
  const deepest = room.message(user, 'deepest', { depth: Number.MAX_SAFE_INTEGER });
  await stage.push(deepest);
  assert.equal(await stage.statusOf(deepest.eventId), 'accepted');
  await stage.assertStillSound(alice, room);
  const later = room.message(user, 'later', { depth: 1 });
  await stage.push(later);
  assert.equal((await timeline(alice, room.roomId))[0], later.eventId);
});

test('auth events of another room, of other types, twice, or unknown (adv-006)', async () => {
  const { alice, room, user } = await stage.scene();
  const other = stage.mallory.createRoom({ version: '11', creator: user });
  const auth = room.build({ type: 'm.room.message', sender: user }).authEvents;
  const foreign = other.current('m.room.power_levels');
  const topic = room.setState(user, 'm.room.topic', { topic: 'none' });
  await stage.push(topic);
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
    await stage.push(event);
    assert.notEqual(await stage.statusOf(event.eventId), 'accepted', authEvents.join());
  }
  await stage.assertStillSound(alice, room);
});

test('a rejected event stays rejected, however it comes again, and supports nothing (adv-009)', async () => {
  const { alice, room, user } = await stage.scene();
  const nobody = stage.mallory.user('nobody');
  const refused = room.force({ type: 'm.room.topic', sender: nobody, stateKey: '', content: { topic: 'usurped' } });
  await stage.push(refused);
  assert.equal(await stage.statusOf(refused.eventId), 'rejected');
  const after = room.force({
    type: 'm.room.message',
    sender: user,
    content: { msgtype: 'm.text', body: 'x' },
    prevEvents: [refused.eventId],
  });
  await stage.push(after);
  await alice.fails('404 M_NOT_FOUND', 'GET', v3`/rooms/${room.roomId}/state/m.room.topic/`);
  await stage.assertStillSound(alice, room);
});

test('an event that follows what nobody can tell brings no state of its own (adv-008)', async () => {
  const { alice, room, user } = await stage.scene();
  const stop = stage.mallory.on('getRoomStateIds', () => ({ status: 200, body: { pdu_ids: [], auth_chain_ids: [] } }));
  const lonely = room.build({
    type: 'm.room.message',
    sender: user,
    content: { msgtype: 'm.text', body: 'out of nothing' },
    prevEvents: [`$${'B'.repeat(43)}`],
  });
  await stage.push(lonely);
  stop();
  assert.notEqual(await stage.statusOf(lonely.eventId), 'accepted');
  assert.equal((await alice.ok('GET', v3`/rooms/${room.roomId}/joined_members`)).status, 200);
  await stage.assertStillSound(alice, room);
});

test('a second create event, with or without a past (adv-011, adv-015)', async () => {
  for (const version of ['10', '11', '12']) {
    const { alice, room, user } = await stage.scene(version);
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
      await stage.push(create);
      assert.notEqual(await stage.statusOf(create.eventId), 'accepted');
    }
    const create = room.current('m.room.create');
    await stage.push(room.build({ type: 'm.room.redaction', sender: user, redacts: create?.eventId ?? '' }));
    const state = await alice.ok('GET', v3`/rooms/${room.roomId}/state/m.room.create/`);
    assert.equal(state.get('room_version'), version);
    await stage.assertStillSound(alice, room);
  }
});

test('redactions: by strangers not applied, cycles end (adv-016, adv-017)', async () => {
  const { alice, room, user } = await stage.scene('1', { powerLevels: { redact: 100 } });
  const own = await alice.send(room.roomId, 'mine');
  await stage.mallory.untilEvent(room, own);
  const stranger = stage.mallory.user('stranger');
  room.join(stranger);
  await stage.push(...[...room.nodes.values()].map((node) => node.pdu).slice(-1));
  await stage.push(room.force({ type: 'm.room.redaction', sender: stranger, redacts: own }));
  const event = await alice.ok('GET', v3`/rooms/${room.roomId}/event/${own}`);
  assert.equal((event.get('content') as { body: string }).body, 'mine');
  const ids = Array.from({ length: 50 }, (_, index) => `$cycle${index}:${stage.mallory.name}`);
  const cycle = ids.map((id, index) =>
    room.build({
      type: 'm.room.redaction',
      sender: user,
      redacts: ids[(index + 1) % ids.length] ?? '',
      json: { event_id: id },
    }),
  );
  await stage.push(...cycle);
  await stage.assertStillSound(alice, room);
});

test('redactions: what comes in one transaction with its redaction, and behind it, is never shown whole', async () => {
  for (const version of ['10', '12']) {
    const { alice, room, user } = await stage.scene(version);
    const prevEvents = room.extremities;
    const said = room.build({
      type: 'm.room.message',
      sender: user,
      prevEvents,
      content: { msgtype: 'm.text', body: 'to be gone' },
    });
    const { rules } = room;
    const redacts = rules.redactsInContent ? { content: { redacts: said.eventId } } : { redacts: said.eventId };
    const redaction = room.build({ type: 'm.room.redaction', sender: user, prevEvents, ...redacts });
    await stage.push(redaction, said);
    const event = await alice.ok('GET', v3`/rooms/${room.roomId}/event/${said.eventId}`);
    assert.deepEqual(event.get('content'), {});
    await stage.assertStillSound(alice, room);
  }
});

test('getMissingPreviousEvents: ten thousand ids cost no more than a few (adv-068)', async (t) => {
  const { alice, room, user } = await stage.scene();
  for (let index = 0; index < 5; index += 1) await alice.send(room.roomId, `said ${index}`);
  const last = await alice.send(room.roomId, 'the last');
  const { events } = stage.alpha.running.services.context.store;
  const reads = t.mock.method(events, 'getEvents');
  const invented = Array.from({ length: 10_000 }, (_, index) => `$${String(index).padStart(43, 'x')}`);
  for (const latest_events of [[last, ...invented], [...invented, last], Array.from(invented, () => last)]) {
    const answer = await stage.mallory.client.request({
      destination: 'alpha.test',
      method: 'POST',
      uri: `/_matrix/federation/v1/get_missing_events/${encodeURIComponent(room.roomId)}`,
      body: { earliest_events: [], latest_events, limit: 1_000_000 },
    });
    assert.ok(answer.status === 400 || answer.list('events').length <= 50, String(answer.status));
  }
  const asked = reads.mock.calls.reduce((sum, { arguments: [ids] }) => sum + ids.length, 0);
  assert.ok(asked <= 3 * 1_000, `${asked} events were looked up`);
  assert.ok(room.membership(user) === 'join');
});

test('chains of thousands of events are walked without end and without recursion (adv-105)', async () => {
  const { alice, room, user } = await stage.scene();
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
  await stage.push(last);
  await stage.assertStillSound(alice, room);
});

/** What a client takes as a text is one, or is not there. */
async function assertTyped(user: User, roomId: string): Promise<void> {
  const wish = { timeline_limit: 5, required_state: [['*', '*']] };
  const body = { lists: { all: { ranges: [[0, 9]], ...wish } } };
  const sliding = await user.ok('POST', '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync', body);
  const room = (sliding.get('rooms') as Record<string, Record<string, unknown>>)[roomId] ?? {};
  const heroes = (room['heroes'] ?? []) as Record<string, unknown>[];
  const texts = [
    room['name'],
    room['avatar'],
    ...heroes.flatMap((one) => [one['displayname'], one['name'], one['avatar_url']]),
  ];
  assert.deepEqual(
    [...new Set(texts.map((one) => typeof one))].filter((one) => !['string', 'undefined'].includes(one)),
    [],
  );
  for (const path of [v3`/rooms/${roomId}/joined_members`, v3`/rooms/${roomId}/messages?dir=b`, v3`/publicRooms`]) {
    await user.ok('GET', path);
  }
  await user.ok('GET', `/_matrix/client/v1/rooms/${encodeURIComponent(roomId)}/hierarchy`);
  await user.ok('GET', `/_matrix/client/v1/room_summary/${encodeURIComponent(roomId)}`);
  await user.ok('POST', v3`/user_directory/search`, { search_term: 'mallory' });
}

test('wrong types in what others send break nothing that a client reads (adv-026, adv-066)', async () => {
  const { alice, room, user } = await stage.scene();
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
    await stage.push(...events);
    await stage.push(
      room.send({
        type: 'm.room.message',
        sender: user,
        content: { body: value, msgtype: value, 'm.relates_to': value },
      }),
    );
    await stage.push(room.member(user, user, { membership: 'join', displayname: value, avatar_url: value }));
    assert.equal((await alice.sync()).status, 200);
    await assertTyped(alice, room.roomId);
  }
  await stage.assertStillSound(alice, room);
});

test('a page full of rejected events ends no pagination (adv-032)', async () => {
  const { alice, room, user } = await stage.scene();
  const first = room.message(user, 'first');
  await stage.push(first);
  const nobody = stage.mallory.user('nobody');
  for (let chunk = 0; chunk < 4; chunk += 1) {
    const refused = Array.from({ length: 50 }, () =>
      room.build({ type: 'm.room.message', sender: nobody, prevEvents: [first.eventId] }),
    );
    await stage.push(...refused);
  }
  const last = room.message(user, 'last', { prevEvents: [first.eventId] });
  await stage.push(last);
  const page = await alice.ok('GET', `${v3`/rooms/${room.roomId}/messages`}?dir=b&limit=2`);
  const seen = (page.body as { chunk: { event_id: string }[] }).chunk.map((event) => event.event_id);
  assert.deepEqual(seen, [last.eventId, first.eventId]);
});
