/** B12: a server is away while much is said, and returns: how soon it has the newest, and everything. */
import { getObject, getString, getStrings, type JsonObject } from '../../matrix/json.ts';
import { type EventId, parseEventId } from '../../matrix/ids.ts';
import { eventIdOf } from '../../rules/hashes/hashes.ts';
import { type Bench, closedLoop, type Scenario } from '../context.ts';
import type { Http } from '../http.ts';
import { edusOf, pdusOf, type PlayedTransaction } from '../remotes/fleet.ts';
import { PlayedRoom } from '../remotes/played-room.ts';
import { sha256 } from '../remotes/server-key.ts';
import { joinThrough, sendMessage } from '../rooms.ts';
import { round } from '../stats.ts';
import type { Account } from '../target.ts';
import { Arrivals } from './arrivals.ts';

const REMOTE = 'away.remotes.test';
const READER = `@u:${REMOTE}`;
const WAIT_MS = 180_000;
/** "The maximum number of events to return" is the asking server's choice; most answer with 100 at most. */
const BACKFILL_LIMIT = 100;

/** What the server that was away has got, and fetches. */
class Returning {
  readonly #bench: Bench;
  readonly rooms: ReadonlyMap<string, PlayedRoom>;
  /** By room: the events that are here. */
  readonly known: Map<string, Set<EventId>>;
  readonly arrivals = new Arrivals();
  /** Events that came in more than one transaction. */
  duplicates = 0;
  requests = 0;
  /** Numbers of the messages to the device, in the order of their arrival. */
  readonly toDevice: number[] = [];
  readonly #pushed = new Set<EventId>();
  readonly #messageIds = new Set<string>();
  readonly #transactions = new Set<string>();

  constructor(bench: Bench, rooms: ReadonlyMap<string, PlayedRoom>, known: Map<string, Set<EventId>>) {
    this.#bench = bench;
    this.rooms = rooms;
    this.known = known;
  }

