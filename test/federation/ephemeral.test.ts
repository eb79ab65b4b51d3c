/** Typing, receipts and presence across servers, and those that a server may not tell. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { JsonObject } from '../../src/matrix/json.ts';
import { TestNetwork, type User, v3 } from '../harness/index.ts';
import type { RemoteServer } from '../harness/remote-server.ts';
import { untilSeen, untilTrue } from './until.ts';

const network = new TestNetwork();
const federated = { presence: { federate: true } };
const alpha = network.server('alpha.test', { config: federated });
const beta = network.server('beta.test', { config: federated });
let mallory: RemoteServer;

before(async () => {
  mallory = await network.startRemote('evil.hosts.test');
  await alpha.start();
  await beta.start();
});

after(async () => {
  await mallory.stop();
  await alpha.finish();
  await beta.finish();
});

async function together(): Promise<{ alice: User; bob: User; room: string }> {
  const alice = await alpha.register('alice');
  const bob = await beta.register('bob');
  const room = await alice.createRoom({ preset: 'public_chat' });
  await bob.ok('POST', `${v3`/join/${room}`}?via=alpha.test`, {});
  return { alice, bob, room };
}

interface Body {
  readonly rooms?: {
    readonly join?: Record<string, { ephemeral?: { events: { type: string; content: JsonObject }[] } }>;
  };
  readonly presence?: { readonly events: { sender: string; content: { presence: string } }[] };
}

function ephemeral(answer: unknown, room: string, type: string): string {
  const events = (answer as Body).rooms?.join?.[room]?.ephemeral?.events ?? [];
  return JSON.stringify(events.filter((event) => event.type === type));
}

test('typing begins and ends on the other side', async () => {
  const { alice, bob, room } = await together();
  await bob.ok('PUT', v3`/rooms/${room}/typing/${bob.id}`, { typing: true, timeout: 20_000 });
  await untilTrue(alice, (answer) => ephemeral(answer, room, 'm.typing').includes(bob.id));
  await bob.ok('PUT', v3`/rooms/${room}/typing/${bob.id}`, { typing: false });
  await untilTrue(alice, (answer) => ephemeral(answer, room, 'm.typing').includes('"user_ids":[]'));
});

test('a receipt arrives, a private one does not', async () => {
  const { alice, bob, room } = await together();
  const first = await alice.send(room, 'read this');
  const second = await alice.send(room, 'and this in secret');
  await untilSeen(bob, room, second);
  await bob.ok('POST', v3`/rooms/${room}/receipt/m.read/${first}`, {});
  await untilTrue(alice, (answer) => ephemeral(answer, room, 'm.receipt').includes(first));
  await bob.ok('POST', v3`/rooms/${room}/receipt/m.read.private/${second}`, {});
  const last = await bob.send(room, 'done');
  await untilSeen(alice, room, last);
  const { body } = await alice.sync();
  assert.ok(!ephemeral(body, room, 'm.receipt').includes(second));
});

test('presence is told where both sides want it', async () => {
  const { alice, bob, room } = await together();
  await bob.ok('PUT', v3`/presence/${bob.id}/status`, { presence: 'online', status_msg: 'here I am' });
  await untilSeen(alice, room, await bob.send(room, 'look at my presence'));
  await untilTrue(alice, (answer) =>
    ((answer as Body).presence?.events ?? []).some((event) => event.sender === bob.id),
  );
});

test('nobody types, reads or is present for users of another server (adv-046, adv-047, adv-048)', async () => {
  const { alice, bob, room } = await together();
  const user = mallory.user('mallory');
  await mallory.joinRemote({ destination: 'alpha.test', roomId: room, user });
  const message = await alice.send(room, 'something to read');
  const read = (who: string): JsonObject => ({
    [room]: { 'm.read': { [who]: { event_ids: [message], data: { ts: 1 } } } },
  });
  const outsider = mallory.user('outsider');
  for (const who of [bob.id, alice.id, outsider, 'nobody', '__proto__']) {
    await mallory.send('alpha.test', {
      edus: [
        { edu_type: 'm.typing', content: { room_id: room, user_id: who, typing: true } },
        { edu_type: 'm.receipt', content: read(who) },
        { edu_type: 'm.presence', content: { push: [{ user_id: who, presence: 'online', status_msg: 'forged' }] } },
      ],
    });
  }
  // What is right comes last, so that its arrival tells that everything before has been looked at.
  await mallory.send('alpha.test', { edus: [{ edu_type: 'm.receipt', content: read(user) }] });
  await untilTrue(alice, (answer) => {
    const [typing, receipts] = [ephemeral(answer, room, 'm.typing'), ephemeral(answer, room, 'm.receipt')];
    const text = typing + receipts + JSON.stringify((answer as Body).presence ?? {});
    for (const who of [bob.id, outsider]) assert.ok(!(typing + receipts).includes(who), who);
    assert.ok(!text.includes('forged'));
    return receipts.includes(user);
  });
  // A server that the room keeps out says nothing there any more (adv-043).
  await alice.setState(room, 'm.room.server_acl', { allow: ['*'], deny: [mallory.name] });
  await mallory.send('alpha.test', {
    edus: [{ edu_type: 'm.typing', content: { room_id: room, user_id: user, typing: true } }],
  });
  const { body } = await alice.sync();
  assert.ok(!ephemeral(body, room, 'm.typing').includes(user));
});

test('EDUs that are none harm nothing', async () => {
  const { alice, room } = await together();
  await mallory.joinRemote({ destination: 'alpha.test', roomId: room, user: mallory.user('mallory') });
  const wrong = [
    null,
    7,
    'text',
    [],
    {},
    { edu_type: 'm.typing' },
    { edu_type: 7, content: {} },
    { edu_type: 'unknown', content: {} },
  ];
  const types = [
    'm.typing',
    'm.receipt',
    'm.presence',
    'm.direct_to_device',
    'm.device_list_update',
    'm.signing_key_update',
  ];
  const contents = [
    null,
    [],
    'x',
    { room_id: 7, user_id: [], typing: 'yes' },
    { push: {} },
    { push: [null, 7, {}] },
    { [room]: { 'm.read': 7 } },
  ];
  const edus = [...wrong, ...types.flatMap((edu_type) => contents.map((content) => ({ edu_type, content })))];
  await mallory.send('alpha.test', { edus: edus as JsonObject[] });
  assert.equal((await alice.sync()).status, 200);
});
