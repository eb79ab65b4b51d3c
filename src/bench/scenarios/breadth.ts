/** B4: what a wake-up costs a user by the number of rooms they are in. B6: the sliding window. B5: initial sync. */
import { type Bench, closedLoop, latency, pause, type Scenario, timed } from '../context.ts';
import type { Http } from '../http.ts';
import { makeRoom, sendMessage, syncOnce } from '../rooms.ts';
import { round } from '../stats.ts';
import type { Account } from '../target.ts';

const FILTER = encodeURIComponent(
  JSON.stringify({ presence: { types: [] }, room: { state: { lazy_load_members: true } } }),
);

async function manyRooms(http: Http, [creator, ...others]: readonly Account[], count: number): Promise<string[]> {
  const rooms: string[] = [];
  if (creator === undefined) return rooms;
  await closedLoop(count, 8, async () => {
    rooms.push(await makeRoom(http, creator, others));
  });
  return rooms;
}

async function wakeUps(bench: Bench, breadth: number, events: number): Promise<void> {
  const http = bench.http(16);
  const [listener, sender] = await bench.accounts(http, 2);
  if (listener === undefined || sender === undefined) return;
  const rooms = await manyRooms(http, [sender, listener], breadth);
  let { next_batch: since } = await syncOnce(http, listener, `filter=${FILTER}`);
  const times: number[] = [];
  let lost = 0;
  const before = bench.cpu();
  for (let index = 0; index < events; index += 1) {
    const roomId = rooms[Math.floor(bench.random() * rooms.length)] ?? '';
    const waiting = syncOnce(http, listener, `since=${since}&timeout=10000&filter=${FILTER}&set_presence=offline`);
    await pause(20);
    const start = performance.now();
    const sent = sendMessage(http, sender, roomId, `wake${breadth}n${index}`);
    const answer = await waiting;
    times.push(performance.now() - start);
    since = answer.next_batch;
    const id = await sent;
    const seen = Object.values(answer.rooms?.join ?? {}).some((room) =>
      room.timeline.events.some((one) => one.event_id === id),
    );
    if (!seen) lost += 1;
  }
  bench.emit({
    scenario: 'B4',
    parameters: { rooms: breadth },
    values: { events, ...latency(times), ...bench.cpuSince(before, events) },
    verdict: lost === 0 ? 'valid' : 'void',
    ...(lost > 0 && { why: `${lost} events did not come with their wake-up` }),
  });
}

export const syncBreadth: Scenario = {
  name: 'B4',
  about: 'one user in 10 / 100 / 1,000 / 5,000 rooms: milliseconds and CPU of a wake-up',
  async run(bench) {
    for (const breadth of bench.options.short ? [10, 200] : [10, 100, 1_000, 5_000]) {
      await wakeUps(bench, breadth, bench.size(200, 30));
    }
  },
};

const INITIAL_FILTERS: readonly { readonly name: string; readonly filter: object }[] = [
  { name: '1 lazy', filter: { room: { timeline: { limit: 1 }, state: { lazy_load_members: true } } } },
  { name: '5 lazy', filter: { room: { timeline: { limit: 5 }, state: { lazy_load_members: true } } } },
  { name: '20 lazy', filter: { room: { timeline: { limit: 20 }, state: { lazy_load_members: true } } } },
  { name: '10 full', filter: { room: { timeline: { limit: 10 } } } },
];