  readonly take = (transaction: PlayedTransaction): void => {
    this.arrivals.note(transaction);
    if (this.#transactions.has(transaction.id)) return;
    this.#transactions.add(transaction.id);
    for (const json of pdusOf(transaction)) {
      const id = this.#keep(json);
      if (id === undefined) continue;
      if (this.#pushed.has(id)) this.duplicates += 1;
      this.#pushed.add(id);
    }
    for (const edu of edusOf(transaction, 'm.direct_to_device')) {
      const content = getObject(edu, 'content');
      const messageId = getString(content, 'message_id') ?? '';
      if (this.#messageIds.has(messageId)) this.duplicates += 1;
      this.#messageIds.add(messageId);
      const message = getObject(getObject(getObject(content, 'messages'), READER), 'DEVICE');
      this.toDevice.push(Number(message?.['bench']));
    }
  };

  #keep(json: JsonObject): EventId | undefined {
    const roomId = getString(json, 'room_id') ?? '';
    const room = this.rooms.get(roomId);
    if (room === undefined) return undefined;
    const id = eventIdOf(json, room.rules, sha256);
    this.known.get(roomId)?.add(id);
    return id;
  }

  get count(): number {
    let count = 0;
    for (const events of this.known.values()) count += events.size;
    return count;
  }

  /** Fetches what lies between an event and what was here, as servers do. */
  async fetchBefore(roomId: string, newest: EventId): Promise<void> {
    const events = this.known.get(roomId) ?? new Set();
    for (let from: readonly string[] = [newest]; from.length > 0; ) {
      const query = `limit=${BACKFILL_LIMIT}&${from.map((id) => `v=${encodeURIComponent(id)}`).join('&')}`;
      const target = `/_matrix/federation/v1/backfill/${encodeURIComponent(roomId)}?${query}`;
      this.requests += 1;
      const { status, body } = await this.#bench.fleet.request(REMOTE, 'GET', target);
      if (status !== 200) throw new Error(`backfill answered ${status}`);
      const before = events.size;
      const missing = new Set<string>();
      for (const json of pdusOf({ server: REMOTE, id: '', body: body.toString('utf8') })) {
        this.#keep(json);
        for (const id of getStrings(json, 'prev_events') ?? []) missing.add(id);
      }
      from = events.size === before ? [] : [...missing].filter((id) => !has(events, id)).slice(0, 20);
    }
  }
}

function has(events: ReadonlySet<EventId>, text: string): boolean {
  const id = parseEventId(text);
  return id !== undefined && events.has(id);
}

interface Load {
  readonly sender: Account;
  readonly http: Http;
  readonly roomIds: readonly string[];
  readonly messages: number;
  readonly toDevice: number;
}

/** Says everything; the newest message of each room with its id. */
async function say(load: Load, firstMark: number): Promise<Map<string, { mark: number; id: EventId }>> {
  const { sender, http, roomIds, messages, toDevice } = load;
  const newest = new Map<string, { mark: number; id: EventId }>();
  const perRoom = messages / roomIds.length;
  // Each room in its own order; the rooms beside each other.
  await closedLoop(roomIds.length, 10, async (room) => {
    const roomId = roomIds[room] ?? '';
    for (let index = 0; index < perRoom; index += 1) {
      const mark = firstMark + room * perRoom + index;
      const id = parseEventId((await sendMessage(http, { ...sender, mark }, roomId, `b12n${mark}`)) ?? '');
      if (id === undefined) throw new Error('a message was refused');
      newest.set(roomId, { mark, id });
    }
  });
  for (let index = 0; index < toDevice; index += 1) {
    const path = `/_matrix/client/v3/sendToDevice/bench.message/b12d${firstMark + index}`;
    const body = { messages: { [READER]: { DEVICE: { bench: firstMark + index } } } };
    await http.call('PUT', path, { token: sender.token, body });
  }
  return newest;
}

interface Outage {
  readonly isRestarted: boolean;
  /** What the server that is away has of each room. */
  readonly known: Map<string, Set<EventId>>;
}

async function measure(bench: Bench, load: Load, { isRestarted, known }: Outage): Promise<void> {
  const { fleet } = bench;
  const firstMark = isRestarted ? 1_000_000 : 0;
  await fleet.group('away').become('refused');
  const returning = new Returning(bench, fleet.rooms, known);
  const newest = await say(load, firstMark);
  if (isRestarted) await bench.target.control?.restart('SIGINT');
  fleet.onTransaction = returning.take;
  const expected = returning.count + load.messages;
  await fleet.group('away').become('up');
  const before = bench.cpu();
  const start = performance.now();
  // Whoever comes back has something to ask sooner or later.
  const target = `/_matrix/federation/v1/query/profile?user_id=${encodeURIComponent(load.sender.user)}`;
  await fleet.request(REMOTE, 'GET', target);
  const marks = [...newest.values()].map(({ mark }) => mark);
  const { arrivals } = returning;
  await arrivals.until(() => marks.every((mark) => arrivals.at(mark, REMOTE) !== undefined), WAIT_MS);
  const newestMs = performance.now() - start;
  await closedLoop(load.roomIds.length, 8, async (index) => {
    const roomId = load.roomIds[index] ?? '';
    const last = newest.get(roomId);
    if (last !== undefined) await returning.fetchBefore(roomId, last.id);
  });
  const isWhole = await arrivals.until(() => returning.toDevice.length >= load.toDevice, WAIT_MS);
  const allMs = performance.now() - start;
  const isOrdered = returning.toDevice.every((mark, index) => mark === firstMark + index);
  const why = [
    ...(returning.count < expected ? [`${expected - returning.count} events are missing`] : []),
    ...(isWhole ? [] : ['messages to the device are missing']),
    ...(isOrdered ? [] : ['messages to the device came out of order']),
    ...(returning.duplicates > 0 ? [`${returning.duplicates} came twice`] : []),
  ];
  bench.emit({
    scenario: 'B12',
    parameters: { rooms: load.roomIds.length, messages: load.messages, toDevice: load.toDevice, isRestarted },
    values: {
      newestSeconds: round(newestMs / 1_000),
      allSeconds: round(allMs / 1_000),
      transactions: arrivals.transactions,
      requests: returning.requests,
      duplicates: returning.duplicates,
      ...bench.cpuSince(before, load.messages),
      ...bench.footprint(),
    },
    verdict: why.length === 0 ? 'valid' : 'void',
    ...(why.length > 0 && { why: why.join(', ') }),
  });
}

export const catchUp: Scenario = {
  name: 'B12',
  about: 'a server is away while 10,000 messages in 50 rooms and 1,000 to a device queue; then it is back',
  remotes: () => [{ name: 'away', servers: [REMOTE] }],
  async run(bench) {
    const { fleet } = bench;
    const http = bench.http(10);
    const [sender] = await bench.accounts(http, 1);
    if (sender === undefined) return;
    const roomIds: string[] = [];
    for (let index = 0; index < bench.size(50, 5); index += 1) {
      const options = { version: '12', creator: READER, signerOf: fleet.signerOf, startedAt: Date.now() };
      const room = new PlayedRoom(options);
      fleet.addRoom(room);
      await joinThrough(http, sender, room.roomId ?? '', REMOTE);
      roomIds.push(room.roomId ?? '');
    }
    const load: Load = { sender, http, roomIds, messages: bench.size(10_000, 500), toDevice: bench.size(1_000, 250) };
    const known = new Map(Array.from(fleet.rooms, ([id, { events }]) => [id, new Set(events.keys())]));
    for (const isRestarted of [false, true]) await measure(bench, load, { isRestarted, known });
  },
};
