/** History visibility × membership over time, against a naive model, wherever events are read (adv-056). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Dict, useServer, type User, v3 } from '../../harness/index.ts';

const server = useServer();
const SETTINGS = ['world_readable', 'shared', 'invited', 'joined'] as const;
type Setting = (typeof SETTINGS)[number];
type Phase = 'before' | 'invited' | 'joined' | 'left' | 'rejoined';

/** Whether an event sent in a phase is visible to the user, who in the end is out again or joined once more. */
function mayView(setting: Setting, phase: Phase, isBack: boolean): boolean {
  if (setting === 'world_readable') return true;
  if (phase === 'joined' || phase === 'rejoined') return true;
  if (setting === 'shared') return phase !== 'left' || isBack;
  if (setting === 'invited') return phase === 'invited';
  return false;
}

async function scene(
  setting: Setting,
  isBack: boolean,
): Promise<{ bob: User; room: string; events: Map<Phase, string> }> {
  const [alice, bob] = await server.users('alice', 'bob');
  const visibility = { type: 'm.room.history_visibility', state_key: '', content: { history_visibility: setting } };
  const room = await alice.createRoom({ initial_state: [visibility] });
  const events = new Map<Phase, string>();
  const say = async (phase: Phase): Promise<void> => void events.set(phase, await alice.send(room, phase));
  await say('before');
  await alice.invite(room, bob);
  await say('invited');
  await bob.join(room);
  await say('joined');
  await bob.leave(room);
  await say('left');
  if (isBack) {
    await alice.invite(room, bob);
    await bob.join(room);
    await say('rejoined');
  }
  return { bob, room, events };
}

async function eventsIn(user: User, path: string): Promise<Set<string>> {
  const answer = await user.call('GET', path);
  if (answer.status !== 200) return new Set();
  return new Set(JSON.stringify(answer.body).match(/\$[A-Za-z0-9_-]{43}/g));
}

for (const setting of SETTINGS) {
  for (const isBack of [false, true]) {
    const title = `${setting}, ${isBack ? 'back again' : 'left'}`;
    test(`getRoomEvents, getOneRoomEvent, getEventContext: ${title} (adv-056)`, async () => {
      const { bob, room, events } = await scene(setting, isBack);
      const pages = await eventsIn(bob, `${v3`/rooms/${room}/messages`}?dir=b&limit=100`);
      const forwards = await eventsIn(bob, `${v3`/rooms/${room}/messages`}?dir=f&limit=100`);
      const filter = encodeURIComponent(JSON.stringify({ room: { include_leave: true, timeline: { limit: 100 } } }));
      const synced = await eventsIn(bob, `${v3`/sync`}?filter=${filter}`);
      const around = await eventsIn(bob, `${v3`/rooms/${room}/context/${events.get('joined') ?? ''}`}?limit=100`);
      for (const [phase, event] of events) {
        const may = mayView(setting, phase, isBack);
        const told = `${setting} ${phase}`;
        assert.equal((await bob.call('GET', v3`/rooms/${room}/event/${event}`)).status, may ? 200 : 404, told);
        assert.equal(pages.has(event), may, `/messages backwards: ${told}`);
        assert.equal(forwards.has(event), may, `/messages forwards: ${told}`);
        assert.equal(around.has(event), may, `/context: ${told}`);
        // What was said after the leave belongs to no sync of somebody who is out, though everybody may read it.
        const inSync = may && (isBack || phase !== 'left');
        assert.equal(synced.has(event), inSync, `/sync: ${told}`);
      }
    });
  }
}

test('getOneRoomEvent: a redacted event is never visible again on any endpoint (adv-063)', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom({ preset: 'public_chat' });
  await bob.join(room);
  const state = await alice.setState(room, 'm.room.topic', { topic: 'SECRETWORD' });
  await alice.ok('PUT', v3`/rooms/${room}/redact/${state}/r`, {});
  const sliding = { lists: { all: { ranges: [[0, 9]], timeline_limit: 20, required_state: [['*', '*']] } } };
  const answers = [
    await bob.ok('GET', v3`/rooms/${room}/state`),
    await bob.ok('GET', v3`/rooms/${room}/state/m.room.topic/`),
    await bob.sync(),
    await bob.ok('POST', v3`/publicRooms`, {}),
    await bob.ok('POST', '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync', sliding as Dict),
  ];
  for (const one of answers) assert.ok(!JSON.stringify(one.body).includes('SECRETWORD'), one.what);
});
