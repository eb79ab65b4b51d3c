/** B10: start and idle. B14: kill. B15: media. */
import { randomFillSync } from 'node:crypto';
import { closedLoop, latency, pause, type Scenario, timed } from '../context.ts';
import { makeRoom, readBack, sendMessage } from '../rooms.ts';
import { round, summarise } from '../stats.ts';

export const idleAndStart: Scenario = {
  name: 'B10',
  about: 'N rooms of 10: memory at rest, CPU of idle time, start to the first answer',
  async run(bench) {
    const { control } = bench.target;
    if (control === undefined) return;
    const http = bench.http(16);
    const accounts = await bench.accounts(http, 10);
    const [creator, ...others] = accounts;
    if (creator === undefined) return;
    const roomCount = bench.size(1_000, 50);
    await closedLoop(roomCount, 8, async () => {
      await makeRoom(http, creator, others);
    });
    const starts: number[] = [];
    const firstSyncs: number[] = [];
    for (let index = 0; index < bench.size(5, 2); index += 1) {
      starts.push((await timed(() => control.restart('SIGINT'))).ms);
      firstSyncs.push(
        (await timed(() => http.send('GET', '/_matrix/client/v3/sync?set_presence=offline', { token: creator.token })))
          .ms,
      );
    }
    const idleMs = bench.size(60_000, 3_000);
    const before = bench.cpu();
    await pause(idleMs);
    const idle = bench.cpuSince(before, 1);
    bench.emit({
      scenario: 'B10',
      parameters: { rooms: roomCount },
      values: {
        restartMs: summarise(starts).p50,
        firstSyncMs: summarise(firstSyncs).p50,
        idleCpuMsPerMinute: round((((idle['cpuMainUs'] ?? 0) + (idle['cpuOtherUs'] ?? 0)) / 1_000) * (60_000 / idleMs)),
        ...bench.footprint(),
      },
      verdict: 'valid',
    });
  },
};

export const killUnderLoad: Scenario = {
  name: 'B14',
  about: 'kill -9 at random during sends: acknowledged events lost, time to the first answer',
  async run(bench) {
    const { control } = bench.target;
    if (control === undefined) return;
    const http = bench.http(16);
    const [sender] = await bench.accounts(http, 1);
    if (sender === undefined) return;
    const roomId = await makeRoom(http, sender, []);
    const acknowledged = new Set<string>();
    const times: number[] = [];
    const rounds = bench.size(20, 3);
    for (let index = 0; index < rounds; index += 1) {
      let isOver = false;
      const load = Promise.all(
        Array.from({ length: 8 }, async (_, worker) => {
          for (let count = 0; !isOver; count += 1) {
            const id = await sendMessage(http, sender, roomId, `kill${index}w${worker}n${count}`).catch(
              () => undefined,
            );
            if (id !== undefined) acknowledged.add(id);
          }
        }),
      );
      await pause(200 + bench.random() * 600);
      const restarted = timed(() => control.restart('SIGKILL'));
      isOver = true;
      times.push((await restarted).ms);
      await load;
    }
    const found = await readBack(http, sender, roomId);
    const lost = [...acknowledged].filter((id) => !found.has(id)).length;
    bench.emit({
      scenario: 'B14',
      parameters: { rounds },
      values: { acknowledged: acknowledged.size, lost, ...latency(times, 'restart') },
      verdict: lost === 0 ? 'valid' : 'void',
      ...(lost > 0 && { why: `${lost} acknowledged events are gone` }),
    });
  },
};

const MEBIBYTE = 1_048_576;

export const mediaTransfer: Scenario = {
  name: 'B15',
  about: 'uploads of 1 MiB, 10 in parallel, and their downloads: MB/s and memory',
  async run(bench) {
    const http = bench.http(16);
    const [user] = await bench.accounts(http, 1);
    if (user === undefined) return;
    const count = bench.size(1_000, 40);
    const before = bench.footprint();
    const uris: string[] = [];
    let peak = 0;
    const note = (): void => {
      peak = Math.max(peak, bench.footprint()['rssBytes'] ?? 0);
    };
    const up = await timed(() =>
      closedLoop(count, 10, async (index) => {
        const bytes = randomFillSync(Buffer.alloc(MEBIBYTE));
        const answer = await http.send('POST', '/_matrix/media/v3/upload', {
          token: user.token,
          bytes,
          type: 'application/octet-stream',
        });
        if (answer.status === 200)
          uris.push((JSON.parse(answer.body.toString('utf8')) as { content_uri: string }).content_uri);
        if (index % 50 === 0) note();
      }),
    );
    let received = 0;
    let why: string | undefined;
    const down = await timed(() =>
      closedLoop(uris.length, 10, async (index) => {
        const path = (uris[index] ?? '').replace('mxc://', '/_matrix/client/v1/media/download/');
        const answer = await http.send('GET', path, { token: user.token });
        const { length } = answer.body;
        if (length !== MEBIBYTE) why ??= `a download answered ${answer.status} with ${length} bytes`;
        received += length;
        if (index % 50 === 0) note();
      }),
    );
    const isValid = uris.length === count && received === count * MEBIBYTE;
    bench.emit({
      scenario: 'B15',
      parameters: { uploads: count },
      values: {
        uploadMbPerSecond: round((count * 1.048576 * 1_000) / up.ms),
        downloadMbPerSecond: round((received / 1_000_000) * (1_000 / down.ms)),
        rssGrowthBytes: peak - (before['rssBytes'] ?? 0),
      },
      verdict: isValid ? 'valid' : 'void',
      ...(!isValid && { why: why ?? `${count - uris.length} uploads failed` }),
    });
  },
};
