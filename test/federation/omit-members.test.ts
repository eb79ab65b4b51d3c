/** What a server is given whose user joins by us and that can do without the members of the room. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '../../src/matrix/json.ts';
import type { Dict, User } from '../harness/index.ts';
import { useScripted } from './scripted.ts';

const scene = useScripted();

/** So many members are left out. */
const MANY = 31;

/** A room of ours with so many members beside its creator. */
async function roomWith(count: number, options: Dict): Promise<{ creator: User; members: User[]; room: string }> {
  const creator = await scene.server.register('creator');
  const room = await creator.createRoom({ preset: 'public_chat', ...options });
  const members: User[] = [];
  for (let index = 0; index < count; index += 1) {
    const member = await scene.server.register('member');
    await member.join(room);
    members.push(member);
  }
  return { creator, members, room };
}

/** What `send_join` answers to a user of the scripted server. */
async function joinWith(room: string, omitMembers: boolean): Promise<Dict> {
  const { remote } = scene;
  const user = remote.user(`joiner${remote.users.size}`);
  const { client } = remote;
  let body: Dict | undefined;
  const put = client.put.bind(client);
  client.put = async (...parts) => {
    const answer = await put(...parts);
    body = answer.expect(200).body as Dict;
    return answer;
  };
  try {
    await remote.joinRemote({ destination: 'alpha.test', roomId: room, user, omitMembers, api: 2 });
  } finally {
    client.put = put;
  }
  assert.ok(body !== undefined);
  return body;
}

function stateOf(body: Dict): JsonObject[] {
  return body['state'] as JsonObject[];
}

function membersIn(body: Dict): unknown[] {
  return stateOf(body).flatMap((event) => (event['type'] === 'm.room.member' ? [event['state_key']] : []));
}

describe('an answer without members', () => {
  for (const version of ['10', '11', '12']) {
    test(`has the rest of the state, what it stands on, and who is there, in version ${version}`, async () => {
      const { room } = await roomWith(MANY, { name: 'large', room_version: version });
      const body = await joinWith(room, true);
      assert.equal(body['members_omitted'], true);
      assert.deepEqual(membersIn(body), []);
      assert.deepEqual(body['servers_in_room'], ['alpha.test']);
      const types = new Set(stateOf(body).map((event) => event['type']));
      for (const type of ['create', 'power_levels', 'join_rules', 'name', 'history_visibility']) {
        assert.ok(types.has(`m.room.${type}`), type);
      }
      // The creator's join is in no state that was told, and everything stands on it.
      const chain = (body['auth_chain'] as JsonObject[]).map((event) => event['type']);
      assert.ok(chain.includes('m.room.member'));
      assert.ok(!chain.includes('m.room.create'), 'what is in the state is not told twice');
    });
  }

  test('keeps those by whom a room without a name is called', async () => {
    const { creator, members, room } = await roomWith(MANY, {});
    const body = await joinWith(room, true);
    const expected = [creator, ...members.slice(0, 4)].map((user) => user.id);
    assert.deepEqual(new Set(membersIn(body)), new Set(expected));
    assert.equal(body['members_omitted'], true);
  });

  test('is not said to lack any where none are left out, since they are few', async () => {
    const { room } = await roomWith(2, { name: 'small' });
    const body = await joinWith(room, true);
    assert.equal(body['members_omitted'], false);
    assert.equal(membersIn(body).length, 3);
  });

  test('names the servers that were there before the join, and is given to those alone who ask for it', async () => {
    const { room } = await roomWith(MANY, { name: 'large', room_version: '11' });
    await joinWith(room, true);
    const second = await joinWith(room, false);
    assert.equal(second['members_omitted'], false);
    assert.equal(membersIn(second).length, MANY + 2);
    assert.deepEqual(second['servers_in_room'], ['alpha.test', 'remote.test']);
    const chain = (second['auth_chain'] as JsonObject[]).map((event) => event['type']);
    assert.ok(chain.includes('m.room.create'), 'the chain is whole');
  });
});
