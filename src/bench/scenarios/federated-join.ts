/** B7: a room of many members on many servers is joined: how soon one can speak in it, and how soon it is whole. */
import { setTimeout } from 'node:timers/promises';
import { parsePduJson } from '../../matrix/json-parse.ts';
import { asObject, getObject } from '../../matrix/json.ts';
import { type Bench, type BenchOptions, type Scenario } from '../context.ts';
import type { Http } from '../http.ts';
import { readPeakRss, readRss, resetPeakRss } from '../probe.ts';
import { PlayedRoom } from '../remotes/played-room.ts';
import { joinThrough, sendMessage } from '../rooms.ts';
import { round } from '../stats.ts';
import { Arrivals } from './arrivals.ts';

/** What the servers that are asked do: tell all, leave members out, and the same where the first one breaks down. */
const PEERS = ['tells all', 'tells all, first breaks', 'omits members', 'omits members, first breaks'] as const;

interface Case {
  readonly members: number;
  readonly version: string;
  readonly peer: (typeof PEERS)[number];
  /** The servers through which the room is joined. */
  readonly asked: readonly string[];
  /** Those of the members. */
  readonly servers: readonly string[];
}

const SERVERS = 200;
const WAIT_MS = 300_000;

/** Every room is on servers of its own, of which nothing is known before. */
function casesOf({ short }: BenchOptions): Case[] {
  const sizes = short ? [300] : [1_000, 10_000, 50_000];
  const shapes = sizes.flatMap((members) =>
    ['10', '12'].flatMap((version) => PEERS.map((peer) => ({ members, version, peer }))),
  );
  return shapes.map((shape, number) => {
    const names = (prefix: string, count: number): string[] =>
      Array.from({ length: count }, (_, index) => `${prefix}${number}x${index}.remotes.test`);
    return { ...shape, asked: names('asked', 2), servers: names('s', short ? 20 : SERVERS) };
  });
}

/** Everybody has joined, and taken a name since: for each member of the state there is one more event that it cites. */
function makeRoom(bench: Bench, { members, version, peer, asked, servers }: Case): PlayedRoom {
  const { fleet } = bench;
  const creator = `@creator:${asked[0]}`;
  const room = new PlayedRoom({ version, creator, signerOf: fleet.signerOf, startedAt: Date.now() });
  for (const server of asked.slice(1)) room.join(`@member:${server}`);
  for (let index = 0; index < members; index += 1) {
    const sender = `@user${index}:${servers[index % servers.length]}`;
    room.join(sender);
    const content = { avatar_url: `mxc://remotes.test/${index}`, displayname: `Member ${index}`, membership: 'join' };
    room.main.send({ type: 'm.room.member', sender, stateKey: sender, content });
  }
  room.omitsMembers = peer.startsWith('omits');
  if (peer.endsWith('breaks')) fleet.breaking.add(asked[0] ?? '');
  fleet.addRoom(room);
  // What the servers of the room have to think about is no part of the measurement.
  const told = room.tell();
  for (const lists of [told.whole, told.withoutMembers]) if (lists.state.length === 0) throw new Error('no state');
  return room;
}

interface Outcome {
  readonly joinMs: number;
  readonly sendMs: number;
  readonly wholeMs: number;
  readonly why: readonly string[];
}

async function enter(http: Http, bench: Bench, { room, shape }: { room: PlayedRoom; shape: Case }): Promise<Outcome> {
  const [user] = await bench.accounts(http, 1);
  if (user === undefined) throw new Error('there is no account');
  const roomId = room.roomId ?? '';
  const arrivals = new Arrivals();
  bench.fleet.onTransaction = arrivals.note;
  const start = performance.now();
  const passed = (): number => performance.now() - start;
  await joinThrough(http, user, roomId, ...shape.asked);
  const joinMs = passed();
  const sent = await sendMessage(http, { ...user, mark: 1 }, roomId, 'b7n1');
  const sendMs = passed();
  const count = await countMembers(http, user.token, roomId, WAIT_MS);
  const wholeMs = passed();
  const isHeard = await arrivals.untilAll(1, [...shape.asked, ...shape.servers], WAIT_MS);
  const expected = shape.members + shape.asked.length + 1;
  const why = [
    ...(sent === undefined ? ['the message was refused'] : []),
    ...(count === expected ? [] : [`${count} members instead of ${expected}`]),
    ...(isHeard ? [] : ['the message has not reached all servers']),
  ];
  return { joinMs, sendMs, wholeMs, why };
}

/** The number of members, once all of them are known. */
async function countMembers(http: Http, token: string, roomId: string, withinMs: number): Promise<number> {
  const end = performance.now() + withinMs;
  for (;;) {
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/joined_members`;
    const { status, body } = await http.send('GET', path, { token });
    if (status === 200) return Object.keys(getObject(asObject(parsePduJson(body).value), 'joined') ?? {}).length;
    if (performance.now() > end) return -1;
    await setTimeout(100);
  }
}

async function measure(bench: Bench, shape: Case): Promise<void> {
  const room = makeRoom(bench, shape);
  // Neither keys nor connections are left from the join before.
  await bench.target.control?.restart('SIGINT');
  const http = bench.http(2);
  const pid = bench.target.probe?.pid ?? 0;
  const rssBefore = readRss(pid) ?? 0;
  const isCounted = resetPeakRss(pid);
  const proxy = bench.fleet.proxy('asked');
  const bytesBefore = proxy.counted.bytesIn;
  const cpuBefore = bench.cpu();
  const { joinMs, sendMs, wholeMs, why } = await enter(http, bench, { room, shape });
  const peak = isCounted ? readPeakRss(pid) : undefined;
  const { members, version, peer } = shape;
  bench.emit({
    scenario: 'B7',
    parameters: { members, version, peer },
    values: {
      joinSeconds: round(joinMs / 1_000),
      firstSendSeconds: round(sendMs / 1_000),
      wholeSeconds: round(wholeMs / 1_000),
      ...(peak !== undefined && { rssPeakGrowthBytes: peak - rssBefore, rssBeforeBytes: rssBefore }),
      bytesIn: proxy.counted.bytesIn - bytesBefore,
      ...bench.cpuSince(cpuBefore, members),
    },
    verdict: why.length === 0 ? 'valid' : 'void',
    ...(why.length > 0 && { why: why.join(', ') }),
  });
  // Nobody asks any more, and the next room needs the place.
  bench.fleet.rooms.clear();
}

export const federatedJoin: Scenario = {
  name: 'B7',
  about: 'joining a room of 1,000 to 50,000 members on 200 servers: first message, whole state, memory, bytes',
  remotes: (options) => {
    const cases = casesOf(options);
    return [
      { name: 'asked', servers: cases.flatMap(({ asked }) => asked), isCounted: true },
      { name: 'others', servers: cases.flatMap(({ servers }) => servers) },
    ];
  },
  async run(bench) {
    for (const shape of casesOf(bench.options)) await measure(bench, shape);
  },
};
