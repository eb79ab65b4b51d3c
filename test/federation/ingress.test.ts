/** Every way by which an event can come in, and every way in which its signature can be none: nothing of it is kept. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Pdu } from '../../src/matrix/events.ts';
import type { JsonObject } from '../../src/matrix/json.ts';
import { v3 } from '../harness/index.ts';
import type { EventFields } from '../harness/remote/event.ts';
import { ok } from '../harness/remote/requests.ts';
import type { RemoteRoom } from '../harness/remote/room.ts';
import { Stage } from './stage.ts';

const stage = new Stage();

type Wrong = Pick<EventFields, 'afterSigning' | 'signers'>;

/** What is laid over an event that is in order otherwise. */
const WRONG: Readonly<Record<string, () => Wrong>> = {
  absent: () => ({ afterSigning: { signatures: {} } }),
  'by a wrong key': () => ({ afterSigning: { signatures: signatureOf('A'.repeat(86)) } }),
  'by another server': () => ({ signers: [stage.honest.signer] }),
  'cut short': () => ({ afterSigning: { signatures: signatureOf('AAAA') } }),
};

function signatureOf(signature: string): JsonObject {
  return { [stage.mallory.name]: { [stage.mallory.signer.keyId]: signature } };
}

interface Hostile {
  readonly room: RemoteRoom;
  readonly user: string;
}

/** A room of the hostile server in which nobody of ours is yet. */
function theirRoom(version: string): Hostile {
  const user = stage.mallory.user('mallory');
  return { user, room: stage.mallory.createRoom({ version, creator: user }) };
}

const topic = (user: string, wrong: Wrong): EventFields => ({
  type: 'm.room.topic',
  sender: user,
  stateKey: '',
  content: { topic: 'forged' },
  ...wrong,
});

const message = (user: string, wrong: Wrong): EventFields => ({
  type: 'm.room.message',
  sender: user,
  content: { msgtype: 'm.text', body: 'forged' },
  ...wrong,
});

