/** B8: state resolution in process, by the size of the conflict. B9: bytes of state a membership change. */
import { readDisk } from '../probe.ts';
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

async function churn(bench: Bench, members: number, changes: number): Promise<void> {
  const http = bench.http(32);
  const accounts = await bench.accounts(http, members);
  const [creator, ...others] = accounts;
  const { probe, control } = bench.target;
  if (creator === undefined || probe === undefined || control === undefined) return;
  const roomId = await makeRoom(http, creator, others);
  // A clean stop empties the log into the file: what is measured is what stays.
  await control.restart('SIGINT');
  const before = readDisk(bench.target.probe?.dataPath ?? '');
  const { ms } = await timed(async () => {
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let index = next; index < changes; index = next) {
        next += 1;
        const account = accounts[index % accounts.length];
        if (account === undefined) return;
        const [room, user] = [roomId, account.user].map(encodeURIComponent);
        const path = `/_matrix/client/v3/rooms/${room}/state/m.room.member/${user}`;
        await http.call('PUT', path, { token: account.token, body: { membership: 'join', displayname: `n${index}` } });
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
  });
  await control.restart('SIGINT');
  await pause(200);
  const after = readDisk(bench.target.probe?.dataPath ?? '');
  bench.emit({
    scenario: 'B9',
    parameters: { members, changes },
    values: { diskBytesPerChange: round((after - before) / changes), perSecond: round((changes / ms) * 1_000) },
    verdict: 'valid',
  });
}

export const stateChurn: Scenario = {
  name: 'B9',
  about: 'N members, K profile changes in a linear room: bytes of the whole database a change, event included',
  async run(bench) {
    const sizes: [number, number][] = bench.options.short
      ? [[50, 300]]
      : [
          [100, 5_000],
          [1_000, 5_000],
        ];
    for (const [members, changes] of sizes) await churn(bench, members, changes);
  },
};
