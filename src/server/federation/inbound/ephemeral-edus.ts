/** Typing, receipts and presence of users of other servers: theirs alone, and only where they are in the room. */
import { MatrixError } from '../../../matrix/errors.ts';
import {
  parseEventId,
  parseRoomId,
  parseUserId,
  type RoomId,
  serverOf,
  type ServerName,
  type UserId,
} from '../../../matrix/ids.ts';
import {
  asObject,
  getArray,
  getBoolean,
  getInteger,
  getObject,
  getString,
  type JsonObject,
} from '../../../matrix/json.ts';
import { serverAclOf } from '../../../rules/membership/server-acl.ts';
import type { Presence, PresenceState } from '../../presence/index.ts';
import type { Receipts } from '../../receipts/index.ts';
import type { Rooms } from '../../rooms/index.ts';
import type { Typing } from '../../typing/index.ts';

export interface EphemeralParts {
  readonly rooms: Rooms;
  readonly typing: Typing;
  readonly receipts: Receipts;
  readonly presence: Presence;
}

/** Of one EDU: more is nobody's ordinary news. */
const RECEIPTS_MAX = 500;
const PRESENCES_MAX = 100;
const STATES: ReadonlySet<string> = new Set(['online', 'offline', 'unavailable']);

export class EphemeralEdus {
  readonly #parts: EphemeralParts;

  constructor(parts: EphemeralParts) {
    this.#parts = parts;
  }

  /** A user of the server that sent it (adv-046, adv-047); `undefined` for anybody else. */
  #own(origin: ServerName, id: string | undefined): UserId | undefined {
    const user = parseUserId(id ?? '');
    return user !== undefined && serverOf(user) === origin ? user : undefined;
  }

  /** A room that we are in, and whose ACL lets the server speak (adv-043). */
  async #roomFor(origin: ServerName, id: string | undefined): Promise<RoomId | undefined> {
    const roomId = parseRoomId(id ?? '');
    const room = roomId === undefined ? undefined : await this.#parts.rooms.find(roomId);
    if (room === undefined || room.localJoined.size === 0) return undefined;
    return serverAclOf(room.lookup).allows(origin) ? roomId : undefined;
  }

  /** `m.typing`. */
  async typing(origin: ServerName, content: JsonObject): Promise<void> {
    const user = this.#own(origin, getString(content, 'user_id'));
    const roomId = await this.#roomFor(origin, getString(content, 'room_id'));
    if (user === undefined || roomId === undefined) return;
    const isTyping = getBoolean(content, 'typing') ?? false;
    await this.#parts.typing.set(roomId, user, isTyping ? { timeoutMs: undefined } : undefined);
  }

  /** `m.receipt`: "receipts for a particular room". */
  async receipts(origin: ServerName, content: JsonObject): Promise<void> {
    let left = RECEIPTS_MAX;
    for (const id of Object.keys(content)) {
      const roomId = await this.#roomFor(origin, id);
      const reads = getObject(getObject(content, id), 'm.read') ?? {};
      for (const userId of Object.keys(reads)) {
        left -= 1;
        if (left < 0) return;
        const user = this.#own(origin, userId);
        if (user !== undefined && roomId !== undefined) await this.#receipt(roomId, user, getObject(reads, userId));
      }
    }
  }

  async #receipt(roomId: RoomId, user: UserId, receipt: JsonObject | undefined): Promise<void> {
    // "event_ids: The extremity event IDs that the user has read up to": one, in practice.
    const [first] = getArray(receipt, 'event_ids') ?? [];
    const event = typeof first === 'string' ? parseEventId(first) : undefined;
    if (event === undefined) return;
    const data = getObject(receipt, 'data');
    const thread = getString(data, 'thread_id');
    try {
      const sentAt = getInteger(data, 'ts');
      await this.#parts.receipts.set({ roomId, user, type: 'm.read', event, thread, sentAt });
    } catch (error) {
      // Of an event that is not here, or by somebody who is not in the room: the others stand.
      if (!(error instanceof MatrixError)) throw error;
    }
  }

  /** `m.presence`. */
  presence(origin: ServerName, content: JsonObject): void {
    for (const entry of (getArray(content, 'push') ?? []).slice(0, PRESENCES_MAX)) {
      const update = asObject(entry);
      const user = this.#own(origin, getString(update, 'user_id'));
      const state = getString(update, 'presence');
      if (user === undefined || state === undefined || !STATES.has(state)) continue;
      const status = getString(update, 'status_msg');
      const agoMs = getInteger(update, 'last_active_ago');
      this.#parts.presence.setRemote(user, { state: state as PresenceState, status, agoMs });
    }
  }
}
