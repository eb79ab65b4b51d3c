import type { Member, RoomDetails, RoomSummary, TimelineItem } from '../../lib/engine.ts';

/** What the rows of a room need to know and may do. */
export interface RoomContext {
  readonly room: RoomSummary;
  readonly userId: string;
  readonly members: ReadonlyMap<string, Member>;
  readonly details: RoomDetails | undefined;
  startReply(item: TimelineItem): void;
  startEdit(item: TimelineItem): void;
  toggleReaction(item: TimelineItem, key: string): void;
  showEvent(eventId: string): void;
}

/** The name of somebody in this room. */
export function nameIn(context: RoomContext, userId: string): string {
  const member = context.members.get(userId);
  if (member !== undefined) return member.name;
  const colon = userId.indexOf(':');
  return colon < 2 ? userId : userId.slice(1, colon);
}
