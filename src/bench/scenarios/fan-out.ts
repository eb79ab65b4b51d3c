/** B3: one message to everybody who listens in a room, by v3 and by sliding sync. */
import { defer } from '../../lib/deferred.ts';
import { type Bench, latency, pause, type Scenario } from '../context.ts';
import type { Http } from '../http.ts';
import { makeRoom, sendMessage, type SyncAnswer } from '../rooms.ts';
import { round } from '../stats.ts';
import type { Account } from '../target.ts';

interface Listener {
  /** The first answer is here: from now on every message is told. */
  readonly begun: () => void;
  readonly note: (eventId: string) => void;
  readonly isOver: () => boolean;
}

type Listen = (http: Http, account: Account, listener: Listener) => Promise<void>;

const listenV3: Listen = async (http, { token }, { begun, note, isOver }) => {
  const filter = encodeURIComponent(
    JSON.stringify({ presence: { types: [] }, room: { state: { lazy_load_members: true } } }),
  );
  let since = (await http.call<SyncAnswer>('GET', `/_matrix/client/v3/sync?filter=${filter}`, { token })).next_batch;
  begun();
  while (!isOver()) {
    const path = `/_matrix/client/v3/sync?since=${since}&timeout=5000&filter=${filter}&set_presence=offline`;
    const answer = await http.call<SyncAnswer>('GET', path, { token });
    since = answer.next_batch;
    for (const room of Object.values(answer.rooms?.join ?? {}))
      for (const event of room.timeline.events) note(event.event_id);
  }
};

interface SlidingAnswer {
  readonly pos: string;
  readonly rooms: Record<string, { timeline?: { event_id: string }[] }>;
}

const listenSliding: Listen = async (http, { token }, { begun, note, isOver }) => {
  const body = { conn_id: 'bench', lists: { all: { ranges: [[0, 19]], timeline_limit: 10, required_state: [] } } };
  const path = '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync';
  let { pos } = await http.call<SlidingAnswer>('POST', `${path}?set_presence=offline`, { token, body });
  begun();
  while (!isOver()) {
    const answer = await http.call<SlidingAnswer>('POST', `${path}?pos=${pos}&timeout=5000&set_presence=offline`, {
      token,
      body,
    });
    pos = answer.pos;
    for (const room of Object.values(answer.rooms)) for (const event of room.timeline ?? []) note(event.event_id);
  }
};

interface Fan {
  readonly kind: string;
  readonly listen: Listen;
  readonly width: number;
  readonly messages: number;
}

async function measure(bench: Bench, { kind, listen, width, messages }: Fan): Promise<void> {
  const http = bench.http(width + 16);
  const accounts = await bench.accounts(http, width + 1);
  const [sender, ...listeners] = accounts;
  if (sender === undefined) return;
  const roomId = await makeRoom(http, sender, listeners);
  const arrivals = new Map<string, number[]>();
  let isOver = false;
  const ready: Promise<void>[] = [];
  const running = Promise.all(
    listeners.map((account) => {
      const first = defer<void>();
      ready.push(first.promise);
      const note = (id: string): void => void arrivals.set(id, [...(arrivals.get(id) ?? []), performance.now()]);
      return listen(http, account, { begun: () => first.resolve(), note, isOver: () => isOver });
    }),
  );
  // A listener that fails is told at the end, where it is waited for: the run still stops the server it started.
  running.catch(() => undefined);
  await Promise.race([Promise.all(ready), running]);
  await pause(500);
  const before = bench.cpu();
  const sent: { id: string; dueAt: number }[] = [];
  const start = performance.now();
  for (let index = 0; index < messages; index += 1) {
    // Open loop: measured from when the message was due, so that a stall is not hidden.
    const dueAt = start + index * 1_000;
    await pause(Math.max(0, dueAt - performance.now()));
    const id = await sendMessage(http, sender, roomId, `fan${kind}${width}n${index}`);
    if (id !== undefined) sent.push({ id, dueAt });
  }
  const deadline = performance.now() + 15_000;
  const isComplete = (): boolean => sent.every(({ id }) => (arrivals.get(id)?.length ?? 0) >= width);
  while (!isComplete() && performance.now() < deadline) await pause(20);
  const cpu = bench.cpuSince(before, messages * width);
  isOver = true;
  await sendMessage(http, sender, roomId, `fan${kind}${width}end`);
  await running;
  const last = sent.map(({ id, dueAt }) => Math.max(...(arrivals.get(id) ?? [Number.NaN])) - dueAt);
  const lost = sent.filter(({ id }) => new Set(arrivals.get(id)).size < width).length;
  const doubled = sent.filter(({ id }) => (arrivals.get(id)?.length ?? 0) > width).length;
  bench.emit({
    scenario: 'B3',
    parameters: { kind, listeners: width },
    values: { messages, ...latency(last), ...cpu, deliveriesPerMessage: round(width) },
    verdict: lost === 0 && doubled === 0 && sent.length === messages ? 'valid' : 'void',
    ...(lost + doubled > 0 && { why: `${lost} messages did not reach everybody, ${doubled} came twice` }),
  });
}

export const fanOut: Scenario = {
  name: 'B3',
  about: 'one room, N listeners, one message a second: send to last receiver',
  async run(bench) {
    const messages = bench.size(60, 5);
    for (const width of bench.options.short ? [10, 50] : [10, 100, 1_000]) {
      await measure(bench, { kind: 'v3', listen: listenV3, width, messages });
      await measure(bench, { kind: 'sliding', listen: listenSliding, width, messages });
    }
  },
};
