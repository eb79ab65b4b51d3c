/** Spaces as other servers tell them: asked for, checked, and remembered for some minutes. */
import { OperationError } from '../../matrix/errors.ts';
import type { RoomId, ServerName } from '../../matrix/ids.ts';
import { type BoundedMap, boundedMap } from '../bounded-map.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Context } from '../context.ts';
import type { Peers } from '../peers/index.ts';
import { readToldSpace, type ToldSpace } from './told-space.ts';

interface Answer {
  readonly until: number;
  readonly space: Promise<ToldSpace | undefined>;
}

/** "Responses to this endpoint should be cached for a period of time." */
const KEPT_MS = 300_000;
const KEPT_MAX = 256;
const ANSWER_BYTES_MAX = 512 * 1024;
const TIMEOUT_MS = 8_000;
/** Servers asked for one room, in turn. */
const SERVERS_MAX = 3;

/** Rooms that a walk hears of from others at most: fewer than are kept, so that its next page finds them again. */
const WALK_MAX = 100;
/** Rooms of which others are asked for one page, and the time for it: the next page goes on from there. */
const ASKED_MAX = 20;
const ASKED_MS = 15_000;

/** How much one request of a client may have looked up at other servers. */
export class Budget {
  readonly #clock: Clock;
  readonly #until: number;
  #rooms = 0;
  #asked = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#until = clock.monotonic() + ASKED_MS;
  }

  /** Whether one more room may be looked up: now, with a later request, or never. */
  take(isKnown: boolean): 'now' | 'later' | 'never' {
    if (this.#rooms >= WALK_MAX) return 'never';
    this.#rooms += 1;
    if (isKnown) return 'now';
    if (this.#asked >= ASKED_MAX || this.#clock.monotonic() >= this.#until) return 'later';
    this.#asked += 1;
    return 'now';
  }
}

export class RemoteSpaces {
  readonly #context: Context;
  readonly #peers: Peers;
  readonly #answers: BoundedMap<RoomId, Answer> = boundedMap(KEPT_MAX);

  constructor(context: Context, peers: Peers) {
    this.#context = context;
    this.#peers = peers;
  }

  /** Whether a room's answer is at hand, so that it costs nothing. */
  has(roomId: RoomId): boolean {
    return (this.#answers.get(roomId)?.until ?? 0) > this.#context.clock.monotonic();
  }

  /** What one of these servers tells of a room; `undefined` where none of them does. */
  find(roomId: RoomId, via: readonly ServerName[]): Promise<ToldSpace | undefined> {
    const { clock, serverName } = this.#context;
    const now = clock.monotonic();
    const known = this.#answers.get(roomId);
    if (known !== undefined && known.until > now) return known.space;
    const others = [...new Set(via)].filter((server) => server !== serverName && this.#peers.allows(server));
    if (others.length === 0) return Promise.resolve(undefined);
    const space = this.#ask(roomId, others.slice(0, SERVERS_MAX));
    this.#answers.set(roomId, { until: now + KEPT_MS, space });
    return space;
  }

  async #ask(roomId: RoomId, servers: readonly ServerName[]): Promise<ToldSpace | undefined> {
    const path = `/_matrix/federation/v1/hierarchy/${encodeURIComponent(roomId)}?suggested_only=false`;
    const limits = { bytesMax: ANSWER_BYTES_MAX, timeoutMs: TIMEOUT_MS };
    for (const server of servers) {
      try {
        const told = readToldSpace(await this.#peers.request(server, { method: 'GET', path, ...limits }), roomId);
        if (told !== undefined) return told;
      } catch (error) {
        if (!(error instanceof OperationError)) throw error;
        this.#context.log.debug('a server did not tell of a space', { server, why: error.kind });
      }
    }
    return undefined;
  }
}
