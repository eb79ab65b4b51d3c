/** Whose presence a user is told: told from memory, since anybody's coming and going asks it of everybody. */
import type { UserId } from '../../matrix/ids.ts';
import type { Presence } from '../presence/index.ts';
import type { Rooms } from '../rooms/index.ts';
import type { UserIndex } from './change-index.ts';

/** Users of other servers that one answer tells of at most. */
const REMOTE_MAX = 200;

export interface PresenceRequest {
  readonly user: UserId;
  /** What the user has been told: changes after this serial number are wanted. */
  readonly after: number;
  /** Whether the asker wants to hear of this one. */
  readonly wants: (user: UserId) => boolean;
}

/** `m.presence` events as JSON, of the user and of those who share a room with the user. */
export async function presenceEvents(
  { user, after, wants }: PresenceRequest,
  parts: { readonly presence: Presence; readonly rooms: Rooms; readonly index: UserIndex },
): Promise<string[]> {
  const { presence, rooms, index } = parts;
  const changed = presence.changedAfter(after).filter(wants);
  const open = new Set(changed);
  const seen = new Set<UserId>(open.delete(user) ? [user] : []);
  for (const [room, { membership }] of index.places) {
    if (open.size === 0) break;
    if (membership !== 'join') continue;
    const members = rooms.residentMembers(room) ?? (await rooms.get(room)).localJoined;
    for (const other of members.size < open.size ? members : open) {
      if (open.has(other) && members.has(other)) {
        seen.add(other);
        open.delete(other);
      }
    }
  }
  // Users of other servers are in no set in memory: each is looked up.
  for (const other of [...open].filter((one) => rooms.isRemote(one)).slice(0, REMOTE_MAX)) {
    if (await rooms.shareRoom(user, other)) seen.add(other);
  }
  return changed
    .filter((one) => seen.has(one))
    .map((one) => JSON.stringify({ type: 'm.presence', sender: one, content: presence.contentOf(one) }));
}
