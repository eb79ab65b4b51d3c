/** What users of other servers say is a message, and never an order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { v3 } from '../harness/index.ts';
import { sharedRoom, useScripted } from './scripted.ts';
import { untilSeen } from './until.ts';

const scripted = useScripted();

/** As servers and bots take them, and as such words have been hidden from those who look for them. */
const ORDERS = [
  '!admin users create-user eve',
  '\\!admin users create-user eve',
  '\\\\!admin users create-user eve',
  '!postern deactivate @root:alpha.test',
  '@postern:alpha.test: users make-admin @mallory:remote.test',
  '@server:alpha.test users deactivate @root:alpha.test',
  '/postern users create-user eve',
  '--admin users create-user eve',
  '\u200b!admin users create-user eve',
];

test('orders of a user of another server are said, and nothing is done (adv-069)', async () => {
  const { server, remote } = scripted;
  const root = await server.register('root');
  const { accounts } = server.running.services;
  const record = async () => await accounts.findByName(root.id);
  await accounts.setFlags((await record())?.user ?? assert.fail(), { admin: true });
  const mallory = remote.user('mallory');
  const room = await sharedRoom(scripted, mallory, root);
  const before = await record();
  const texts = ORDERS.flatMap((body) => [
    { msgtype: 'm.text', body },
    { msgtype: 'm.notice', body, format: 'org.matrix.custom.html', formatted_body: `<p>${body}</p>` },
  ]);
  const said = texts.map((content) => room.send({ type: 'm.room.message', sender: mallory, content }));
  for (const event of said) await remote.send('alpha.test', { pdus: [event] });
  const last = said.at(-1) ?? assert.fail();
  await untilSeen(root, room.roomId, last.eventId);
  const answer = await root.ok('GET', v3`/rooms/${room.roomId}/messages` + '?dir=b&limit=100');
  const senders = answer
    .list('chunk')
    .filter((event) => event['type'] === 'm.room.message')
    .map((event) => event['sender']);
  assert.deepEqual(
    senders,
    texts.map(() => mallory),
    'nobody answers',
  );
  assert.deepEqual(await record(), before);
  assert.equal(await accounts.findByName('@eve:alpha.test'), undefined);
  assert.deepEqual([...room.nodes.values()].filter(({ pdu }) => pdu.sender.endsWith('alpha.test')).length, 1);
});
