/** B8F: forks of a large room arrive from another server: the cost of each event on them, and of merging them. */
import type { Pdu } from '../../matrix/events.ts';
import { type EventId, parseEventId } from '../../matrix/ids.ts';
import { parsePduJson } from '../../matrix/json-parse.ts';
import { asObject, getObject, getString, getStrings } from '../../matrix/json.ts';
import { type Bench, type BenchOptions, pause, type Scenario } from '../context.ts';
import { readStateBytes } from '../probe.ts';
import { pdusOf } from '../remotes/fleet.ts';
import { Branch, PlayedRoom } from '../remotes/played-room.ts';
import { ReferenceStates } from '../remotes/reference-state.ts';
import { joinThrough } from '../rooms.ts';
import { round } from '../stats.ts';
import type { Account } from '../target.ts';

const PDUS_MAX = 50;
const OWN_EVENTS_MS = 10_000;

interface Shape {
  readonly width: number;
  readonly depth: number;
  /** Members on whose names the forks do not agree. */
  readonly conflicted: number;
}

interface Stage {
  readonly bench: Bench;
  readonly room: PlayedRoom;
  readonly members: readonly string[];
  readonly origin: string;
  /** Events that came over a fork, or an error. */
  readonly problems: string[];
}

function serversOf({ short }: BenchOptions): string[] {
  return Array.from({ length: short ? 20 : 200 }, (_, index) => `s${index}.remotes.test`);
}

function shapesOf({ short }: BenchOptions): Shape[] {
  if (short) return [0, 10].map((conflicted) => ({ width: 2, depth: 10, conflicted }));
  const shapes = [0, 10].flatMap((conflicted) =>
    [2, 5, 20].flatMap((width) => [1, 10, 100].map((depth) => ({ width, depth, conflicted }))),
  );
  // Each event on a fork is judged by the current state, which a thousand members are in conflict about: what takes
  // longer than it tells is left out.
  const large = [
    { width: 2, depth: 1 },
    { width: 2, depth: 10 },
    { width: 5, depth: 10 },
    { width: 20, depth: 1 },
  ];
  return [...shapes, ...large.map((one) => ({ ...one, conflicted: 1_000 }))];
}

/** Sends events one transaction after another; every one of them must be taken. */
async function deliver({ bench, room, origin, problems }: Stage, events: readonly Pdu[]): Promise<void> {
  for (let start = 0; start < events.length; start += PDUS_MAX) {
    const some = events.slice(start, start + PDUS_MAX);
    const answer = await bench.fleet.send(
      origin,
      some.map(({ eventId }) => room.textOf(eventId)),
    );
    for (const { eventId } of some) {
      const outcome = getObject(getObject(answer, 'pdus'), eventId);
      const error = outcome === undefined ? 'no answer' : getString(outcome, 'error');
      if (error !== undefined) problems.push(error);
    }
  }
}

/** The lines of a fork: the first renames every member in question, the others as many as they have events. */
function makeForks(
  { room, members }: Stage,
  { width, depth, conflicted }: Shape,
): { branches: Branch[]; events: Pdu[] } {
  const events: Pdu[] = [];
  const branches = Array.from({ length: width }, (_, number) => {
    const branch = room.main.fork();
    const renamed = number === 0 ? conflicted : Math.min(conflicted, depth);
    for (let index = 0; index < Math.max(renamed, depth); index += 1) {
      const sender = members[index % members.length] ?? '';
      const content =
        index < renamed ? { membership: 'join', displayname: `fork ${number}` } : { msgtype: 'm.text', body: 'on' };
      const kind = index < renamed ? { type: 'm.room.member', stateKey: sender } : { type: 'm.room.message' };
      events.push(branch.send({ ...kind, sender, content }));
    }
    return branch;
  });
  return { branches, events };
}

/** The newest events as the server under measurement has them; those of its own are taken over. */
async function extremitiesOf({ bench, room, origin }: Stage): Promise<EventId[]> {
  const [roomId, user] = [room.roomId ?? '', `@nobody:${origin}`].map(encodeURIComponent);
  const target = `/_matrix/federation/v1/make_join/${roomId}/${user}?ver=${room.rules.version}`;
  const end = performance.now() + OWN_EVENTS_MS;
  for (;;) {
    const { body } = await bench.fleet.request(origin, 'GET', target);
    const event = getObject(asObject(parsePduJson(body).value), 'event');
    const ids = (getStrings(event, 'prev_events') ?? []).map(parseEventId).filter((id) => id !== undefined);
    if (ids.every((id) => room.events.has(id))) return ids;
    if (performance.now() > end) throw new Error('an event of the server under measurement has not come');
    await pause(20);
  }
}

