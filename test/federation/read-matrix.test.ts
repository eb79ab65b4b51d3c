/**
 * adv-051–055: what another server reads of rooms here. Every operation that reads a room, asked by a server
 * that has never been in it, is kept out, has left, or is in it; for an event of the room, one of another room, and one
 * that nobody knows, which must not look different.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { JsonObject, JsonValue } from '../../src/matrix/json.ts';
import { rulesOf } from '../fixtures/room-kit.ts';
import { type Answer, TestNetwork, type TestServer, type User, v3 } from '../harness/index.ts';
import { verifyPdu } from '../harness/remote/receive.ts';
import type { RemoteServer } from '../harness/remote-server.ts';

const UNKNOWN_EVENT = `$${randomBytes(32).toString('base64url')}`;
const UNKNOWN_ROOM = '!unknown:alpha.test';

interface Question {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: JsonValue;
}

interface Operation {
  readonly ask: (room: string, event: string) => Question;
  /** What a server outside is answered. */
  readonly outside: string;
  /** What a server in the room is answered for an event that is not of the room. */
  readonly elsewhere: string;
  /** Where the answer has the event, or what it stands on. */
  readonly tells: (answer: Answer) => number;
}

const encode = encodeURIComponent;
const get = (path: string): Question => ({ method: 'GET', path: `/_matrix/federation/v1/${path}` });

const OPERATIONS: Readonly<Record<string, Operation>> = {
  getEvent: {
    ask: (_room, event) => get(`event/${encode(event)}`),
    outside: '404 M_NOT_FOUND',
    elsewhere: '404 M_NOT_FOUND',
    tells: (answer) => answer.list('pdus').length,
  },
  getEventAuth: {
    ask: (room, event) => get(`event_auth/${encode(room)}/${encode(event)}`),
    outside: '403 M_FORBIDDEN',
    elsewhere: '404 M_NOT_FOUND',
    tells: (answer) => answer.list('auth_chain').length,
  },
  getRoomState: {
    ask: (room, event) => get(`state/${encode(room)}?event_id=${encode(event)}`),
    outside: '403 M_FORBIDDEN',
    elsewhere: '404 M_NOT_FOUND',
    tells: (answer) => answer.list('pdus').length,
  },
  getRoomStateIds: {
    ask: (room, event) => get(`state_ids/${encode(room)}?event_id=${encode(event)}`),
    outside: '403 M_FORBIDDEN',
    elsewhere: '404 M_NOT_FOUND',
    tells: (answer) => answer.list('pdu_ids').length,
  },
  backfillRoom: {
    ask: (room, event) => get(`backfill/${encode(room)}?limit=10&v=${encode(event)}`),
    outside: '403 M_FORBIDDEN',
    elsewhere: '200',
    tells: (answer) => answer.list('pdus').length,
  },
  getMissingPreviousEvents: {
    ask: (room, event) => ({
      method: 'POST',
      path: `/_matrix/federation/v1/get_missing_events/${encode(room)}`,
      body: { earliest_events: [], latest_events: [event], limit: 10 },
    }),
    outside: '403 M_FORBIDDEN',
    elsewhere: '200',
    tells: (answer) => answer.list('events').length,
  },
};

const network = new TestNetwork();
const context = {} as { alpha: TestServer; remote: RemoteServer; alice: User; secret: { room: string; event: string } };

before(async () => {
  context.remote = await network.startRemote('remote.test');
  context.alpha = network.server('alpha.test');
  await context.alpha.start();
  context.alice = await context.alpha.register('alice');
  const room = await context.alice.createRoom({ preset: 'private_chat' });
  context.secret = { room, event: await context.alice.send(room, 'not yours') };
});
after(async () => {
  await context.remote.stop();
  await context.alpha.finish();
});

async function ask({ method, path, body }: Question, authorization?: string): Promise<Answer> {
  return await context.remote.client.request({
    destination: 'alpha.test',
    method,
    uri: path,
    ...(body !== undefined && { body }),
    ...(authorization !== undefined && { authorization }),
  });
}

function expect(answer: Answer, how: string): void {
  const [status, errcode] = how.split(' ');
  answer.expect(Number(status), errcode);
}

/** The body without what differs between any two answers. */
function bodyOf(answer: Answer): unknown {
  return JSON.parse(JSON.stringify(answer.body, (key, value: unknown) => (key === 'origin_server_ts' ? 0 : value)));
}

interface Place {
  readonly room: string;
  readonly event: string;
}

/** A room with an event in it, to which the asking server stands in one of these ways. */
const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  'has never been in it': async () => await makeRoom(),
  'is kept out by its server ACL': async () => {
    const room = await joinedRoom();
    await context.alice.setState(room, 'm.room.server_acl', { allow: ['*'], deny: ['remote.test'] });
    return { room, event: await context.alice.send(room, 'behind the wall') };
  },
  'has left it': async () => {
    const room = await joinedRoom();
    const user = context.remote.user('reader');
    await context.remote.leaveRemote({ destination: 'alpha.test', roomId: room, user, version: '12' });
    return { room, event: await context.alice.send(room, 'after you have gone') };
  },
  'was banned from it': async () => {
    const room = await joinedRoom();
    await context.alice.ok('POST', v3`/rooms/${room}/ban`, { user_id: context.remote.user('reader') });
    return { room, event: await context.alice.send(room, 'after the ban') };
  },
  'was invited to it': async () => {
    const { room } = await makeRoom('private_chat');
    await context.alice.ok('POST', v3`/rooms/${room}/invite`, { user_id: context.remote.user('reader') });
    return { room, event: await context.alice.send(room, 'before you come') };
  },
};

