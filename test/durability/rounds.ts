/** Rounds of load, `kill -9` and judgement. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { dig } from '../harness/index.ts';
import { Seeded } from '../conformance/sync/actions.ts';
import { Client, Follower } from './ledger.ts';
import { ServerProcess } from './process.ts';

export interface Tally {
  rounds: number;
  acknowledged: number;
  slowestStartMs: number;
}

const SENDERS = 4;

interface Cast {
  readonly server: ServerProcess;
  readonly senders: readonly Client[];
  readonly followers: readonly Follower[];
  readonly room: string;
}

/** Runs `rounds` crashes from `seed`; throws at the first thing that was lost. */
export async function killRounds(rounds: number, seed: number, report: (text: string) => void): Promise<Tally> {
  const random = new Seeded(seed);
  const server = new ServerProcess();
  const tally: Tally = { rounds: 0, acknowledged: 0, slowestStartMs: 0 };
  try {
    await server.start();
    const cast = await makeCast(server);
    for (let round = 0; round < rounds; round += 1) {
      const afterMs = 60 + random.below(800);
      await loadUntilKilled(cast, afterMs);
      checkFile(server);
      tally.slowestStartMs = Math.max(tally.slowestStartMs, await server.start());
      await verifyAll(cast);
      tally.rounds += 1;
      tally.acknowledged = cast.senders.reduce((sum, one) => sum + one.messages.size + one.toDevice.size + one.keys, 0);
      report(`round ${round + 1}: killed after ${afterMs} ms, ${tally.acknowledged} acknowledged, nothing lost`);
    }
    return tally;
  } finally {
    await server.dispose();
  }
}

async function makeCast(server: ServerProcess): Promise<Cast> {
  const senders: Client[] = [];
  for (let n = 0; n < SENDERS; n += 1) {
    const client = new Client(server);
    await client.register(`sender${n}`);
    senders.push(client);
  }
  const [first] = senders;
  assert.ok(first !== undefined);
  const { body } = await first.ok('POST', '/_matrix/client/v3/createRoom', { preset: 'public_chat' });
  const room = String(dig(body, 'room_id'));
  for (const one of senders) await one.ok('POST', `/_matrix/client/v3/join/${encodeURIComponent(room)}`, {});
  const followers = senders.map((one) => new Follower(one, room));
  for (const one of followers) await one.poll(0);
  return { server, senders, followers, room };
}

async function loadUntilKilled({ server, senders, followers, room }: Cast, afterMs: number): Promise<void> {
  let running = true;
  const until = async (task: () => Promise<unknown>): Promise<void> => {
    try {
      while (running) await task();
    } catch (error) {
      // Only a connection that broke is the crash that we make; anything else is a finding.
      if (!(error instanceof TypeError)) throw error;
    }
  };
  const sending = senders.map((one, index) => until(() => one.step(room, senders[(index + 1) % SENDERS] ?? one)));
  const following = followers.map((one) => until(() => one.poll(2_000)));
  await pause(afterMs);
  await server.kill();
  running = false;
  await Promise.all([...sending, ...following]);
}

function checkFile({ database }: ServerProcess): void {
  for (const name of readdirSync(database).filter((one) => /\.(db|sqlite)$/.test(one))) {
    const file = path.join(database, name);
    assert.ok(existsSync(file));
    const opened = new DatabaseSync(file);
    try {
      assert.deepEqual(
        opened
          .prepare('PRAGMA integrity_check')
          .all()
          .map((row) => ({ ...row })),
        [{ integrity_check: 'ok' }],
      );
    } finally {
      opened.close();
    }
  }
}

async function verifyAll({ senders, followers, room }: Cast): Promise<void> {
  for (const one of senders) await one.verify(room);
  for (const one of followers) while (await one.poll(0));
  for (const [index, follower] of followers.entries()) {
    for (const sender of senders) {
      for (const [event, body] of sender.messages)
        assert.equal(follower.events.get(event), body, `${event} is missing`);
      if (sender.receipt.sure === '') continue;
      const told = follower.receipts.get(sender.id);
      assert.ok(told === sender.receipt.sure || told === sender.receipt.maybe, `the receipt of ${sender.id}`);
    }
    const bodies = [...follower.events.values()];
    assert.equal(new Set(bodies).size, bodies.length, 'a message that was sent again is there twice');
    const from = senders[(index + SENDERS - 1) % SENDERS];
    const got = new Set(follower.toDevice);
    assert.equal(got.size, follower.toDevice.length, 'a to-device message came twice');
    for (const n of from?.toDevice ?? []) assert.ok(got.has(`${from?.id} ${n}`), `to-device message ${n} is missing`);
  }
}
