/** Two servers, a user on each: the founding picture, over real connections with TLS and signatures. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ROOM_VERSIONS } from '../../src/matrix/room-versions.ts';
import { type User, v3 } from '../harness/index.ts';
import { useServers } from '../harness/network.ts';
import { untilSeen } from './until.ts';

const [alpha, beta] = useServers(['alpha.test', 'beta.test']);

async function joinVia(user: User, room: string, server: string): Promise<void> {
  await user.ok('POST', `${v3`/join/${room}`}?via=${server}`, {});
}

describe('makeJoin, sendJoinV2, sendTransaction: a user joins a room of another server', () => {
  for (const version of ROOM_VERSIONS.keys()) {
    test(`room version ${version}: both hear each other`, async () => {
      const alice = await alpha.register('alice');
      const bob = await beta.register('bob');
      const room = await alice.createRoom({ preset: 'public_chat', room_version: version });
      await joinVia(bob, room, 'alpha.test');
      const fromBob = await bob.send(room, 'hello from beta');
      await untilSeen(alice, room, fromBob);
      const fromAlice = await alice.send(room, 'hello from alpha');
      await untilSeen(bob, room, fromAlice);
      const members = await bob.ok('GET', v3`/rooms/${room}/joined_members`);
      assert.deepEqual(Object.keys(members.get('joined') as object).sort(), [alice.id, bob.id].sort());
    });
  }
});

test('sendInviteV2: an invite crosses, is accepted, and the conversation goes on', async () => {
  const alice = await alpha.register('alice');
  const bob = await beta.register('bob');
  const room = await alice.createRoom({ preset: 'private_chat', name: 'Across', invite: [bob.id] });
  const first = await bob.sync();
  const invite = (first.body as { rooms: { invite: Record<string, { invite_state: { events: object[] } }> } }).rooms
    .invite;
  assert.ok(JSON.stringify(invite[room]).includes('Across'));
  await bob.join(room);
  await untilSeen(bob, room, await alice.send(room, 'welcome'));
  await untilSeen(alice, room, await bob.send(room, 'thanks'));
});

test('makeLeave, sendLeaveV2: an invite is refused, and the inviter hears of it', async () => {
  const alice = await alpha.register('alice');
  const bob = await beta.register('bob');
  const room = await alice.createRoom({ preset: 'private_chat', invite: [bob.id] });
  await bob.leave(room);
  const member = await alice.ok('GET', v3`/rooms/${room}/state/m.room.member/${bob.id}`);
  assert.equal(member.text('membership'), 'leave');
  const after = await bob.sync();
  assert.ok(!JSON.stringify(after.get('rooms') ?? {}).includes('"invite"'));
});

test('makeKnock, sendKnock: a user knocks, is let in, and leaves again', async () => {
  const alice = await alpha.register('alice');
  const bob = await beta.register('bob');
  const room = await alice.createRoom({ preset: 'private_chat', name: 'Knock' });
  await alice.setState(room, 'm.room.join_rules', { join_rule: 'knock' });
  await bob.ok('POST', `${v3`/knock/${room}`}?via=alpha.test`, { reason: 'please' });
  const knock = await alice.ok('GET', v3`/rooms/${room}/state/m.room.member/${bob.id}`);
  assert.equal(knock.text('membership'), 'knock');
  await alice.ok('POST', v3`/rooms/${room}/invite`, { user_id: bob.id });
  await bob.join(room);
  await untilSeen(alice, room, await bob.send(room, 'thank you'));
  await bob.leave(room);
  await untilSeen(alice, room, await memberEvent(bob, room, bob.id));
});

/** The id of somebody's member event, as a user sees it. */
async function memberEvent(user: User, room: string, target: string): Promise<string> {
  const state = await user.ok('GET', v3`/rooms/${room}/state`);
  const events = state.body as { type: string; state_key: string; event_id: string }[];
  const found = events.find((event) => event.type === 'm.room.member' && event.state_key === target);
  assert.ok(found !== undefined);
  return found.event_id;
}

