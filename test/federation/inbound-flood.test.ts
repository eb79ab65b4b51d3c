/** Many transactions at once: what waits is bounded, and the flood of one server costs no other its turn. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defer } from '../../src/lib/deferred.ts';
import { TURN_LIMITS } from '../../src/server/federation/inbound/turns.ts';
import type { Answer } from '../harness/index.ts';
import { bystanderIn, sharedRoom, useScripted } from './scripted.ts';
import { untilSeen } from './until.ts';

const HERE = 'alpha.test';
const FLOOD = 40;
/** What any of them may hold: the limits count whatever is in it. */
const BODY = { origin: 'remote.test', origin_server_ts: 1, pdus: [], edus: [] };
const scripted = useScripted();

test('a server that floods us is refused for a while, and another is heard meanwhile', async () => {
  const { server, remote, bystander } = scripted;
  const [alice] = await server.users('alice');
  const mallory = remote.user('mallory');
  const room = await sharedRoom(scripted, mallory, alice);
  const bob = await bystanderIn(scripted, room, alice);
  const bobsRoom = bystander.rooms.get(room.roomId);
  assert.ok(bobsRoom !== undefined);
  // What comes first cannot be judged before what it follows has been fetched, which takes as long as we like.
  const gate = defer<void>();
  const letGo = remote.on('getMissingPreviousEvents', async (_, next) => {
    await gate.promise;
    return await next();
  });
  const fromBob = bobsRoom.message(bob, 'before the flood');
  room.message(mallory, 'held back');
  const last = room.message(mallory, 'after a gap');
  const first = remote.send(HERE, { pdus: [last] });
  await remote.until(() => (remote.requestsFor('getMissingPreviousEvents').length > 0 ? true : undefined));
  const answers: Answer[] = [];
  const refusals = defer<void>();
  const flood = Array.from({ length: FLOOD }, async (_, index) => {
    const uri = `/_matrix/federation/v1/send/flood${index}`;
    answers.push(await remote.client.request({ destination: HERE, method: 'PUT', uri, body: BODY }));
    if (answers.length === FLOOD - TURN_LIMITS.waitingOfOne) refusals.resolve();
  });
  // While the first is under way, all are answered but those that may wait.
  await refusals.promise;
  for (const answer of answers) {
    answer.expect(429, 'M_LIMIT_EXCEEDED');
    assert.equal(answer.headers.get('Retry-After'), String(Number(answer.get('retry_after_ms')) / 1_000));
  }
  await bystander.send(HERE, { edus: [], id: 'meanwhile' });
  gate.resolve();
  letGo();
  await first;
  await Promise.all(flood);
  assert.equal(answers.filter(({ status }) => status === 200).length, TURN_LIMITS.waitingOfOne);
  await untilSeen(alice, room.roomId, last.eventId);
  await bystander.deliver(bobsRoom, fromBob);
  await untilSeen(alice, room.roomId, fromBob.eventId);
  // Whoever was refused may come again with the same.
  await remote.send(HERE, { edus: [], id: 'flood39' });
});
