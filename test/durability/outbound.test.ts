/** The sender on a real disk and a real clock: what one run leaves, the next one delivers. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/adapters/clock/index.ts';
import { createMetrics } from '../../src/adapters/metrics/index.ts';
import { createRandom } from '../../src/adapters/random/index.ts';
import { defer } from '../../src/lib/deferred.ts';
import { siblingUrl } from '../../src/lib/sibling-url.ts';
import type { ServerName } from '../../src/matrix/ids.ts';
import type { Log } from '../../src/ports/log.ts';
import type { Store } from '../../src/ports/store/index.ts';
import { Outbound, type OutboundTransaction } from '../../src/server/federation/outbound/index.ts';
import { Stream } from '../../src/server/stream/index.ts';
import { Kit, type TestRoom } from '../../src/storage/conformance/kit.ts';
import { TEST_KEY } from '../../src/storage/conformance/transactions.ts';
import { openStore } from '../../src/storage/open.ts';
import { name } from '../harness/outbound/world.ts';

const [UP, ALSO_UP, AWAY] = [name('up.example'), name('also-up.example'), name('away.example')];
const log: Log = {
  child: () => log,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (message, cause) => assert.fail(`${message}: ${String(cause)}`),
};

/** What arrives, and who waits for how much of it. */
class Inbox {
  readonly pdus = new Map<ServerName, string[]>();
  readonly edus = new Map<ServerName, string[]>();
  readonly away = new Set<ServerName>();
  readonly #ids = new Set<string>();
  readonly #waiting: { isThere: () => boolean; resolve: () => void }[] = [];

  take(server: ServerName, { id, pdus, edus }: OutboundTransaction): void {
    // What a run was not answered before it ended, the next one repeats.
    if (this.#ids.has(`${server} ${id}`)) return;
    this.#ids.add(`${server} ${id}`);
    this.of(this.pdus, server).push(...pdus);
    this.of(this.edus, server).push(...edus);
    for (const one of this.#waiting) if (one.isThere()) one.resolve();
  }

  of(lists: Map<ServerName, string[]>, server: ServerName): string[] {
    const list = lists.get(server) ?? [];
    lists.set(server, list);
    return list;
  }

  async until(isThere: () => boolean): Promise<void> {
    if (isThere()) return;
    const turn = defer<void>();
    this.#waiting.push({ isThere, resolve: () => turn.resolve() });
    await turn.promise;
  }
}

interface Run {
  readonly store: Store;
  readonly stream: Stream;
  readonly outbound: Outbound;
  readonly stop: () => Promise<void>;
}

async function run(folder: string, inbox: Inbox): Promise<Run> {
  const cryptoModule = siblingUrl(import.meta.url, '../../src/adapters/crypto/index').href;
  const store = await openStore({ engine: 'sqlite', folder, cryptoModule, signingKeys: [TEST_KEY] });
  const stream = new Stream();
  const context = {
    serverName: name('own.example'),
    store,
    clock: systemClock,
    random: createRandom(),
    crypto: undefined as never,
    log,
    metrics: createMetrics({ process: false }),
    stream,
  };
  const outbound = new Outbound(context, {
    retry: { initialMs: 20, maxMs: 3_600_000 },
    send: (server, transaction) => {
      if (inbox.away.has(server)) return Promise.resolve({ kind: 'unreachable', why: 'no connection' });
      inbox.take(server, transaction);
      return Promise.resolve({ kind: 'accepted', failedPdus: 0 });
    },
  });
  await outbound.start();
  const stop = async (): Promise<void> => {
    await outbound.close();
    await store.close();
  };
  return { store, stream, outbound, stop };
}

/** Sends an event; gives its JSON. */
async function say({ store, stream }: Run, kit: Kit, room: TestRoom): Promise<string> {
  const event = kit.event(room);
  await store.transact((one) => {
    const { position } = one;
    one.events.append({ position, ...event });
    one.events.setForwardExtremities(room.number, [event.number], []);
    one.federation.putOutboundEvent(room.number, event.number);
    one.onCommit(() => stream.publish({ kind: 'event', position, room: room.number, event: event.number }));
  });
  return event.json;
}

test('what one run leaves, the next one delivers', { timeout: 30_000 }, async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-outbound-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const inbox = new Inbox();
  inbox.away.add(AWAY);
  const first = await run(folder, inbox);
  const kit = new Kit(first.store);
  const rooms = [await kit.room(), await kit.room()] as const;
  await first.store.transact((one) => {
    for (const { number } of rooms) for (const server of [UP, AWAY]) one.federation.addRoomServer(number, server);
    one.federation.addRoomServer(rooms[1].number, ALSO_UP);
  });
  const said: string[][] = [[], []];
  for (let count = 0; count < 40; count += 1) {
    for (const index of [0, 1] as const) said[index]?.push(await say(first, kit, rooms[index]));
  }
  for (const server of [UP, AWAY]) {
    for (const json of ['"1"', '"2"', '"3"']) {
      await first.store.transact((one) => {
        one.federation.putOutboundEdu(server, json);
        one.onCommit(() => first.stream.publish({ kind: 'outbound-edu', server }));
      });
    }
  }
  await inbox.until(() => inbox.of(inbox.edus, UP).length === 3 && inbox.of(inbox.pdus, UP).length === 80);
  await inbox.until(() => inbox.of(inbox.pdus, ALSO_UP).length === 40);
  assert.deepEqual(inbox.of(inbox.pdus, ALSO_UP), said[1]);
  await first.stop();

  const second = await run(folder, inbox);
  inbox.away.clear();
  const last = await say(second, kitOf(second, 1000), rooms[0]);
  second.outbound.contact(AWAY);
  const arrived = inbox.of(inbox.pdus, AWAY);
  await inbox.until(() => arrived.includes(last) && inbox.of(inbox.edus, AWAY).length === 3);
  assert.deepEqual(inbox.of(inbox.edus, AWAY), ['"1"', '"2"', '"3"']);
  assert.ok(arrived.includes(said[1]?.at(-1) ?? ''), 'the newest event of the other room');
  await inbox.until(() => inbox.of(inbox.pdus, UP).length === 81);
  await second.stop();

  const third = await run(folder, inbox);
  const destination = await third.store.federation.findDestination(UP);
  assert.ok((destination?.ackedPosition ?? 0) > 0 && destination?.lastSuccessAt !== undefined);
  assert.deepEqual(await third.store.federation.listOutboundEdus(UP, 9), []);
  await third.stop();
  assert.equal(inbox.of(inbox.pdus, UP).length, 81, 'nothing is sent again');
  assert.equal(inbox.of(inbox.edus, UP).length, 3);
});

/** A kit whose names do not meet those of the run before. */
function kitOf({ store }: Run, skipped: number): Kit {
  const kit = new Kit(store);
  for (let count = 0; count < skipped; count += 1) kit.unique();
  return kit;
}
