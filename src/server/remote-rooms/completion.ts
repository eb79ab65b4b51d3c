/**
 * Fetching the rest of the state of rooms that were joined without their members: from one server of the room after
 * another, with pauses that grow, for as long as somebody here is in the room. What is to be done stands in the store,
 * and so does what has been fetched.
 */
import type { ServerName } from '../../matrix/ids.ts';
import type { Timer } from '../../ports/clock.ts';
import type { Counter } from '../../ports/metrics.ts';
import type { PartialRoomRecord, RoomNumber } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import { Places } from '../overtime.ts';
import type { Peers } from '../peers/index.ts';
import type { Rooms } from '../rooms/index.ts';
import { type Attempt, RestOfState } from './rest-of-state.ts';

export interface CompletionParts {
  readonly context: Context;
  readonly peers: Peers;
  readonly rooms: Rooms;
}

/** The first pause once every server of a room has been asked in vain … */
const PAUSE_MS = 1_000;
/** … which doubles up to this. */
const PAUSE_MAX_MS = 600_000;

/** Rooms at a time, each of which may keep text of events that wait in memory; one whose server is slow goes beside. */
const LIMITS = { places: 8, overtime: { holdMs: 10_000, max: 16 } };

export class RoomCompletion {
  readonly #parts: CompletionParts;
  readonly #attempts: Counter;
  readonly #abort = new AbortController();
  readonly #running = new Map<RoomNumber, Promise<void>>();
  readonly #timers = new Map<RoomNumber, Timer>();
  /** Rooms in which something has changed while they were worked on. */
  readonly #again = new Set<RoomNumber>();
  readonly #places: Places;

  constructor(parts: CompletionParts) {
    this.#parts = parts;
    const { context } = parts;
    this.#places = new Places(context.clock, LIMITS);
    const help = 'Attempts to fetch the rest of the state of a room, by outcome.';
    this.#attempts = context.metrics.counter('postern_room_completions_total', help, ['outcome']);
    context.stream.listen((change) => {
      // With the last user of ours the work is over.
      const isOurs = change.kind === 'event' && (this.#timers.has(change.room) || this.#running.has(change.room));
      if (isOurs && change.members?.some(({ membership }) => membership !== 'join') === true) this.begin(change.room);
    });
  }

  /** Takes up what the run before has left. */
  async start(): Promise<void> {
    for (const { room, retryAt } of (await this.#parts.rooms.partial.all()).values()) this.#later(room, retryAt);
  }

  /** Cuts what is on its way; resolves when nothing is any more. */
  async close(): Promise<void> {
    this.#abort.abort();
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    await Promise.all(this.#running.values());
  }

  /** Begins with a room now; one that is being worked on is looked at again afterwards. */
  begin(room: RoomNumber): void {
    if (this.#abort.signal.aborted) return;
    this.#timers.get(room)?.cancel();
    this.#timers.delete(room);
    if (this.#running.has(room)) {
      this.#again.add(room);
      return;
    }
    const work = this.#work(room)
      .catch((error: unknown) => {
        if (this.#abort.signal.aborted) return undefined;
        this.#parts.context.log.error('completing the state of a room failed', error);
        return this.#parts.context.clock.now() + PAUSE_MAX_MS;
      })
      .then((again) => {
        this.#running.delete(room);
        if (this.#again.delete(room)) this.begin(room);
        else if (again !== undefined) this.#later(room, again);
      });
    this.#running.set(room, work);
  }

  #later(room: RoomNumber, at: number): void {
    if (this.#abort.signal.aborted) return;
    const { clock } = this.#parts.context;
    const delayMs = Math.min(Math.max(0, at - clock.now()), PAUSE_MAX_MS);
    this.#timers.get(room)?.cancel();
    this.#timers.set(
      room,
      clock.schedule(delayMs, () => this.begin(room)),
    );
  }

  /** Asks the servers of a room, each once; when to do so again, or `undefined` where the work is over. */
  async #work(number: RoomNumber): Promise<number | undefined> {
    for (;;) {
      const record = await this.#parts.rooms.partial.find(number);
      if (record === undefined || this.#abort.signal.aborted) return undefined;
      if (await this.#endIfLeft(record)) return undefined;
      const outcome = await this.#pass(record);
      if (outcome === 'whole') return undefined;
      if (typeof outcome === 'number') return outcome;
    }
  }

  /** Ends the work where nobody here is in the room any more. */
  async #endIfLeft({ room: number, joinEvent }: PartialRoomRecord): Promise<boolean> {
    const { context, rooms } = this.#parts;
    return await rooms.exclusively(number, async (room) => {
      await room.settled;
      if (room.localJoined.size > 0 || room.partial?.joinEvent !== joinEvent) return false;
      await context.store.transact((one) => one.federation.deletePartialRoom(number));
      room.partial = undefined;
      rooms.partial.remove(number);
      this.#attempts.add(1, 'left');
      return true;
    });
  }

  /** One pass over the servers of a room; when to make the next where none of them has brought it to an end. */
  async #pass(first: PartialRoomRecord): Promise<'whole' | 'outdated' | number> {
    const { context, peers, rooms } = this.#parts;
    const room = await rooms.get(first.room);
    const servers = [...new Set([...first.servers, ...room.servers.list()])].filter((one) => peers.allows(one));
    const rest = new RestOfState(room, { ...this.#parts, signal: this.#abort.signal, serverCount: servers.length });
    let record = first;
    let hasGained = false;
    for (let turn = 0; turn < servers.length && !this.#abort.signal.aborted; turn += 1) {
      const index = (first.nextServer + turn) % servers.length;
      const server = servers[index];
      if (server === undefined) continue;
      const { joinEvent } = record;
      const attempt = await this.#places.run(async () =>
        this.#abort.signal.aborted ? undefined : await rest.fetchFrom(server, joinEvent),
      );
      if (attempt === undefined) return 'outdated';
      this.#tell(server, attempt);
      if (attempt.outcome === 'whole' || attempt.outcome === 'outdated') return attempt.outcome;
      hasGained ||= attempt.fetched > 0;
      if (room.localJoined.size === 0) return 'outdated';
      record = { ...record, nextServer: (index + 1) % servers.length };
      if (!(await this.#keep(record))) return 'outdated';
    }
    const intervalMs = hasGained ? PAUSE_MS : Math.min(Math.max(PAUSE_MS, first.intervalMs * 2), PAUSE_MAX_MS);
    const attempts = hasGained ? 0 : first.attempts + 1;
    const retryAt = context.clock.now() + intervalMs;
    return (await this.#keep({ ...record, intervalMs, attempts, retryAt })) ? retryAt : 'outdated';
  }

  #tell(server: ServerName, { outcome, why, fetched }: Attempt): void {
    this.#attempts.add(1, outcome);
    if (outcome === 'whole' || outcome === 'outdated') return;
    this.#parts.context.log.info('a server has not brought the rest of the state of a room', { server, why, fetched });
  }

  /** Writes how far the work has got; false where another join has taken its place. */
  async #keep(record: PartialRoomRecord): Promise<boolean> {
    const { context, rooms } = this.#parts;
    return await rooms.exclusively(record.room, async (room) => {
      if (room.partial?.joinEvent !== record.joinEvent) return false;
      await context.store.transact((one) => one.federation.putPartialRoom(record));
      rooms.partial.note(record);
      return true;
    });
  }
}
