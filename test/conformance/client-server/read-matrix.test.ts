/** Every read endpoint of a room × the reader's membership (adv-058, adv-059, adv-062, adv-083). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { url, type TestServer, useServer, type User, v3 } from '../../harness/index.ts';

useServer({}, setScene);

const SECRETS = ['SECRET NAME', 'SECRET MESSAGE', 'SECRET TOPIC'];
const LATE_NAME = 'SECRET MESSAGE as name';
const STATES = ['never', 'invited', 'joined', 'left', 'banned', 'knocked', 'forgotten', 'kicked'] as const;
type State = (typeof STATES)[number];

interface Scene {
  readonly room: string;
  readonly event: string;
  readonly thread: string;
  readonly users: ReadonlyMap<State, User>;
}

let scene: Scene | undefined;

const READS: Readonly<Record<string, (scene: Scene) => string>> = {
  getRoomEvents: ({ room }) => `${v3`/rooms/${room}/messages`}?dir=b`,
  getEventContext: ({ room, event }) => v3`/rooms/${room}/context/${event}`,
  getOneRoomEvent: ({ room, event }) => v3`/rooms/${room}/event/${event}`,
  getRoomState: ({ room }) => v3`/rooms/${room}/state`,
  getRoomStateWithKey: ({ room }) => v3`/rooms/${room}/state/m.room.name/`,
  getMembersByRoom: ({ room }) => v3`/rooms/${room}/members`,
  getJoinedMembersByRoom: ({ room }) => v3`/rooms/${room}/joined_members`,
  getEventByTimestamp: ({ room }) => `${url`/_matrix/client/v1/rooms/${room}/timestamp_to_event`}?dir=f&ts=1`,
  getRelatingEvents: ({ room, thread }) => url`/_matrix/client/v1/rooms/${room}/relations/${thread}`,
  getRelatingEventsWithRelType: ({ room, thread }) =>
    url`/_matrix/client/v1/rooms/${room}/relations/${thread}/m.thread`,
  getRelatingEventsWithRelTypeAndEventType: ({ room, thread }) =>
    url`/_matrix/client/v1/rooms/${room}/relations/${thread}/m.thread/m.room.message`,
  getThreadRoots: ({ room }) => url`/_matrix/client/v1/rooms/${room}/threads`,
  getLocalAliases: ({ room }) => v3`/rooms/${room}/aliases`,
  getSpaceHierarchy: ({ room }) => url`/_matrix/client/v1/rooms/${room}/hierarchy`,
  getRoomSummary: ({ room }) => url`/_matrix/client/v1/room_summary/${room}`,
};

/** Who may read an endpoint of a private room with shared history; the rest must get 403 or 404. */
function allowed(operation: string, state: State): boolean {
  if (state === 'joined') return true;
  // "the room is … knockable": its summary is for everybody.
  if (operation === 'getRoomSummary' || operation === 'getSpaceHierarchy') return true;
  if (state !== 'left' && state !== 'banned' && state !== 'kicked') return false;
  return !['getJoinedMembersByRoom', 'getLocalAliases'].includes(operation);
}

async function setScene(server: TestServer): Promise<void> {
  const owner = await server.register('owner');
  const rules = [{ type: 'm.room.join_rules', state_key: '', content: { join_rule: 'knock' } }];
  const room = await owner.createRoom({ initial_state: rules, name: SECRETS[0], topic: SECRETS[2] });
  const users = new Map<State, User>();
  for (const state of STATES) users.set(state, await server.register(state));
  const get = (state: State): User => users.get(state) ?? owner;
  for (const state of ['joined', 'left', 'banned', 'forgotten', 'kicked'] as const) await owner.bring(room, get(state));
  const thread = await owner.send(room, 'root');
  const relation = { rel_type: 'm.thread', event_id: thread };
  await owner.send(room, { msgtype: 'm.text', body: 'answer', 'm.relates_to': relation });
  const event = await owner.send(room, 'seen by those who were in');
  await get('left').leave(room);
  await get('forgotten').leave(room);
  await get('forgotten').ok('POST', v3`/rooms/${room}/forget`, {});
  await owner.ok('POST', v3`/rooms/${room}/ban`, { user_id: get('banned').id });
  await owner.ok('POST', v3`/rooms/${room}/kick`, { user_id: get('kicked').id });
  await owner.invite(room, get('invited'));
  await get('knocked').ok('POST', v3`/knock/${room}`, {});
  await owner.setState(room, 'org.example.late', { text: LATE_NAME });
  await owner.send(room, SECRETS[1] ?? '');
  scene = { room, event, thread, users };
}

for (const [operation, path] of Object.entries(READS)) {
  test(`${operation}: who may read a private room (adv-058)`, async () => {
    assert.ok(scene !== undefined);
    for (const [state, user] of scene.users) {
      const answer = await user.call('GET', path(scene));
      const may = allowed(operation, state);
      const told = `${operation} by ${state}: ${answer.status} ${JSON.stringify(answer.body)}`;
      assert.equal(answer.status === 200, may, told);
      if (!may) {
        assert.ok([403, 404].includes(answer.status), told);
        for (const secret of SECRETS) assert.ok(!JSON.stringify(answer.body).includes(secret), told);
      }
      if (state !== 'joined') {
        assert.ok(!JSON.stringify(answer.body).includes('SECRET MESSAGE'), `${told}: later than the leave`);
      }
    }
  });
}