/** The state before an event as the server under measurement has it. */
async function stateBefore({ bench, room, origin }: Stage, eventId: EventId): Promise<Set<string>> {
  const query = `event_id=${encodeURIComponent(eventId)}`;
  const target = `/_matrix/federation/v1/state_ids/${encodeURIComponent(room.roomId ?? '')}?${query}`;
  const { status, body } = await bench.fleet.request(origin, 'GET', target);
  if (status !== 200) throw new Error(`state_ids answered ${status}`);
  return new Set(getStrings(asObject(parsePduJson(body).value), 'pdu_ids') ?? []);
}

function isSame(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  return left.size === right.size && [...left].every((one) => right.has(one));
}

async function timedDelivery(stage: Stage, events: readonly Pdu[]): Promise<{ ms: number; cpuMs: number }> {
  const before = stage.bench.cpu();
  const start = performance.now();
  await deliver(stage, events);
  const ms = performance.now() - start;
  const { cpuMainUs = 0, cpuOtherUs = 0 } = stage.bench.cpuSince(before, 1);
  return { ms, cpuMs: (cpuMainUs + cpuOtherUs) / 1_000 };
}

async function measure(stage: Stage, shape: Shape): Promise<void> {
  const { bench, room, members, problems } = stage;
  const weigh = (): number => readStateBytes(bench.target.probe?.dataPath ?? '', 'used') ?? 0;
  const states = new ReferenceStates(room);
  for (const tip of room.main.tips) states.put(tip, room.main.state);
  const { branches, events } = makeForks(stage, shape);
  for (const { tips, state } of branches) for (const tip of tips) states.put(tip, state);
  const before = weigh();
  const forks = await timedDelivery(stage, events);
  const between = weigh();
  const tips = branches.flatMap((branch) => branch.tips);
  const depth = Math.max(...branches.map((branch) => branch.depth));
  const sender = members[0] ?? '';
  const say = (branch: Branch): Pdu =>
    branch.send({ type: 'm.room.message', sender, content: { msgtype: 'm.text', body: 'merged' } });
  const merge = say(new Branch(room, states.after(tips), tips, depth));
  const merged = await timedDelivery(stage, [merge]);
  const after = weigh();
  // The next event follows everything that is there: also what the server under measurement has tied together.
  const ends = await extremitiesOf(stage);
  const depths = ends.map((id) => room.events.get(id)?.depth ?? 0);
  room.main = new Branch(room, states.after(ends), ends, Math.max(...depths));
  const expected = new Set<string>(room.main.state.values());
  const last = say(room.main);
  await deliver(stage, [last]);
  if (!isSame(await stateBefore(stage, last.eventId), expected)) problems.push('the states do not agree');
  const why = problems.splice(0);
  bench.emit({
    scenario: 'B8F',
    parameters: { members: members.length + 2, version: room.rules.version, ...shape },
    values: {
      events: events.length,
      msPerEvent: round(forks.ms / events.length),
      cpuMsPerEvent: round(forks.cpuMs / events.length),
      mergeMs: round(merged.ms),
      mergeCpuMs: round(merged.cpuMs),
      stateBytesPerEvent: round((between - before) / events.length),
      mergeStateBytes: after - between,
    },
    verdict: why.length === 0 ? 'valid' : 'void',
    ...(why.length > 0 && { why: `${why.length} × ${why[0] ?? ''}` }),
  });
}

async function open(bench: Bench, account: Account, size: { version: string; members: number }): Promise<Stage> {
  const { fleet } = bench;
  const servers = serversOf(bench.options);
  const [origin = ''] = servers;
  const creator = `@creator:${origin}`;
  const room = new PlayedRoom({ version: size.version, creator, signerOf: fleet.signerOf, startedAt: Date.now() });
  const members = Array.from({ length: size.members - 2 }, (_, index) => {
    const user = `@u${index}:${servers[index % servers.length] ?? ''}`;
    room.join(user);
    return user;
  });
  fleet.addRoom(room);
  fleet.onTransaction = (transaction) => {
    for (const json of pdusOf(transaction)) {
      const at = fleet.rooms.get(getString(json, 'room_id') ?? '');
      if (at !== undefined) at.take(json);
    }
  };
  await joinThrough(bench.http(1), account, room.roomId ?? '', origin);
  return { bench, room, members, origin, problems: [] };
}

export const federatedForks: Scenario = {
  name: 'B8F',
  about: 'forks of a room of 10,000 members, delivered by another server: each of their events, and the merge',
  remotes: (options) => [{ name: 'all', servers: serversOf(options) }],
  async run(bench) {
    const [account] = await bench.accounts(bench.http(1), 1);
    if (account === undefined) return;
    for (const version of ['11', '12']) {
      for (const members of [20, bench.size(10_000, 1_000)]) {
        const stage = await open(bench, account, { version, members });
        const shapes = shapesOf(bench.options).filter(({ conflicted }) => conflicted <= members / 2);
        // What is done for the first time costs more.
        await measure(stage, { width: 2, depth: 1, conflicted: 1 });
        for (const shape of shapes) await measure(stage, shape);
      }
    }
  },
};
