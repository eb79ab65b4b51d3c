/**
 * What the server remembers of a sliding-sync connection: which rooms it has sent, up to where, and by which config.
 * Only two positions of a connection are ever needed: the one the client has confirmed by using it, and the one of
 * the answer that is on its way. The second is kept as a difference, so that an answer costs what it says.
 */
import { MatrixError } from '../../../matrix/errors.ts';
import type { RoomNumber } from '../../../ports/store/index.ts';

export interface SentRoom {
  /** Everything up to here has been sent. */
  readonly position: number;
  readonly timelineLimit: number;
  /** The required state that was asked for, as a text to compare. */
  readonly requiredState: string;
  readonly isDm: boolean;
  /** The unread counts as they were told, as a text to compare. */
  readonly counts: string;
}

export interface Serials {
  readonly typing: number;
  readonly presence: number;
}

interface Checkpoint {
  readonly pos: string;
  readonly position: number;
  readonly serials: Serials;
}

interface Pending extends Checkpoint {
  readonly rooms: ReadonlyMap<RoomNumber, SentRoom>;
}

/** A request that is being answered on a connection, until the next one takes its place. */
export class Turn {
  #isOver = false;
  #wake: (() => void) | undefined;

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Calls `wake` when the turn is over; only the last one given counts. */
  whenOver(wake: (() => void) | undefined): void {
    this.#wake = wake;
    if (this.#isOver) wake?.();
  }

  end(): void {
    this.#isOver = true;
    this.#wake?.();
  }
}

export class Connection {
  #confirmed: Checkpoint | undefined;
  readonly #rooms: Map<RoomNumber, SentRoom>;
  #pending: Pending | undefined;
  #turn: Turn | undefined;
  isChanged = false;

  constructor(confirmed?: Checkpoint, rooms?: Iterable<readonly [RoomNumber, SentRoom]>) {
    this.#confirmed = confirmed;
    this.#rooms = new Map(rooms);
  }

  /** Position up to which the client has everything that it wants; `undefined` at the beginning. */
  get position(): number | undefined {
    return this.#confirmed?.position;
  }

  get serials(): Serials {
    return this.#confirmed?.serials ?? { typing: 0, presence: 0 };
  }

  /**
   * A request with `pos` has come: what was sent before is confirmed, or taken back where the client repeats the
   * position before. Throws `M_UNKNOWN_POS` for any other.
   */
  resume(pos: string): void {
    if (this.#pending?.pos === pos) {
      for (const [room, sent] of this.#pending.rooms) this.#rooms.set(room, sent);
      this.#confirmed = this.#pending;
    } else if (this.#confirmed?.pos !== pos) {
      throw new MatrixError('M_UNKNOWN_POS', 'The connection has expired: begin again without pos');
    }
    this.#pending = undefined;
  }

  /** Begins to answer; an older request that still waits on the connection is ended. */
  begin(): Turn {
    this.#turn?.end();
    this.#turn = new Turn();
    return this.#turn;
  }

  sent(room: RoomNumber): SentRoom | undefined {
    return this.#rooms.get(room);
  }

  sentRooms(): Iterable<RoomNumber> {
    return this.#rooms.keys();
  }

  /** An answer goes out. */
  send(pending: Pending): void {
    this.#pending = pending;
    this.isChanged = true;
  }

  /** The connection as compact JSON, with the answer that is on its way taken as confirmed. */
  toJSON(): { readonly pos: string; readonly position: number; readonly rooms: unknown[] } | undefined {
    const last = this.#pending ?? this.#confirmed;
    if (last === undefined) return undefined;
    const rooms = new Map([...this.#rooms, ...(this.#pending?.rooms ?? [])]);
    return {
      pos: last.pos,
      position: last.position,
      rooms: [...rooms].map(([room, one]) => [
        room,
        one.position,
        one.timelineLimit,
        one.requiredState,
        Number(one.isDm),
        one.counts,
      ]),
    };
  }

  /** Reads {@link toJSON} back. Serial numbers are those of another start of the process: everything is new. */
  static fromJSON(value: unknown): Connection {
    const stored = value as {
      pos: string;
      position: number;
      rooms: [RoomNumber, number, number, string, number, string?][];
    };
    const rooms = stored.rooms.map(
      ([room, position, timelineLimit, requiredState, isDm, counts = '']) =>
        [room, { position, timelineLimit, requiredState, isDm: isDm === 1, counts }] as const,
    );
    return new Connection({ pos: stored.pos, position: stored.position, serials: { typing: 0, presence: 0 } }, rooms);
  }
}