test('getRoomState, getMembersByRoom: a declined invitation or a withdrawn knock shows nothing', async () => {
  assert.ok(scene !== undefined);
  const { room } = scene;
  const owner = scene.users.get('joined');
  assert.ok(owner !== undefined);
  const guest = await owner.server.register('declined');
  await owner.invite(room, guest);
  await guest.leave(room);
  const knocker = await owner.server.register('withdrawn');
  await knocker.ok('POST', v3`/knock/${room}`, {});
  await knocker.leave(room);
  for (const user of [guest, knocker]) {
    for (const path of [v3`/rooms/${room}/state`, v3`/rooms/${room}/members`, v3`/rooms/${room}/state/m.room.name/`]) {
      await user.fails('403 M_FORBIDDEN', 'GET', path);
    }
  }
});

test('getMembersByRoom: a later token does not show later members to those who left (adv-058)', async () => {
  assert.ok(scene !== undefined);
  const { room } = scene;
  const [joined, left] = [scene.users.get('joined'), scene.users.get('left')];
  assert.ok(joined !== undefined && left !== undefined);
  const late = await joined.server.register('late');
  await joined.invite(room, late);
  const at = encodeURIComponent((await joined.sync()).text('next_batch'));
  const seen = await left.ok('GET', `${v3`/rooms/${room}/members`}?at=${at}`);
  assert.ok(!JSON.stringify(seen.body).includes(late.id));
  assert.ok(JSON.stringify((await joined.ok('GET', `${v3`/rooms/${room}/members`}?at=${at}`)).body).includes(late.id));
});

test('sync: shows nobody but members what was said later (adv-060)', async () => {
  assert.ok(scene !== undefined);
  for (const [state, user] of scene.users) {
    const filter = JSON.stringify({ room: { include_leave: true, timeline: { limit: 50 } } });
    const text = JSON.stringify((await user.sync({ filter })).body);
    assert.equal(text.includes('SECRET MESSAGE'), state === 'joined', `/sync of ${state}`);
    if (state === 'never' || state === 'forgotten') assert.ok(!text.includes(scene.room), `/sync of ${state}`);
  }
});

test('slidingSync: neither in lists nor by subscription (adv-060, adv-061)', async () => {
  assert.ok(scene !== undefined);
  const wish = { timeline_limit: 20, required_state: [['*', '*']] };
  for (const [state, user] of scene.users) {
    const answer = await user.ok('POST', '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync', {
      lists: { all: { ranges: [[0, 99]], ...wish } },
      room_subscriptions: { [scene.room]: wish },
    });
    const text = JSON.stringify(answer.body);
    assert.equal(text.includes('SECRET MESSAGE'), state === 'joined', `sliding sync of ${state}`);
    if (state === 'never' || state === 'forgotten') {
      assert.ok(answer.get('rooms', scene.room) === undefined, `sliding sync of ${state}`);
    }
  }
});

const WRITES: Readonly<Record<string, (user: User, scene: Scene) => Promise<number>>> = {
  sendMessage: async (user, { room }) => (await user.call('PUT', v3`/rooms/${room}/send/m.room.message/w`, {})).status,
  setRoomStateWithKey: async (user, { room }) =>
    (await user.call('PUT', v3`/rooms/${room}/state/org.example.x/${user.id}`, {})).status,
  redactEvent: async (user, { room, event }) =>
    (await user.call('PUT', v3`/rooms/${room}/redact/${event}/w`, {})).status,
  setTyping: async (user, { room }) =>
    (await user.call('PUT', v3`/rooms/${room}/typing/${user.id}`, { typing: true, timeout: 1000 })).status,
  postReceipt: async (user, { room, event }) =>
    (await user.call('POST', v3`/rooms/${room}/receipt/m.read/${event}`, {})).status,
  setReadMarker: async (user, { room, event }) =>
    (await user.call('POST', v3`/rooms/${room}/read_markers`, { 'm.read': event })).status,
  setRoomAlias: async (user, { room }) =>
    (await user.call('PUT', v3`/directory/room/${`#x${user.id.slice(1)}`}`, { room_id: room })).status,
  setRoomVisibilityOnDirectory: async (user, { room }) =>
    (await user.call('PUT', v3`/directory/list/room/${room}`, { visibility: 'public' })).status,
  inviteUser: async (user, { room }) =>
    (await user.call('POST', v3`/rooms/${room}/invite`, { user_id: '@z:z' })).status,
};

for (const [operation, write] of Object.entries(WRITES)) {
  test(`${operation}: nobody who is not in the room may (adv-050)`, async () => {
    assert.ok(scene !== undefined);
    for (const [state, user] of scene.users) {
      if (state === 'joined') continue;
      const status = await write(user, scene);
      assert.ok([403, 404].includes(status), `${operation} by ${state}: ${status}`);
    }
  });
}
