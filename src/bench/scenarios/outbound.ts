/** B11: one room with many servers, some of them dead: how soon the live ones have each message. */
import { type Bench, type BenchOptions, latency, pause, type Scenario, timed } from '../context.ts';
import type { Http } from '../http.ts';
import type { FleetGroup } from '../remotes/fleet.ts';
import { PlayedRoom } from '../remotes/played-room.ts';
import { readSockets } from '../probe.ts';
import { joinThrough, sendMessage } from '../rooms.ts';
import { round, summarise } from '../stats.ts';
import type { Account } from '../target.ts';
import { Arrivals } from './arrivals.ts';

/** Parts of all servers that die before each share, half of them closed, half of them silent. */
const DEATHS = [
  { deadPercent: 10, part: 0.1 },
  { deadPercent: 30, part: 0.2 },
] as const;
const WAIT_MS = 180_000;

interface Stage {
  readonly bench: Bench;
  readonly http: Http;
  readonly arrivals: Arrivals;
  readonly sender: Account;
  readonly roomId: string;
  readonly live: readonly string[];
}

interface Sent {
  readonly mark: number;
  readonly at: number;
}

function namesOf(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}.remotes.test`);
}

function groupsOf({ short }: BenchOptions): FleetGroup[] {
  const count = short ? 100 : 1_000;
  const dead = DEATHS.flatMap(({ deadPercent, part }) =>
    ['refused', 'silent'].map((kind) => {
      const name = `${kind}${deadPercent}`;
      return { name, servers: namesOf(`${name}x`, Math.round((count * part) / 2)) };
    }),
  );
  const living = count - dead.reduce((sum, { servers }) => sum + servers.length, 0);
  return [{ name: 'live', servers: namesOf('live', living) }, ...dead];
}

let marks = 0;

async function send({ http, sender, roomId }: Stage): Promise<Sent> {
  marks += 1;
  const mark = marks;
  const at = performance.now();
  const id = await sendMessage(http, { ...sender, mark }, roomId, `b11n${mark}`);
  if (id === undefined) throw new Error('a message was refused');
  return { mark, at };
}

/** Latencies of the messages at the live servers, and how many of them never came. */
function judge({ arrivals, live }: Stage, sent: readonly Sent[]): { times: number[]; all: number[]; missing: number } {
  const times: number[] = [];
  const all: number[] = [];
  let missing = 0;
  for (const { mark, at } of sent) {
    const own = live.map((server) => arrivals.at(mark, server)).filter((one) => one !== undefined);
    missing += live.length - own.length;
    times.push(...own.map((one) => one - at));
    all.push(Math.max(0, ...own) - at);
  }
  return { times, all, missing };
}

async function measure(stage: Stage, parameters: Record<string, string | number>, count: number): Promise<void> {
  const { bench, arrivals, live } = stage;
  const { probe } = bench.target;
  const sent: Sent[] = [];
  const before = { cpu: bench.cpu(), transactions: arrivals.transactions };
  let sockets = 0;
  const { ms } = await timed(async () => {
    for (let index = 0; index < count; index += 1) {
      sent.push(await send(stage));
      const isPaced = parameters['load'] === 'one at a time';
      if (isPaced || index === count - 1) await arrivals.untilAll(sent.at(-1)?.mark ?? 0, live, WAIT_MS);
      sockets = Math.max(sockets, probe === undefined ? 0 : (readSockets(probe.pid) ?? 0));
    }
  });
  const { times, all, missing } = judge(stage, sent);
  const isValid = missing === 0 && arrivals.duplicates === 0;
  bench.emit({
    scenario: 'B11',
    parameters,
    values: {
      messages: count,
      allLiveP50Ms: summarise(all).p50,
      allLiveMaxMs: summarise(all).max,
      ...latency(times, 'live'),
      seconds: round(ms / 1_000),
      ...bench.cpuSince(before.cpu, count * live.length),
      transactions: arrivals.transactions - before.transactions,
      sockets,
      ...bench.footprint(),
    },
    verdict: isValid ? 'valid' : 'void',
    ...(!isValid && { why: `${missing} deliveries to live servers are missing, ${arrivals.duplicates} came twice` }),
  });
}

/** The dead come back, and each says one word: soon all of them have the newest message. */
async function revive(stage: Stage, dead: readonly string[], groups: readonly string[]): Promise<void> {
  const { bench, arrivals } = stage;
  for (const group of groups) await bench.fleet.group(group).become('up');
  const { mark } = await send(stage);
  const { ms, value: isWhole } = await timed(async () => {
    const target = `/_matrix/federation/v1/query/profile?user_id=${encodeURIComponent(stage.sender.user)}`;
    for (const server of dead) await bench.fleet.request(server, 'GET', target);
    return await arrivals.untilAll(mark, dead, WAIT_MS);
  });
  bench.emit({
    scenario: 'B11',
    parameters: { servers: stage.live.length + dead.length, load: 'the dead return' },
    values: { dead: dead.length, seconds: round(ms / 1_000), duplicates: arrivals.duplicates },
    verdict: isWhole ? 'valid' : 'void',
    ...(!isWhole && { why: `${arrivals.missing(mark, dead)} servers that have come back lack the newest message` }),
  });
}

/** A room that somebody of every server is in, and the account that has joined it. */
async function open(bench: Bench, servers: readonly string[]): Promise<Omit<Stage, 'live'>> {
  const { fleet } = bench;
  const arrivals = new Arrivals();
  fleet.onTransaction = arrivals.note;
  const http = bench.http(1);
  const [sender] = await bench.accounts(http, 1);
  const [first = '', ...others] = servers;
  const options = { version: '12', creator: `@u:${first}`, signerOf: fleet.signerOf, startedAt: Date.now() };
  const room = new PlayedRoom(options);
  for (const server of others) room.join(`@u:${server}`);
  fleet.addRoom(room);
  const roomId = room.roomId ?? '';
  if (sender === undefined) throw new Error('there is no account');
  await joinThrough(http, sender, roomId, first);
  return { bench, http, arrivals, sender, roomId };
}

export const outbound: Scenario = {
  name: 'B11',
  about: 'one room with 1,000 other servers, 0, 10 and 30 % of them dead: until all live ones have a message',
  remotes: groupsOf,
  async run(bench) {
    const groups = groupsOf(bench.options);
    const all = groups.flatMap(({ servers }) => servers);
    const opened = await open(bench, all);
    let dead: string[] = [];
    let stage: Stage = { ...opened, live: all };
    const facts = (load: string, deadPercent: number) => ({ servers: all.length, deadPercent, load });
    // Nobody has been sent anything yet: every server waits for one of the few places for such.
    await measure(stage, facts('one at a time', 0), 1);
    for (const deadPercent of [0, 10, 30]) {
      const dying = groups.filter(({ name }) => name === `refused${deadPercent}` || name === `silent${deadPercent}`);
      for (const { name } of dying)
        await bench.fleet.group(name).become(name.startsWith('refused') ? 'refused' : 'silent');
      dead = [...dead, ...dying.flatMap(({ servers }) => servers)];
      stage = { ...stage, live: all.filter((server) => !dead.includes(server)) };
      await measure(stage, facts('one at a time', deadPercent), bench.size(20, 5));
      await measure(stage, facts('one after another', deadPercent), bench.size(100, 20));
      await pause(1_000);
    }
    await revive(
      stage,
      dead,
      groups.map(({ name }) => name),
    );
  },
};
