/** Spaces whose rooms lie on several servers, told by good servers and by one that is not. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { JsonObject, JsonValue } from '../../src/matrix/json.ts';
import { type Answer, type Dict, TestNetwork, type TestServer, url, type User, v3 } from '../harness/index.ts';
import type { RemoteServer } from '../harness/remote-server.ts';
import { ok, param } from '../harness/remote/requests.ts';

const network = new TestNetwork();
const context = {} as { alpha: TestServer; beta: TestServer; remote: RemoteServer; alice: User; bob: User };

before(async () => {
  context.remote = await network.startRemote('remote.test');
  context.alpha = network.server('alpha.test');
  context.beta = network.server('beta.test');
  for (const server of [context.alpha, context.beta]) await server.start();
  context.alice = await context.alpha.register('alice');
  context.bob = await context.beta.register('bob');
});
after(async () => {
  await context.remote.stop();
  for (const server of [context.alpha, context.beta]) await server.finish();
});

async function space(user: User, options: Dict = {}): Promise<string> {
  return await user.createRoom({ preset: 'public_chat', creation_content: { type: 'm.space' }, ...options });
}

/** Puts a room into a space; `at` is its server, with what else the event says. */
async function addChild(user: User, parent: string, child: string, at: { via: string[] } & Dict): Promise<void> {
  await user.setState(parent, 'm.space.child', at, child);
}

async function hierarchy(user: User, room: string, query = ''): Promise<Answer> {
  return await user.ok('GET', `${url`/_matrix/client/v1/rooms/${room}/hierarchy`}${query}`);
}

function ids(answer: Answer): unknown[] {
  return answer.list('rooms').map((one) => one['room_id']);
}

describe('a space with rooms of another server', () => {
  test('is walked through, and only what its user may know is shown', async () => {
    const { alice, bob } = context;
    const root = await space(alice, { name: 'Root' });
    const sub = await space(bob, { name: 'Sub' });
    const open = await bob.createRoom({ preset: 'public_chat', name: 'Open' });
    const secret = await bob.createRoom({ preset: 'private_chat', name: 'Secret' });
    const restricted = async (allowed: string) =>
      await bob.createRoom({
        preset: 'private_chat',
        name: 'Restricted',
        initial_state: [
          {
            type: 'm.room.join_rules',
            content: { join_rule: 'restricted', allow: [{ type: 'm.room_membership', room_id: allowed }] },
          },
        ],
      });
    await alice.ok('POST', `${v3`/join/${sub}`}?via=beta.test`, {});
    await alice.leave(sub);
    const forRoot = await restricted(root);
    await bob.ok('POST', `${v3`/join/${root}`}?via=alpha.test`, {});
    for (const [child, order] of [
      [open, 'a'],
      [secret, 'b'],
      [forRoot, 'c'],
      [root, 'd'],
    ] as const) {
      await addChild(bob, sub, child, { via: [child === root ? 'alpha.test' : 'beta.test'], order });
    }
    await addChild(alice, root, sub, { via: ['beta.test'] });
    const answer = await hierarchy(alice, root);
    assert.deepEqual(ids(answer), [root, sub, open, forRoot]);
    assert.equal(answer.text('rooms', 2, 'name'), 'Open');
    assert.ok(!JSON.stringify(answer.body).includes('Secret'));
    // Page by page it is the same.
    const paged: unknown[] = [];
    for (let from = ''; ; ) {
      const page = await hierarchy(alice, root, `?limit=1${from}`);
      paged.push(...ids(page));
      if (page.get('next_batch') === undefined) break;
      from = `&from=${page.text('next_batch')}`;
    }
    assert.deepEqual(paged, [root, sub, open, forRoot]);
    assert.deepEqual(ids(await hierarchy(alice, root, '?max_depth=1')), [root, sub]);
    // A stranger is shown the public part.
    const stranger = await context.alpha.register('stranger');
    assert.deepEqual(ids(await hierarchy(stranger, root)), [root, sub, open]);
    const summary = await stranger.ok('GET', `${url`/_matrix/client/v1/room_summary/${open}`}?via=beta.test`);
    assert.equal(summary.text('name'), 'Open');
    await stranger.fails('404 M_NOT_FOUND', 'GET', `${url`/_matrix/client/v1/room_summary/${secret}`}?via=beta.test`);
  });

  test('getSpaceHierarchy: another server is told what its users may know (adv-059)', async () => {
    const { alice, remote } = context;
    const root = await space(alice);
    const open = await alice.createRoom({ preset: 'public_chat', name: 'Open' });
    const secret = await alice.createRoom({ preset: 'private_chat', name: 'Secret' });
    for (const child of [open, secret, '!far:beta.test']) await addChild(alice, root, child, { via: ['alpha.test'] });
    await addChild(alice, root, open, { via: ['alpha.test'], suggested: true });
    const ask = async (room: string, query = '') =>
      await remote.client.request({
        destination: 'alpha.test',
        method: 'GET',
        uri: `/_matrix/federation/v1/hierarchy/${encodeURIComponent(room)}${query}`,
      });
    const answer = (await ask(root)).expect(200);
    assert.deepEqual(
      [answer.list('children').map((one) => one['room_id']), answer.texts('inaccessible_children')],
      [[open], [secret]],
    );
    assert.equal(answer.list('room', 'children_state').length, 3);
    const suggested = (await ask(root, '?suggested_only=true')).expect(200);
    assert.equal(suggested.list('room', 'children_state').length, 1);
    for (const room of [secret, '!unknown:alpha.test']) {
      const refused = (await ask(room)).expect(404, 'M_NOT_FOUND');
      assert.equal(refused.text('error'), 'There is no such room');
    }
    await alice.setState(root, 'm.room.server_acl', { allow: ['*'], deny: ['remote.test'] });
    (await ask(root)).expect(404, 'M_NOT_FOUND');
  });
});

