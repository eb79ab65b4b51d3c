/** Profiles, aliases and published rooms across servers, asked of a good server and of one that is not. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { JsonValue } from '../../src/matrix/json.ts';
import { TestNetwork, type TestServer, type User, v3 } from '../harness/index.ts';
import type { RemoteServer } from '../harness/remote-server.ts';
import type { OperationName } from '../harness/remote/operations.ts';
import { ok } from '../harness/remote/requests.ts';

const network = new TestNetwork();
const context = {} as { alpha: TestServer; beta: TestServer; remote: RemoteServer; alice: User; bob: User };

before(async () => {
  context.remote = await network.startRemote('remote.test');
  context.alpha = network.server('alpha.test');
  context.beta = network.server('beta.test');
  // Both know the other's address before they start.
  for (const server of [context.alpha, context.beta]) await server.start();
  context.alice = await context.alpha.register('alice');
  context.bob = await context.beta.register('bob');
});
after(async () => {
  await context.remote.stop();
  for (const server of [context.alpha, context.beta]) await server.finish();
});

/** Lets the scripted server answer something else for the time of a test. */
async function withAnswer(operation: OperationName, body: JsonValue, act: () => Promise<void>): Promise<void> {
  const takeOut = context.remote.on(operation, () => ok(body));
  try {
    await act();
  } finally {
    takeOut();
  }
}

/** A request of the scripted server, signed, whatever it is answered. */
async function asked(path: string, body?: JsonValue) {
  const { remote } = context;
  const method = body === undefined ? 'GET' : 'POST';
  const more = body === undefined ? {} : { body };
  return await remote.client.request({ destination: 'alpha.test', method, uri: path, ...more });
}

describe('profiles', () => {
  test('a user sees the profile of a user of another server', async () => {
    const { alice, bob } = context;
    await bob.ok('PUT', v3`/profile/${bob.id}/displayname`, { displayname: 'Bob of beta' });
    assert.equal((await alice.ok('GET', v3`/profile/${bob.id}`)).text('displayname'), 'Bob of beta');
    assert.equal((await alice.ok('GET', v3`/profile/${bob.id}/displayname`)).text('displayname'), 'Bob of beta');
    await alice.fails('404 M_NOT_FOUND', 'GET', v3`/profile/${bob.id}/avatar_url`);
    await alice.fails('404 M_NOT_FOUND', 'GET', v3`/profile/${'@nobody:beta.test'}`);
  });

  test('of a hostile answer only what could be a profile is shown, and one question serves many', async () => {
    const { alice, remote } = context;
    const told = { displayname: 7, avatar_url: 'javascript:1', 'm.tz': null, ['x'.repeat(300)]: 1, 'org.ok': ['yes'] };
    const before = remote.requestsFor('queryProfile').length;
    await withAnswer('queryProfile', told, async () => {
      const both = await Promise.all([1, 2].map(() => alice.ok('GET', v3`/profile/${'@odd:remote.test'}`)));
      for (const { body } of both) assert.deepEqual(body, { 'org.ok': ['yes'] });
    });
    assert.equal(remote.requestsFor('queryProfile').length - before, 1);
  });

  test('adv-065: the words of another server do not reach a client', async () => {
    const { alice, remote } = context;
    const takeOut = remote.on('queryProfile', () => ({
      status: 401,
      body: { errcode: 'M_UNKNOWN_TOKEN', error: 'go away', soft_logout: true },
    }));
    const answer = await alice.fails('502 M_UNKNOWN', 'GET', v3`/profile/${'@spoof:remote.test'}`);
    takeOut();
    assert.ok(!JSON.stringify(answer.body).includes('go away'));
    await alice.fails('504 M_UNKNOWN', 'GET', v3`/profile/${'@far:nowhere.test'}`);
  });

  test('queryProfile: other servers are told of local users only, and one field where they ask for one', async () => {
    const { alice, bob } = context;
    await alice.ok('PUT', v3`/profile/${alice.id}/displayname`, { displayname: 'Alice' });
    const path = (user: string) => `/_matrix/federation/v1/query/profile?user_id=${encodeURIComponent(user)}`;
    const whole = (await asked(path(alice.id))).expect(200);
    const avatar = (await asked(`${path(alice.id)}&field=avatar_url`)).expect(200);
    assert.deepEqual([JSON.stringify(whole.body), JSON.stringify(avatar.body)], ['{"displayname":"Alice"}', '{}']);
    (await asked(path('@nobody:alpha.test'))).expect(404, 'M_NOT_FOUND');
    (await asked(path(bob.id))).expect(400, 'M_INVALID_PARAM');
    (await asked('/_matrix/federation/v1/query/weather')).expect(404, 'M_UNRECOGNIZED');
  });
});

test('queryInfo: what nobody has given a meaning is unrecognized', async () => {
  (await asked('/_matrix/federation/v1/query/anything')).expect(404, 'M_UNRECOGNIZED');
});

