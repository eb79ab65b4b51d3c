/** B8: state resolution in process, by the size of the conflict. B9: bytes of state a membership change. */
import { readDisk, readStateBytes } from '../probe.ts';
import { type Bench, pause, type Scenario, timed } from '../context.ts';
import { makeRoom } from '../rooms.ts';
import { round, summarise } from '../stats.ts';
import { makeForkedRoom, resolveForks } from './forked-room.ts';

export const stateResolution: Scenario = {
  name: 'B8',
  about: 'a room of 10,000 members, two or more forks, C conflicted members: milliseconds a merge, in process',
  async run(bench) {
    const members = bench.size(10_000, 1_000);
    for (const version of ['11', '12']) {
      const room = makeForkedRoom(version, members);
      for (const forks of bench.options.short ? [2] : [2, 5, 20]) {
        for (const conflicted of bench.options.short ? [0, 10] : [0, 10, 1_000]) {
          const times: number[] = [];
          let agree = true;
          for (let index = 0; index < bench.size(7, 3); index += 1) {
            const start = performance.now();
            const first = resolveForks(room, { forks, conflicted, order: 'as given' });
            times.push(performance.now() - start);
            const second = resolveForks(room, { forks, conflicted, order: 'reversed' });
            agree &&= first === second;
          }
          bench.emit({
            scenario: 'B8',
            parameters: { members, version, forks, conflicted },
            values: { p50Ms: summarise(times).p50, maxMs: summarise(times).max },
            verdict: agree ? 'valid' : 'void',
            ...(!agree && { why: 'the order of the forks changed the result' }),
          });
        }
      }
    }
  },
};

interface Churn {
  readonly rooms: number;
  readonly members: number;
  /** Changes in all rooms together. */
  readonly changes: number;
}

async function churn(bench: Bench, { rooms, members, changes }: Churn): Promise<void> {
  const http = bench.http(32);
  const accounts = await bench.accounts(http, members);
  const [creator, ...others] = accounts;
  const { control } = bench.target;
  if (creator === undefined || bench.target.probe === undefined || control === undefined) return;
  const roomIds: string[] = [];
  for (let index = 0; index < rooms; index += 1) roomIds.push(await makeRoom(http, creator, others));
  // A clean stop empties the log into the file: what is measured is what stays.
  const weigh = async (): Promise<{ disk: number; state: number }> => {
    await control.restart('SIGINT');
    await pause(200);
    const folder = bench.target.probe?.dataPath ?? '';
    return { disk: readDisk(folder), state: readStateBytes(folder) ?? Number.NaN };
  };
  const before = await weigh();
  const { ms } = await timed(async () => {
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let index = next; index < changes; index = next) {
        next += 1;
        const account = accounts[Math.floor(index / rooms) % accounts.length];
        const roomId = roomIds[index % rooms];
        if (account === undefined || roomId === undefined) return;
        const [room, user] = [roomId, account.user].map(encodeURIComponent);
        const path = `/_matrix/client/v3/rooms/${room}/state/m.room.member/${user}`;
        await http.call('PUT', path, { token: account.token, body: { membership: 'join', displayname: `n${index}` } });
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
  });
  const after = await weigh();
  bench.emit({
    scenario: 'B9',
    parameters: { rooms, members, changes },
    values: {
      stateBytesPerChange: round((after.state - before.state) / changes),
      diskBytesPerChange: round((after.disk - before.disk) / changes),
      perSecond: round((changes / ms) * 1_000),
    },
    verdict: 'valid',
  });
}

export const stateChurn: Scenario = {
  name: 'B9',
  about: 'N members, K profile changes: bytes of state a change, and of the whole database, event included',
  async run(bench) {
    const sizes: Churn[] = bench.options.short
      ? [
          { rooms: 1, members: 50, changes: 1_000 },
          { rooms: 20, members: 20, changes: 2_000 },
        ]
      : [
          { rooms: 1, members: 100, changes: 5_000 },
          { rooms: 1, members: 1_000, changes: 5_000 },
          { rooms: 1, members: 10_000, changes: 2_000 },
          { rooms: 200, members: 20, changes: 10_000 },
        ];
    for (const size of sizes) await churn(bench, size);
  },
};