describe('a server that makes spaces up', () => {
  const child = (roomId: string, content: JsonObject = {}): JsonObject => ({
    type: 'm.space.child',
    state_key: roomId,
    sender: '@x:remote.test',
    content: { via: ['remote.test'], ...content },
    origin_server_ts: 1,
  });
  const room = (roomId: string, more: JsonObject = {}): JsonObject => ({
    room_id: roomId,
    num_joined_members: 1,
    world_readable: false,
    guest_can_join: false,
    join_rule: 'public',
    ...more,
  });

  async function withSpaces(
    answer: (roomId: string) => JsonValue,
    act: (root: string) => Promise<void>,
  ): Promise<void> {
    const { alice, remote } = context;
    const root = await space(alice);
    await addChild(alice, root, `!start-${root.slice(1, 9)}:remote.test`, { via: ['remote.test'] });
    const takeOut = remote.on('getSpaceHierarchy', (request) => ok(answer(param(request, 'roomId'))));
    try {
      await act(root);
    } finally {
      takeOut();
    }
  }

  test('adds no room that is none, and no word of which nobody knows', async () => {
    const { alice } = context;
    const answer = (roomId: string): JsonValue => ({
      room: room(roomId, {
        room_type: 'm.space',
        name: 7,
        evil: 'x',
        children_state: [
          child('!good:remote.test', { evil: 'x', order: 'a' }),
          child('no room'),
          child('!other:remote.test', { via: ['n o'] }),
          { ...child('!odd:remote.test'), type: 'm.room.topic' },
          5,
        ],
      }),
      children: [room('!good:remote.test', { topic: 'fine', avatar_url: 'http://x' }), {}, null],
      inaccessible_children: [4, 'x'],
    });
    await withSpaces(answer, async (root) => {
      const found = await hierarchy(alice, root);
      assert.equal(found.list('rooms').length, 3);
      assert.deepEqual(found.list('rooms').at(-1), {
        ...room('!good:remote.test', { topic: 'fine' }),
        children_state: [],
      });
      assert.ok(!JSON.stringify(found.body).includes('evil'));
    });
  });

  test('of another room, or of none, is not believed', async () => {
    const { alice } = context;
    for (const body of [{ room: room('!else:remote.test', { children_state: [] }) }, {}, { room: [] }]) {
      await withSpaces(
        () => ({ children: [], inaccessible_children: [], ...body }),
        async (root) => assert.deepEqual(ids(await hierarchy(alice, root)), [root]),
      );
    }
  });

  test('without end does not keep this one busy', async () => {
    const { alice, remote } = context;
    let count = 0;
    const answer = (roomId: string): JsonValue => {
      const children = Array.from({ length: 5 }, () => `!deep-${(count += 1)}:remote.test`);
      return {
        room: room(roomId, { room_type: 'm.space', children_state: children.map((id) => child(id)) }),
        children: children.map((id) => room(id, { room_type: 'm.space' })),
        inaccessible_children: [],
      };
    };
    await withSpaces(answer, async (root) => {
      const before = remote.requestsFor('getSpaceHierarchy').length;
      const page = await hierarchy(alice, root, '?limit=50');
      assert.ok(remote.requestsFor('getSpaceHierarchy').length - before <= 20);
      assert.equal(typeof page.get('next_batch'), 'string');
      let from = page.text('next_batch');
      for (let pages = 0; pages < 10; pages += 1) {
        const next = await hierarchy(alice, root, `?limit=50&from=${from}`);
        if (next.get('next_batch') === undefined) break;
        from = next.text('next_batch');
      }
      assert.ok(remote.requestsFor('getSpaceHierarchy').length - before <= 100, 'the walk ends');
    });
  });
});