test('who is banned is out on both sides', async () => {
  const alice = await alpha.register('alice');
  const bob = await beta.register('bob');
  const room = await alice.createRoom({ preset: 'public_chat' });
  await joinVia(bob, room, 'alpha.test');
  const before = (await bob.sync()).text('next_batch');
  await alice.ok('POST', v3`/rooms/${room}/ban`, { user_id: bob.id });
  await untilSeen(bob, room, await memberEvent(alice, room, bob.id), before);
  await bob.fails('403 M_FORBIDDEN', 'PUT', v3`/rooms/${room}/send/m.room.message/x1`, {
    msgtype: 'm.text',
    body: 'no',
  });
  await bob.fails('403 M_FORBIDDEN', 'POST', `${v3`/join/${room}`}?via=alpha.test`, {});
});

test('what was sent while a server was down arrives when it is back', async () => {
  const alice = await alpha.register('alice');
  const bob = await beta.register('bob');
  const room = await alice.createRoom({ preset: 'public_chat' });
  await joinVia(bob, room, 'alpha.test');
  await beta.stop();
  const sent: string[] = [];
  for (let index = 0; index < 5; index += 1) sent.push(await alice.send(room, `while you were out ${index}`));
  await beta.start();
  // A word from beta ends the pause that alpha has made.
  await bob.send(room, 'I am back');
  for (const id of sent) await untilSeen(bob, room, id);
  const page = await bob.ok('GET', `${v3`/rooms/${room}/messages`}?dir=b&limit=50`);
  const seen = (page.body as { chunk: { event_id: string }[] }).chunk.map((event) => event.event_id);
  assert.equal(new Set(seen).size, seen.length);
  for (const id of sent) assert.ok(seen.includes(id));
});

test('backfillRoom: history from before the join is fetched, page by page, whole and in order', async () => {
  const alice = await alpha.register('alice');
  const bob = await beta.register('bob');
  const room = await alice.createRoom({ preset: 'public_chat' });
  const sent: string[] = [];
  for (let index = 0; index < 120; index += 1) {
    if (index % 30 === 10) await alice.setState(room, 'm.room.topic', { topic: `${index}` });
    sent.push(await alice.send(room, `old ${index}`));
  }
  await joinVia(bob, room, 'alpha.test');
  const seen: string[] = [];
  for (let from: string | undefined; ; ) {
    const query = `dir=b&limit=40${from === undefined ? '' : `&from=${from}`}`;
    const page = await bob.ok('GET', `${v3`/rooms/${room}/messages`}?${query}`);
    const { chunk, end } = page.body as { chunk: { event_id: string; type: string }[]; end?: string };
    seen.push(...chunk.map((event) => event.event_id));
    if (end === undefined) break;
    from = end;
  }
  assert.equal(new Set(seen).size, seen.length, 'nothing comes twice');
  assert.deepEqual(seen.filter((id) => sent.includes(id)).reverse(), sent);
  const create = await bob.ok('GET', v3`/rooms/${room}/event/${seen.at(-1) ?? ''}`);
  assert.equal(create.text('type'), 'm.room.create');
});

test('who comes back to a room after their server was out of it learns of what changed meanwhile', async () => {
  const alice = await alpha.register('alice');
  const bob = await beta.register('bob');
  const room = await alice.createRoom({ preset: 'public_chat' });
  await joinVia(bob, room, 'alpha.test');
  const since = (await bob.sync()).text('next_batch');
  await bob.leave(room);
  await untilSeen(alice, room, await memberEvent(alice, room, bob.id));
  await alice.setState(room, 'm.room.topic', { topic: 'while you were out' });
  await joinVia(bob, room, 'alpha.test');
  const answer = await bob.sync({ since });
  const joined = (
    answer.body as {
      rooms: {
        join: Record<string, { timeline: { limited: boolean; events: object[] }; state: { events: object[] } }>;
      };
    }
  ).rooms.join[room];
  assert.equal(joined?.timeline.limited, true);
  assert.equal(joined.timeline.events.length, 1);
  assert.ok(JSON.stringify(joined.state.events).includes('while you were out'));
});