describe('aliases', () => {
  test('a room is found and joined by its alias on another server', async () => {
    const { alice, bob } = context;
    const room = await alice.createRoom({ preset: 'public_chat', room_alias_name: 'square' });
    const found = await bob.ok('GET', v3`/directory/room/${'#square:alpha.test'}`);
    assert.deepEqual([found.text('room_id'), found.texts('servers')], [room, ['alpha.test']]);
    assert.equal((await bob.ok('POST', v3`/join/${'#square:alpha.test'}`, {})).text('room_id'), room);
    const again = await bob.ok('GET', v3`/directory/room/${'#square:alpha.test'}`);
    assert.deepEqual(again.texts('servers').toSorted(), ['alpha.test', 'beta.test']);
    await bob.fails('404 M_NOT_FOUND', 'GET', v3`/directory/room/${'#circle:alpha.test'}`);
  });

  test('an alias of another server may be a room’s own only where it points to it', async () => {
    const { alice, remote } = context;
    const room = await alice.createRoom({ preset: 'private_chat' });
    remote.aliases.set('#ours:remote.test', room);
    remote.aliases.set('#theirs:remote.test', '!other:remote.test');
    const path = v3`/rooms/${room}/state/m.room.canonical_alias/`;
    await alice.fails('400 M_BAD_ALIAS', 'PUT', path, { alias: '#theirs:remote.test' });
    await alice.ok('PUT', path, { alias: '#ours:remote.test' });
  });

  test('an answer that names no room is none', async () => {
    const { alice } = context;
    for (const told of [{ room_id: 'no room', servers: [] }, { servers: ['a.test'] }, []]) {
      await withAnswer('queryRoomDirectory', told, async () => {
        await alice.fails('504 M_UNKNOWN', 'GET', v3`/directory/room/${'#odd:remote.test'}`);
      });
    }
    await withAnswer('queryRoomDirectory', { room_id: '!r:remote.test', servers: ['ok.test', 'n o', 5] }, async () => {
      const found = await alice.ok('GET', v3`/directory/room/${'#odd:remote.test'}`);
      assert.deepEqual(found.texts('servers'), ['ok.test', 'remote.test']);
    });
  });

  test('queryRoomDirectory: other servers are told of aliases of this server only', async () => {
    const path = (alias: string) => `/_matrix/federation/v1/query/directory?room_alias=${encodeURIComponent(alias)}`;
    (await asked(path('#ours:remote.test'))).expect(404, 'M_NOT_FOUND');
    (await asked(path('nothing'))).expect(400, 'M_INVALID_PARAM');
  });
});

describe('published rooms', () => {
  test('getPublicRooms, queryPublicRooms: a user reads the directory of another server', async () => {
    const { alice, bob } = context;
    const room = await alice.createRoom({ preset: 'public_chat', visibility: 'public', name: 'Gardening' });
    const hidden = await alice.createRoom({ preset: 'public_chat', name: 'Gardening in secret' });
    const all = await bob.ok('GET', `${v3`/publicRooms`}?server=alpha.test`);
    const ids = all.list('chunk').map((one) => one['room_id']);
    assert.deepEqual([ids.includes(room), ids.includes(hidden)], [true, false]);
    const search = async (term: string) =>
      (await bob.ok('POST', `${v3`/publicRooms`}?server=alpha.test`, { filter: { generic_search_term: term } })).list(
        'chunk',
      ).length;
    assert.deepEqual([await search('garden'), await search('mining')], [1, 0]);
    await bob.fails('400 M_INVALID_PARAM', 'GET', `${v3`/publicRooms`}?server=n%20o`);
  });

  test('the other server does not learn who asks; of what it tells only rooms are shown', async () => {
    const { alice, remote } = context;
    const chunk = [
      { room_id: '!good:remote.test', num_joined_members: 3, world_readable: false, guest_can_join: true, name: 'G' },
      { room_id: 'bad', num_joined_members: 3, world_readable: false, guest_can_join: true },
      { room_id: '!odd:remote.test', num_joined_members: 'x', world_readable: 1, topic: 9, avatar_url: 'http://x/' },
      7,
    ];
    await withAnswer('getPublicRooms', { chunk, next_batch: 5 }, async () => {
      const page = await alice.ok('GET', `${v3`/publicRooms`}?server=remote.test&limit=10`);
      assert.deepEqual(page.list('chunk'), [
        { room_id: '!good:remote.test', num_joined_members: 3, world_readable: false, guest_can_join: true, name: 'G' },
        { room_id: '!odd:remote.test', num_joined_members: 0, world_readable: false, guest_can_join: false },
      ]);
    });
    const last = remote.requestsFor('getPublicRooms').at(-1);
    assert.deepEqual([last?.query.get('limit'), JSON.stringify(last).includes(alice.id)], ['10', false]);
  });
});
