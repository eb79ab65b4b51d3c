/** Takes in who types, who has read what and who is online on other servers: only what a server may say. */
import { MatrixError } from '../../../matrix/errors.ts';
import { type RoomId, serverOf, type ServerName, type UserId } from '../../../matrix/ids.ts';
import type { JsonObject } from '../../../matrix/json.ts';
import { serverAclOf } from '../../../rules/membership/server-acl.ts';
import type { Context } from '../../context.ts';
import type { Presence } from '../../presence/index.ts';
import type { Receipts } from '../../receipts/index.ts';
import type { Room, Rooms } from '../../rooms/index.ts';
import type { Typing } from '../../typing/index.ts';
import { readPresence, readReceipts, readTyping } from './edus.ts';

export interface EphemeralReceiverParts {
  readonly context: Context;
  readonly rooms: Rooms;
  readonly typing: Typing;
  readonly receipts: Receipts;
  readonly presence: Presence;
}

export class EphemeralReceiver {
  readonly #parts: EphemeralReceiverParts;

  constructor(parts: EphemeralReceiverParts) {
    this.#parts = parts;
  }

  /** "Receiving servers should verify that the user is in the room, and is a user belonging to the sending server." */
  async typing(origin: ServerName, content: JsonObject): Promise<void> {
    const notice = readTyping(content);
    if (notice === undefined) throw new MatrixError('M_INVALID_PARAM', 'That is no typing notification');
    const room = await this.#findRoom(origin, notice.roomId, notice.user);
    if (room !== undefined) this.#parts.typing.receive(room.number, notice.user, notice.typing);
  }

  /** Each receipt is judged alone. */
  async receipts(origin: ServerName, content: JsonObject): Promise<void> {
    for (const receipt of readReceipts(content)) {
      const room = await this.#findRoom(origin, receipt.roomId, receipt.user);
      if (room !== undefined) await this.#parts.receipts.receive(room, receipt);
    }
  }

  /** Of the server's own users, those who share a room with somebody here. */
  async presence(origin: ServerName, content: JsonObject): Promise<void> {
    const { presence, context } = this.#parts;
    if (!presence.isEnabled) return;
    for (const update of readPresence(content)) {
      if (serverOf(update.user) !== origin) continue;
      const shared = await context.store.federation.listRoomsWithRemoteUser(update.user);
      if (shared.length > 0) presence.receive(update);
    }
  }

  /** The room, where somebody here is joined to it, it lets the server in, and the user is the server's and joined. */
  async #findRoom(origin: ServerName, roomId: RoomId, user: UserId): Promise<Room | undefined> {
    if (serverOf(user) !== origin) return undefined;
    const { rooms } = this.#parts;
    const room = await rooms.find(roomId);
    if (room === undefined || room.localJoined.size === 0) return undefined;
    // An access control list counts for what is said of the room as much as for its events (adv-043).
    if (!serverAclOf(room.lookup).allows(origin)) return undefined;
    const membership = await rooms.membershipOf(room, user);
    // Of a room whose members are not known yet it is known which servers are in it; what is dropped comes no more.
    const isUnknown = room.partial !== undefined && room.state('m.room.member', user) === undefined;
    return membership === 'join' || (isUnknown && room.servers.has(origin)) ? room : undefined;
  }
}
