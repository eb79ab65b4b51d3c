/** B1 and B2: durable sends, into one room and over many. */
import { type Bench, closedLoop, latency, type Scenario, timed } from '../context.ts';
import type { Http } from '../http.ts';
import { makeRoom, readBack, sendMessage } from '../rooms.ts';
import { round } from '../stats.ts';
import type { Account } from '../target.ts';

interface Load {
  readonly scenario: string;
  readonly parameters: Record<string, string | number>;
  readonly senders: readonly Account[];
  readonly rooms: readonly string[];
  readonly count: number;
  readonly http: Http;
}

async function measure(bench: Bench, load: Load): Promise<void> {
  const { senders, rooms, count, http } = load;
  const sent = new Map<string, string>();
  const times: number[] = [];
  let failures = 0;
  const before = bench.cpu();
  const { ms } = await timed(() =>
    closedLoop(count, senders.length, async (index, worker) => {
      const sender = senders[worker];
      const roomId = rooms[rooms.length === 1 ? 0 : Math.floor(bench.random() * rooms.length)];
      if (sender === undefined || roomId === undefined) return;
      const one = await timed(() => sendMessage(http, sender, roomId, `${load.scenario}${senders.length}n${index}`));
      times.push(one.ms);
      if (one.value === undefined) failures += 1;
      else sent.set(one.value, roomId);
    }),
  );
  const cpu = bench.cpuSince(before, count);
  const missing = await countMissing(load, sent);
  const isValid = missing === 0 && failures === 0;
  bench.emit({
    scenario: load.scenario,
    parameters: load.parameters,
    values: { count, perSecond: round((count / ms) * 1_000), ...latency(times), ...cpu },
    verdict: isValid ? 'valid' : 'void',
    ...(!isValid && { why: `${missing} acknowledged events cannot be read back, ${failures} answers were no 200` }),
  });
}

/** "every acknowledged event can be read back at the end". */
async function countMissing({ rooms, senders, http }: Load, sent: ReadonlyMap<string, string>): Promise<number> {
  const [reader] = senders;
  if (reader === undefined) return sent.size;
  let missing = 0;
  for (const roomId of rooms) {
    const wanted = [...sent].filter(([, room]) => room === roomId).map(([id]) => id);
    if (wanted.length === 0) continue;
    const found = await readBack(http, reader, roomId);
    missing += wanted.filter((id) => !found.has(id)).length;
  }
  return missing;
}

export const sendOneRoom: Scenario = {
  name: 'B1',
  about: 'one room, 1 / 10 / 100 concurrent senders, encrypted-shaped messages of 1 KB',
  async run(bench) {
    const http = bench.http(100);
    const count = bench.size(10_000, 600);
    for (const width of [1, 10, 100]) {
      const senders = await bench.accounts(http, width);
      const [creator, ...others] = senders;
      if (creator === undefined) continue;
      const roomId = await makeRoom(http, creator, others);
      await measure(bench, { scenario: 'B1', parameters: { senders: width }, senders, rooms: [roomId], count, http });
    }
  },
};

export const sendManyRooms: Scenario = {
  name: 'B2',
  about: 'many rooms of 10 members, 100 senders, messages uniformly',
  async run(bench) {
    const http = bench.http(100);
    const roomCount = bench.size(1_000, 30);
    const senders = await bench.accounts(http, bench.size(100, 20));
    const [reader] = senders;
    if (reader === undefined) return;
    const rooms: string[] = [];
    await closedLoop(roomCount, 8, async () => {
      // Every sender is in every room, so that any of them may send anywhere; the room is as large as that makes it.
      rooms.push(await makeRoom(http, reader, senders.slice(1)));
    });
    const parameters = { rooms: roomCount, senders: senders.length };
    await measure(bench, { scenario: 'B2', parameters, senders, rooms, count: bench.size(20_000, 600), http });
  },
};