async function makeRoom(preset = 'public_chat'): Promise<Place> {
  const room = await context.alice.createRoom({ preset, room_version: '12' });
  return { room, event: await context.alice.send(room, 'one') };
}

async function joinedRoom(options = {}): Promise<string> {
  const { alice, remote } = context;
  const room = await alice.createRoom({ preset: 'public_chat', room_version: '12', ...options });
  await remote.joinRemote({ destination: 'alpha.test', roomId: room, user: remote.user('reader') });
  return room;
}

for (const [relation, make] of Object.entries(PLACES)) {
  describe(`a server that ${relation}`, () => {
    let place: Place;
    before(async () => {
      place = await make();
    });
    for (const [name, operation] of Object.entries(OPERATIONS)) {
      test(`${name}: reads nothing, and learns nothing of events`, async () => {
        const answers: Answer[] = [];
        for (const event of [place.event, context.secret.event, UNKNOWN_EVENT]) {
          const answer = await ask(operation.ask(place.room, event));
          expect(answer, operation.outside);
          answers.push(answer);
        }
        for (const answer of answers) assert.deepEqual(bodyOf(answer), bodyOf(answers[0] as Answer));
      });
    }
    test('getEventByTimestamp: finds nothing', async () => {
      expect(await ask(get(`timestamp_to_event/${encode(place.room)}?ts=0&dir=f`)), '403 M_FORBIDDEN');
    });
  });
}

describe('getRoomState, getRoomStateIds, getEventAuth, getMissingPreviousEvents: in the room', () => {
  let place: Place;
  before(async () => {
    const room = await joinedRoom();
    await context.alice.send(room, 'one');
    place = { room, event: await context.alice.send(room, 'two') };
  });
  // `getEvent` alone names no room.
  for (const [name, operation] of Object.entries(OPERATIONS).filter(([one]) => one !== 'getEvent')) {
    test(`${name}: an event of the room opens no other room`, async () => {
      expect(await ask(operation.ask(context.secret.room, place.event)), '403 M_FORBIDDEN');
      expect(await ask(operation.ask(UNKNOWN_ROOM, place.event)), '404 M_NOT_FOUND');
    });
  }

  for (const [name, operation] of Object.entries(OPERATIONS)) {
    test(`${name}: reads it, and of other rooms as little as of events that nobody knows`, async () => {
      const own = await ask(operation.ask(place.room, place.event));
      own.expect(200);
      assert.ok(operation.tells(own) > 0);
      const other = await ask(operation.ask(place.room, context.secret.event));
      const unknown = await ask(operation.ask(place.room, UNKNOWN_EVENT));
      expect(other, operation.elsewhere);
      assert.deepEqual(bodyOf(other), bodyOf(unknown));
      if (other.status === 200) assert.equal(operation.tells(other), 0);
      assert.ok(!JSON.stringify(other.body).includes('not yours'));
    });

    test(`${name}: a request that nobody has signed is refused`, async () => {
      for (const header of ['', 'X-Matrix origin="remote.test",key="ed25519:1",sig="AAAA"']) {
        expect(await ask(operation.ask(place.room, place.event), header), '401 M_UNAUTHORIZED');
      }
    });
  }

  test('getEventByTimestamp: finds the first event', async () => {
    const answer = await ask(get(`timestamp_to_event/${encode(place.room)}?ts=0&dir=f`));
    assert.match(answer.expect(200).text('event_id'), /^\$/);
  });

  test('does not read what was said before it came, where the history is for members', async () => {
    const { alice, remote } = context;
    const visibility = { type: 'm.room.history_visibility', state_key: '', content: { history_visibility: 'joined' } };
    const options = { preset: 'public_chat', room_version: '12', initial_state: [visibility] };
    const room = await alice.createRoom(options);
    const early = await alice.send(room, 'among ourselves');
    await remote.joinRemote({ destination: 'alpha.test', roomId: room, user: remote.user('reader') });
    const late = await alice.send(room, 'welcome');
    const read = async (name: string, event: string): Promise<Answer> => {
      const operation = OPERATIONS[name];
      assert.ok(operation !== undefined);
      return await ask(operation.ask(room, event));
    };
    (await read('getEvent', late)).expect(200);
    (await read('getEvent', early)).expect(404, 'M_NOT_FOUND');
    for (const name of ['backfillRoom', 'getMissingPreviousEvents']) {
      const answer = (await read(name, late)).expect(200);
      assert.ok(!JSON.stringify(answer.body).includes('among ourselves'), name);
      const events = answer.list(name === 'backfillRoom' ? 'pdus' : 'events');
      assert.ok(
        events.some((event) => event['type'] === 'm.room.message'),
        `${name}: it is there, redacted`,
      );
      // It can be told from a forgery: what is left of it is signed.
      for (const event of events) {
        const verified = await verifyPdu(remote, event as JsonObject, rulesOf('12'));
        assert.ok(verified.accept, `${name}: ${JSON.stringify(verified)}`);
      }
    }
  });
});
