/** B16: bytes that a message to one other server costs on the wire, TLS and HTTP included, in both directions. */
import { type Bench, pause, type Scenario } from '../context.ts';
import type { FleetGroup } from '../remotes/fleet.ts';
import type { Counted } from '../remotes/counting-proxy.ts';
import { PlayedRoom } from '../remotes/played-room.ts';
import { joinThrough, sendMessage } from '../rooms.ts';
import { round } from '../stats.ts';
import { Arrivals } from './arrivals.ts';

const WAIT_MS = 30_000;
/** Longer than a connection is kept that nobody uses. */
const IDLE_MS = 35_000;

const GROUPS: readonly (FleetGroup & { readonly server: string; readonly resumption: boolean })[] = [
  { name: 'resuming', server: 'resuming.remotes.test', resumption: true },
  { name: 'forgetful', server: 'forgetful.remotes.test', resumption: false },
].map((one) => ({ ...one, servers: [one.server], isCounted: true, resumesTls: one.resumption }));

interface Pace {
  readonly load: string;
  readonly intervalMs: number;
  readonly messages: number;
}

function difference(after: Counted, before: Counted): Counted {
  return {
    connections: after.connections - before.connections,
    bytesOut: after.bytesOut - before.bytesOut,
    bytesIn: after.bytesIn - before.bytesIn,
  };
}

async function measure(
  bench: Bench,
  { load, intervalMs, messages }: Pace,
  say: () => Promise<{ readonly isWhole: boolean }>,
): Promise<void> {
  const { fleet } = bench;
  const before = GROUPS.map(({ name }) => fleet.proxy(name).counted);
  let lost = 0;
  const start = performance.now();
  for (let index = 0; index < messages; index += 1) {
    // By the clock, so that a slow answer does not thin the load.
    await pause(Math.max(0, start + (index + 1) * intervalMs - performance.now()));
    const { isWhole } = await say();
    if (!isWhole) lost += 1;
  }
  for (const [index, { name, resumption }] of GROUPS.entries()) {
    const { connections, bytesOut, bytesIn } = difference(fleet.proxy(name).counted, before[index] ?? NOTHING);
    bench.emit({
      scenario: 'B16',
      parameters: { load, resumption },
      values: {
        messages,
        bytesPerMessage: round((bytesOut + bytesIn) / messages),
        bytesOut: round(bytesOut / messages),
        bytesIn: round(bytesIn / messages),
        connections,
      },
      verdict: lost === 0 ? 'valid' : 'void',
      ...(lost > 0 && { why: `${lost} messages did not arrive` }),
    });
  }
}

const NOTHING: Counted = { connections: 0, bytesOut: 0, bytesIn: 0 };

export const bytesOnTheWire: Scenario = {
  name: 'B16',
  about: 'bytes a message of 1 KB to another server, both directions, TLS and HTTP included: kept and new connections',
  remotes: () => GROUPS,
  async run(bench) {
    const { fleet } = bench;
    const http = bench.http(1);
    const [sender] = await bench.accounts(http, 1);
    const [first] = GROUPS;
    if (sender === undefined || first === undefined) return;
    const options = { version: '12', creator: `@u:${first.server}`, signerOf: fleet.signerOf, startedAt: Date.now() };
    const room = new PlayedRoom(options);
    for (const { server } of GROUPS.slice(1)) room.join(`@u:${server}`);
    fleet.addRoom(room);
    const roomId = room.roomId ?? '';
    await joinThrough(http, sender, roomId, first.server);
    const arrivals = new Arrivals();
    fleet.onTransaction = arrivals.note;
    const servers = GROUPS.map(({ server }) => server);
    let mark = 0;
    const say = async (): Promise<{ isWhole: boolean }> => {
      mark += 1;
      await sendMessage(http, { ...sender, mark }, roomId, `b16n${mark}`);
      const isWhole = await arrivals.untilAll(mark, servers, WAIT_MS);
      // The answer is on its way back.
      await pause(20);
      return { isWhole };
    };
    await say();
    const paces: Pace[] = [
      { load: '10 a second', intervalMs: 100, messages: bench.size(100, 20) },
      { load: '1 a second', intervalMs: 1_000, messages: bench.size(30, 5) },
      { load: 'after idle', intervalMs: IDLE_MS, messages: bench.size(5, 1) },
    ];
    for (const pace of paces) await measure(bench, pace, say);
    const why = 'the servers that the bench plays speak over no link';
    bench.emit({ scenario: 'B16', parameters: { load: 'over a link' }, values: {}, verdict: 'absent', why });
  },
};