/** Sends an event to one of the `send_…` operations and `invite`, which must be refused. */
async function put(operation: string, event: Pdu, body: JsonObject = event.json): Promise<void> {
  const parts = [event.roomId, event.eventId].map(encodeURIComponent);
  const uri = `/_matrix/federation/${operation}/${parts.join('/')}`;
  const answer = await stage.mallory.client.request({ destination: 'alpha.test', method: 'PUT', uri, body });
  assert.ok([400, 403].includes(answer.status), `${operation}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

/** A room of ours with a user of the hostile server in it. */
async function ourRoom(version: string): Promise<{ room: RemoteRoom; bad: string }> {
  const alice = await stage.alpha.register('alice');
  const options = { preset: 'public_chat', room_version: version };
  const roomId = await alice.createRoom(options);
  const bad = stage.mallory.user(`bad${alice.device}`.toLowerCase());
  return { room: await stage.mallory.joinRemote({ destination: 'alpha.test', roomId, user: bad }), bad };
}

const member = (user: string, membership: string, wrong: Wrong): EventFields => ({
  type: 'm.room.member',
  sender: user,
  stateKey: user,
  content: { membership },
  ...wrong,
});

/** Each lets a wrong event in by its way, and answers it. */
const WAYS: Readonly<Record<string, (version: string, wrong: Wrong) => Promise<Pdu>>> = {
  send: async (version, wrong) => {
    const { room, user } = await stage.scene(version);
    const event = room.build(message(user, wrong));
    await stage.push(event);
    return event;
  },

  get_missing_events: async (version, wrong) => {
    const { room, user } = await stage.scene(version);
    const event = room.force(message(user, wrong));
    const before = stage.mallory.requestsFor('getMissingPreviousEvents').length;
    await stage.push(room.message(user, 'after it'));
    assert.ok(stage.mallory.requestsFor('getMissingPreviousEvents').length > before, 'it was asked for');
    return event;
  },

  backfill: async (version, wrong) => {
    const { room, user } = theirRoom(version);
    const event = room.force(message(user, wrong));
    const alice = await stage.alpha.register('alice');
    await alice.ok('POST', `${v3`/join/${room.roomId}`}?via=${stage.mallory.name}`, {});
    const before = stage.mallory.requestsFor('backfillRoom').length;
    const page = await alice.ok('GET', `${v3`/rooms/${room.roomId}/messages`}?dir=b&limit=50`);
    assert.ok(stage.mallory.requestsFor('backfillRoom').length > before, 'it was asked for');
    assert.ok(!JSON.stringify(page.body).includes('forged'));
    return event;
  },

  'state_ids and event': async (version, wrong) => {
    const { room, user, alice } = await stage.scene(version);
    const event = room.force(topic(user, wrong));
    const takeOut = stage.mallory.on('getMissingPreviousEvents', () => ok({ events: [] }));
    const before = stage.mallory.requestsFor('getEvent').length;
    try {
      room.message(user, 'between');
      await stage.push(room.message(user, 'after it'));
    } finally {
      takeOut();
    }
    assert.ok(stage.mallory.requestsFor('getEvent').length > before, 'it was asked for');
    await alice.fails('404 M_NOT_FOUND', 'GET', v3`/rooms/${room.roomId}/state/m.room.topic/`);
    return event;
  },

  event_auth: async (version, wrong) => {
    const { room, user } = await stage.scene(version);
    const event = room.build(topic(user, wrong));
    const takeOut = stage.mallory.on('getEventAuth', () => ok({ auth_chain: [event.json] }));
    const before = stage.mallory.requestsFor('getEventAuth').length;
    try {
      await stage.push(room.build({ ...message(user, {}), authEvents: [event.eventId] }));
    } finally {
      takeOut();
    }
    assert.ok(stage.mallory.requestsFor('getEventAuth').length > before, 'it was asked for');
    return event;
  },

  'the answer to send_join': async (version, wrong) => {
    const { room, user } = theirRoom(version);
    const event = room.force(topic(user, wrong));
    const alice = await stage.alpha.register('alice');
    await alice.ok('POST', `${v3`/join/${room.roomId}`}?via=${stage.mallory.name}`, {});
    await alice.fails('404 M_NOT_FOUND', 'GET', v3`/rooms/${room.roomId}/state/m.room.topic/`);
    return event;
  },

  invite: async (version, wrong) => {
    const { room, user } = theirRoom(version);
    const alice = await stage.alpha.register('alice');
    const event = room.build({ ...member(user, 'invite', wrong), stateKey: alice.id });
    await put('v2/invite', event, { event: event.json, room_version: version, invite_room_state: room.inviteState() });
    assert.ok(!JSON.stringify((await alice.sync()).body).includes(room.roomId));
    return event;
  },

  send_join: async (version, wrong) => {
    const { room } = await ourRoom(version);
    const event = room.build(member(stage.mallory.user('another'), 'join', wrong));
    await put('v2/send_join', event);
    return event;
  },

  send_leave: async (version, wrong) => {
    const { room, bad } = await ourRoom(version);
    const event = room.build(member(bad, 'leave', wrong));
    await put('v2/send_leave', event);
    return event;
  },

  send_knock: async (version, wrong) => {
    const { room } = await ourRoom(version);
    const event = room.build(member(stage.mallory.user('another'), 'knock', wrong));
    await put('v1/send_knock', event);
    return event;
  },
};

for (const version of ['1', '3', '10', '12']) {
  describe(`room version ${version}: an event whose signature is none (adv-001, adv-002, adv-003)`, () => {
    for (const [way, arrive] of Object.entries(WAYS)) {
      test(`by ${way}`, async () => {
        for (const [kind, wrong] of Object.entries(WRONG)) {
          const event = await arrive(version, wrong());
          assert.equal(await stage.statusOf(event.eventId), undefined, `${way}, signature ${kind}`);
        }
      });
    }
  });
}
