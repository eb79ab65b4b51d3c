/**
 * What another server may see. A room that this server is not in, one that the asker is not in, and an event of
 * another room look alike (SECURITY §1.1: "other room" and "unknown" are indistinguishable).
 */
import { MatrixError } from '../../../matrix/errors.ts';
import { type EventId, type RoomId, serverOf, type ServerName } from '../../../matrix/ids.ts';
import { getString } from '../../../matrix/json.ts';
import { serverAclOf } from '../../../rules/membership/server-acl.ts';
import { historyVisibilityOf, isVisibleToServer } from '../../../rules/visibility/visibility.ts';
import type { Room, RoomEvent, Rooms } from '../../rooms/index.ts';

export class Access {
  readonly #rooms: Rooms;

  constructor(rooms: Rooms) {
    this.#rooms = rooms;
  }

  /** A room that this server is in. Throws `M_NOT_FOUND`. */
  async requireResident(roomId: RoomId): Promise<Room> {
    const room = await this.#rooms.find(roomId);
    if (room === undefined || room.localJoined.size === 0) {
      throw new MatrixError('M_NOT_FOUND', 'This server is not in such a room');
    }
    return room;
  }

  /** The same, unless its server ACL keeps the asker out. Throws `M_FORBIDDEN`. */
  async requireAllowed(roomId: RoomId, origin: ServerName): Promise<Room> {
    return this.#requireLetIn(await this.requireResident(roomId), origin);
  }

  #requireLetIn(room: Room, origin: ServerName): Room {
    // "Servers MUST … deny access to … the room for the servers that match".
    if (!serverAclOf(room.lookup).allows(origin)) {
      throw new MatrixError('M_FORBIDDEN', 'The room keeps your server out');
    }
    return room;
  }

  /**
   * A room for a server with a user in it to read. One that this server has left is read by those who were there then:
   * nobody else can give them what was said here last, and without it they could not take the leaving in. Throws
   * `M_FORBIDDEN`, or `M_NOT_FOUND`.
   */
  async requireInRoom(roomId: RoomId, origin: ServerName): Promise<Room> {
    const known = await this.#rooms.find(roomId);
    if (known?.servers.has(origin) === true) return this.#requireLetIn(known, origin);
    const room = await this.requireAllowed(roomId, origin);
    if (!room.servers.has(origin)) throw new MatrixError('M_FORBIDDEN', 'Your server is not in this room');
    return room;
  }

  /**
   * A room of which this server knows the whole state. While it is being fetched, this server is no better than one
   * that is not in the room: nobody joins by it, and nobody is told a state. Throws `M_NOT_FOUND`.
   */
  requireWhole(room: Room): void {
    if (room.partial !== undefined)
      throw new MatrixError('M_NOT_FOUND', 'This server does not know the room whole yet');
  }

  /** An event of this very room that has not been rejected. Throws `M_NOT_FOUND`. */
  async requireEvent(room: Room, eventId: EventId): Promise<RoomEvent> {
    const event = await this.#rooms.findEvent(room, eventId);
    if (event === undefined || event.status === 'rejected') {
      throw new MatrixError('M_NOT_FOUND', 'There is no such event');
    }
    return event;
  }

  /** Whether a server in the room may have an event as it is; of others it may know that they are there. */
  async canSee(room: Room, event: RoomEvent, origin: ServerName): Promise<boolean> {
    if (event.isState || serverOf(event.pdu.sender) === origin) return true;
    const { stateBefore } = event;
    if (stateBefore === undefined) return false;
    const pair = { type: 'm.room.history_visibility', stateKey: '' };
    const [visibility] = await this.#rooms.getStateAt(stateBefore, [pair]);
    const value = historyVisibilityOf(visibility?.pdu);
    if (value === 'world_readable' || value === 'shared') return true;
    const memberships: string[] = [];
    for (const { pdu } of await this.#rooms.getStateAt(stateBefore)) {
      if (pdu.type !== 'm.room.member' || serverOf(pdu.stateKey ?? '') !== origin) continue;
      memberships.push(getString(pdu.content, 'membership') ?? 'leave');
    }
    // Which of its users are in a room whose members are not known cannot be told: that some are, has been.
    if (room.partial !== undefined && room.servers.has(origin)) memberships.push('join');
    return isVisibleToServer({
      event: event.pdu,
      visibility: value,
      memberships,
      isOwnMember: false,
      isInRoom: room.servers.has(origin),
    });
  }
}
