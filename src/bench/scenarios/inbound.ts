/** B18: transactions of other servers: what each event costs that is received. */
import type { Pdu } from '../../matrix/events.ts';
import { getObject, getString } from '../../matrix/json.ts';
import { type Bench, latency, type Scenario, timed } from '../context.ts';
import { PlayedRoom } from '../remotes/played-room.ts';
import { encryptedContent, joinThrough } from '../rooms.ts';
import { round } from '../stats.ts';
import type { Account } from '../target.ts';

const SERVERS = ['first', 'second', 'third', 'fourth'].map((name) => `${name}.remotes.test`);

interface Load {
  /** Each of a server of its own. */
  readonly rooms: number;
  readonly eventsPerTransaction: number;
  readonly transactions: number;
}

async function open(bench: Bench, account: Account, server: string): Promise<PlayedRoom> {
  const { fleet } = bench;
  const options = { version: '12', creator: `@u:${server}`, signerOf: fleet.signerOf, startedAt: Date.now() };
  const room = new PlayedRoom(options);
  fleet.addRoom(room);
  await joinThrough(bench.http(1), account, room.roomId ?? '', server);
  return room;
}

/** Sends transactions one after another, as servers do; errors of their events. */
async function deliver(
  { fleet }: Bench,
  { room, server, batches }: { room: PlayedRoom; server: string; batches: readonly (readonly Pdu[])[] },
  times: number[],
): Promise<string[]> {
  const problems: string[] = [];
  for (const batch of batches) {
    const texts = batch.map(({ eventId }) => room.textOf(eventId));
    const { ms, value } = await timed(() => fleet.send(server, texts));
    times.push(ms);
    for (const { eventId } of batch) {
      const outcome = getObject(getObject(value, 'pdus'), eventId);
      const error = outcome === undefined ? 'no answer' : getString(outcome, 'error');
      if (error !== undefined) problems.push(error);
    }
  }
  return problems;
}

async function measure(bench: Bench, rooms: readonly PlayedRoom[], load: Load): Promise<void> {
  const { eventsPerTransaction, transactions } = load;
  const work = rooms.slice(0, load.rooms).map((room, index) => {
    const server = SERVERS[index] ?? '';
    const make = (): Pdu =>
      room.main.send({ type: 'm.room.encrypted', sender: `@u:${server}`, content: encryptedContent(1) });
    const batches = Array.from({ length: transactions }, () => Array.from({ length: eventsPerTransaction }, make));
    return { room, server, batches };
  });
  const events = load.rooms * transactions * eventsPerTransaction;
  const times: number[] = [];
  const before = bench.cpu();
  const { ms, value } = await timed(() => Promise.all(work.map((one) => deliver(bench, one, times))));
  const problems = value.flat();
  bench.emit({
    scenario: 'B18',
    parameters: { rooms: load.rooms, eventsPerTransaction },
    values: {
      events,
      eventsPerSecond: round(events / (ms / 1_000)),
      ...bench.cpuSince(before, events),
      ...latency(times, 'transaction'),
      ...bench.footprint(),
    },
    verdict: problems.length === 0 ? 'valid' : 'void',
    ...(problems.length > 0 && { why: `${problems.length} × ${problems[0] ?? ''}` }),
  });
}

export const inbound: Scenario = {
  name: 'B18',
  about: 'transactions of messages of 1 KB from other servers: events a second, and the cost of each',
  remotes: () => [{ name: 'all', servers: SERVERS }],
  async run(bench) {
    const [account] = await bench.accounts(bench.http(1), 1);
    if (account === undefined) return;
    const rooms: PlayedRoom[] = [];
    for (const server of SERVERS) rooms.push(await open(bench, account, server));
    const of = (full: number): number => bench.size(full, Math.ceil(full / 10));
    const loads: Load[] = [
      { rooms: 1, eventsPerTransaction: 50, transactions: of(100) },
      { rooms: 1, eventsPerTransaction: 50, transactions: of(200) },
      { rooms: 4, eventsPerTransaction: 50, transactions: of(50) },
      { rooms: 1, eventsPerTransaction: 1, transactions: of(2_000) },
    ];
    for (const load of loads) await measure(bench, rooms, load);
  },
};