export const initialSync: Scenario = {
  name: 'B5',
  about: 'initial sync of U users in R rooms of M members, all at once',
  async run(bench) {
    const [users, roomCount, members] = bench.options.short ? [5, 10, 20] : [20, 100, 100];
    const http = bench.http(users + 16);
    const accounts = await bench.accounts(http, Math.max(users, members));
    const rooms = await manyRooms(http, accounts, roomCount);
    const [sender] = accounts;
    if (sender === undefined) return;
    await closedLoop(rooms.length * 20, 16, async (index) => {
      await sendMessage(http, sender, rooms[index % rooms.length] ?? '', `fill${index}`);
    });
    for (const { name, filter } of INITIAL_FILTERS) {
      let bytes = 0;
      const before = bench.cpu();
      const times = await Promise.all(
        accounts.slice(0, users).map(async ({ token }) => {
          const encoded = encodeURIComponent(JSON.stringify(filter));
          const path = `/_matrix/client/v3/sync?filter=${encoded}&set_presence=offline`;
          const { ms, value } = await timed(() => http.send('GET', path, { token }));
          bytes += value.body.length;
          return value.status === 200 ? ms : Number.NaN;
        }),
      );
      bench.emit({
        scenario: 'B5',
        parameters: { users, rooms: roomCount, members, filter: name },
        values: {
          ...latency(times),
          bytesPerUser: Math.round(bytes / users),
          ...bench.cpuSince(before, users),
          ...bench.footprint(),
        },
        verdict: times.some(Number.isNaN) ? 'void' : 'valid',
      });
    }
  },
};

const REQUIRED = [
  ['m.room.create', ''],
  ['m.room.name', ''],
  ['m.room.avatar', ''],
  ['m.room.encryption', ''],
  ['m.room.member', '$LAZY'],
  ['m.room.member', '$ME'],
];

async function window(
  http: Http,
  { token }: Account,
  range: [number, number],
  pos: string | undefined,
): Promise<{ ms: number; bytes: number; pos: string; rooms: number }> {
  const body = { conn_id: 'window', lists: { all: { ranges: [range], timeline_limit: 20, required_state: REQUIRED } } };
  const query = `set_presence=offline${pos === undefined ? '' : `&pos=${pos}`}`;
  const path = `/_matrix/client/unstable/org.matrix.simplified_msc3575/sync?${query}`;
  const { ms, value } = await timed(() => http.send('POST', path, { token, body }));
  const answer = JSON.parse(value.body.toString('utf8')) as { pos: string; rooms: object };
  return { ms, bytes: value.body.length, pos: answer.pos, rooms: Object.keys(answer.rooms).length };
}

export const slidingWindow: Scenario = {
  name: 'B6',
  about: 'the first 20 of 1,000 rooms by sliding sync: cold, warm, and scrolling',
  async run(bench) {
    const http = bench.http(16);
    const roomCount = bench.size(1_000, 60);
    const accounts = await bench.accounts(http, 2);
    const [user] = accounts;
    if (user === undefined) return;
    const rooms = await manyRooms(http, accounts, roomCount);
    await closedLoop(Math.min(rooms.length, 60) * 20, 16, async (index) => {
      await sendMessage(http, user, rooms[index % Math.min(rooms.length, 60)] ?? '', `win${index}`);
    });
    if (bench.target.control !== undefined) {
      await bench.target.control.restart('SIGINT');
      const cold = await window(http, user, [0, 19], undefined);
      bench.emit({
        scenario: 'B6',
        parameters: { rooms: roomCount, state: 'cold' },
        values: { ms: round(cold.ms), bytes: cold.bytes },
        verdict: cold.rooms === 20 ? 'valid' : 'void',
      });
    }
    const times: number[] = [];
    for (let round_ = 0; round_ < bench.size(50, 5); round_ += 1)
      times.push((await window(http, user, [0, 19], undefined)).ms);
    const first = await window(http, user, [0, 19], undefined);
    bench.emit({
      scenario: 'B6',
      parameters: { rooms: roomCount, state: 'warm' },
      values: { ...latency(times), bytes: first.bytes },
      verdict: first.rooms === 20 ? 'valid' : 'void',
    });
    const next = await window(http, user, [20, 39], first.pos);
    bench.emit({
      scenario: 'B6',
      parameters: { rooms: roomCount, state: 'scrolled' },
      values: { ms: round(next.ms), bytes: next.bytes },
      verdict: next.rooms === 20 ? 'valid' : 'void',
    });
  },
};
