/** Who is online, in memory only: told to users who share a room. The face of the folder. */
import { MatrixError } from '../../matrix/errors.ts';
import type { UserId } from '../../matrix/ids.ts';
import type { JsonObject } from '../../matrix/json.ts';
import type { Timer } from '../../ports/clock.ts';
import type { Context } from '../context.ts';

export type PresenceState = 'online' | 'offline' | 'unavailable';

interface UserPresence {
  state: PresenceState;
  statusMessage: string | undefined;
  lastActiveAt: number;
  serial: number;
  /** Requests of /sync that are open now. */
  syncing: number;
  timer: Timer | undefined;
}

/** After the last sync a user counts as offline. */
const OFFLINE_AFTER_MS = 30_000;
/** Within this time of an action a user is "currently active". */
const ACTIVE_MS = 60_000;
const STATUS_MAX = 1_024;

/** What another server says of one of its users. */
export interface RemotePresence {
  readonly user: UserId;
  readonly state: PresenceState;
  readonly statusMessage: string | undefined;
  readonly lastActiveAgoMs: number;
}

/** A server that says nothing for so long has gone, and its users with it. */
const REMOTE_OFFLINE_AFTER_MS = 1_800_000;

export class Presence {
  readonly #context: Context;
  readonly #enabled: boolean;
  readonly #users = new Map<UserId, UserPresence>();
  #serial = 0;

  constructor(context: Context, enabled: boolean) {
    this.#context = context;
    this.#enabled = enabled;
  }

  get isEnabled(): boolean {
    return this.#enabled;
  }

  /** Takes in what another server says of a user who shares a room with somebody here. */
  receive({ user, state, statusMessage, lastActiveAgoMs }: RemotePresence): void {
    if (!this.#enabled) return;
    const presence = this.#of(user);
    presence.timer?.cancel();
    presence.timer = undefined;
    const { clock } = this.#context;
    presence.lastActiveAt = Math.max(0, clock.now() - lastActiveAgoMs);
    this.#change(user, presence, { state, statusMessage: statusMessage?.slice(0, STATUS_MAX) });
    if (state === 'offline') return;
    presence.timer = clock.schedule(REMOTE_OFFLINE_AFTER_MS, () => {
      this.#change(user, presence, { state: 'offline', statusMessage: presence.statusMessage });
    });
  }

  /** The newest serial number: what a sync token carries. */
  get serial(): number {
    return this.#serial;
  }

  /** Sets a user's presence. Throws `M_INVALID_PARAM` for a status that is too long. */
  set(user: UserId, state: PresenceState, statusMessage: string | undefined): void {
    if (statusMessage !== undefined && statusMessage.length > STATUS_MAX) {
      throw new MatrixError('M_INVALID_PARAM', `A status has at most ${STATUS_MAX} characters`);
    }
    if (!this.#enabled) return;
    const presence = this.#of(user);
    presence.lastActiveAt = this.#context.clock.now();
    this.#change(user, presence, { state, statusMessage });
  }

  /** A /sync of the user has begun; the function returned ends it. "set_presence … online by default". */
  beginSync(user: UserId, state: PresenceState): () => void {
    if (!this.#enabled || state === 'offline') return () => {};
    const presence = this.#of(user);
    presence.timer?.cancel();
    presence.syncing += 1;
    if (state === 'online') presence.lastActiveAt = this.#context.clock.now();
    this.#change(user, presence, { state, statusMessage: presence.statusMessage });
    return () => {
      presence.syncing -= 1;
      if (presence.syncing > 0) return;
      presence.timer = this.#context.clock.schedule(OFFLINE_AFTER_MS, () => {
        if (presence.syncing === 0)
          this.#change(user, presence, { state: 'offline', statusMessage: presence.statusMessage });
      });
    };
  }

  /** The content of a user's `m.presence` event. */
  contentOf(user: UserId): JsonObject {
    const presence = this.#users.get(user);
    if (presence === undefined) return { presence: 'offline' };
    const { state, statusMessage, lastActiveAt } = presence;
    const agoMs = Math.max(0, this.#context.clock.now() - lastActiveAt);
    return {
      presence: state,
      ...(lastActiveAt > 0 && { last_active_ago: agoMs }),
      ...(statusMessage !== undefined && { status_msg: statusMessage }),
      ...(state === 'online' && { currently_active: agoMs < ACTIVE_MS }),
    };
  }

  /** Users whose presence changed after `serial`. */
  changedAfter(serial: number): UserId[] {
    if (this.#serial <= serial) return [];
    const changed: UserId[] = [];
    for (const [user, presence] of this.#users) if (presence.serial > serial) changed.push(user);
    return changed;
  }

  #of(user: UserId): UserPresence {
    let presence = this.#users.get(user);
    if (presence === undefined) {
      presence = {
        state: 'offline',
        statusMessage: undefined,
        lastActiveAt: 0,
        serial: 0,
        syncing: 0,
        timer: undefined,
      };
      this.#users.set(user, presence);
    }
    return presence;
  }

  #change(
    user: UserId,
    presence: UserPresence,
    next: { state: PresenceState; statusMessage: string | undefined },
  ): void {
    if (presence.state === next.state && presence.statusMessage === next.statusMessage) return;
    presence.state = next.state;
    presence.statusMessage = next.statusMessage;
    this.#serial += 1;
    presence.serial = this.#serial;
    this.#context.stream.publish({ kind: 'presence', user });
  }
}
