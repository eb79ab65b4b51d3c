/**
 * What sending a message costs the store: everything that one send writes, signed by the writer, durable.
 * `node bench/storage/append.ts [count]`; one JSON object a line. `mainUs` is CPU of the thread that calls, `allUs` of
 * the whole process.
 */
import { statSync } from 'node:fs';
import { BenchRoom, openBenchStore } from './fixture.ts';

const IN_FLIGHT = [1, 10, 100];
const COUNT = Number(process.argv[2] ?? 10_000);
const BODY = 'c'.repeat(500);

const { store, file, remove } = await openBenchStore();
const room = new BenchRoom(store, 'room');
await store.transact((one) => {
  room.create(one);
});

async function sendAll(inFlight: number, count: number): Promise<number[]> {
  const latenciesMs: number[] = [];
  let left = count;
  const sender = async (): Promise<void> => {
    for (; left > 0; ) {
      left -= 1;
      const start = performance.now();
      await store.transact((one) => {
        room.send(one, store.allocateEvent(), BODY);
      });
      latenciesMs.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, sender));
  return latenciesMs.sort((left_, right) => left_ - right);
}

await sendAll(10, 1000);
for (const inFlight of IN_FLIGHT) {
  const count = inFlight === 1 ? Math.ceil(COUNT / 5) : COUNT;
  const [all, main, start] = [process.cpuUsage(), process.threadCpuUsage(), performance.now()];
  const latenciesMs = await sendAll(inFlight, count);
  const seconds = (performance.now() - start) / 1000;
  const [allUsed, mainUsed] = [process.cpuUsage(all), process.threadCpuUsage(main)];
  const report = {
    scenario: 'storage-append',
    inFlight,
    count,
    sendsPerSecond: Math.round(count / seconds),
    p50Ms: Number(latenciesMs[Math.floor(count / 2)]?.toFixed(3)),
    p99Ms: Number(latenciesMs[Math.floor(count * 0.99)]?.toFixed(3)),
    mainUs: Number(((mainUsed.user + mainUsed.system) / count).toFixed(1)),
    allUs: Number(((allUsed.user + allUsed.system) / count).toFixed(1)),
    durability: 'fsync before the answer',
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
const pages = 200;
const start = performance.now();
for (let page = 0; page < pages; page += 1) {
  await store.events.pageTimeline({
    room: room.number,
    from: store.position - page,
    direction: 'backwards',
    limit: 20,
  });
}
const pageUs = Number((((performance.now() - start) * 1000) / pages).toFixed(1));
await store.close();
const bytesPerEvent = Math.round(statSync(file).size / room.sent);
process.stdout.write(`${JSON.stringify({ scenario: 'storage-read', pageOf20Us: pageUs, bytesPerEvent })}\n`);
remove();
