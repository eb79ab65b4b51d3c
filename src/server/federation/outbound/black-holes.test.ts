/** Servers that take connections and never answer, among a thousand that live. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Peer, World } from '../../../../test/harness/outbound/world.ts';

const COUNT = 1_000;
const MESSAGES = 10;
const STEP_MS = 10;

/** A world in which every server has just taken something. */
async function living(): Promise<{ world: World; peers: Peer[] }> {
  const world = new World();
  const peers = Array.from({ length: COUNT }, (_, index) => world.peer(`peer${index}.example`));
  await world.join(1, ...peers);
  await world.start();
  await world.say(1);
  await world.pass(2_000, STEP_MS);
  assert.ok(peers.every((peer) => peer.pdus.length === 1));
  return { world, peers };
}

/** The 99th of a hundred delays until servers have one of a few messages, one a second. */
async function slowest(world: World, peers: readonly Peer[]): Promise<number> {
  const delays: number[] = [];
  for (let count = 0; count < MESSAGES; count += 1) {
    const at = world.clock.now();
    const json = await world.say(1);
    await world.pass(1_000, STEP_MS);
    for (const peer of peers) delays.push((peer.takenAt.get(json) ?? Number.POSITIVE_INFINITY) - at);
  }
  return delays.toSorted((left, right) => left - right)[Math.floor(delays.length * 0.99)] ?? Number.NaN;
}

test('one black hole among a thousand servers: the others are sent to as if it were not there (adv-107)', async () => {
  const { world, peers } = await living();
  const [hole, ...others] = peers;
  assert.ok(hole !== undefined);
  const before = await slowest(world, others);
  hole.mode = 'silent';
  const during = await slowest(world, others);
  assert.ok(Number.isFinite(before));
  assert.equal(during, before);
  assert.equal(world.gauge('queued_events'), MESSAGES, 'only what waits for the black hole is kept');
});

test('three hundred of a thousand servers fall silent: the others wait no longer than said', async () => {
  const { world, peers } = await living();
  const silent = peers.filter((_, index) => index % 10 < 3);
  const others = peers.filter((_, index) => index % 10 >= 3);
  const before = await slowest(world, others);
  for (const peer of silent) peer.mode = 'silent';
  const at = world.clock.now();
  const json = await world.say(1);
  await world.pass(6_000, STEP_MS);
  const last = Math.max(...others.map((peer) => (peer.takenAt.get(json) ?? Number.POSITIVE_INFINITY) - at));
  assert.ok(last <= 6_000, `the last one had it after ${last} ms`);
  assert.equal(await slowest(world, others), before, 'from then on as before');
});
