/** From the events of a window to the items a person sees: edits, reactions and replies in place. Pure. */
import { relationOf, replyTargetOf, visible, type RoomEvent, type Shield } from '../events.ts';
import { asObject, asString, field } from '../json.ts';
import { bodyOf, previewOf, type ItemBody, type Preview } from './body.ts';

export interface ReactionGroup {
  readonly key: string;
  readonly senders: readonly string[];
  /** Our own reaction, to take it back. */
  readonly ownEventId?: string;
}

export type SendState = 'waiting' | 'sent' | 'failed';

export interface TimelineItem {
  /** Stays the same from local echo to the event of the server. */
  readonly key: string;
  readonly eventId?: string;
  readonly sender: string;
  readonly isOwn: boolean;
  readonly timestampMs: number;
  readonly body: ItemBody;
  readonly isEdited: boolean;
  readonly canEdit: boolean;
  readonly replyTo?: { readonly eventId: string; readonly sender?: string; readonly preview?: Preview };
  readonly reactions: readonly ReactionGroup[];
  readonly readBy: readonly string[];
  /** Somebody else has read this or something after it. */
  readonly isRead: boolean;
  readonly sendState?: SendState;
  readonly sendError?: string;
  readonly shield?: Shield;
  /** A plain message or edit in a room that is encrypted. */
  readonly isUnprotected?: boolean;
}

export interface ItemsInput {
  /** Oldest first, without holes. */
  readonly events: readonly RoomEvent[];
  /** Related events by the id of their target, oldest first. */
  readonly related: ReadonlyMap<string, readonly RoomEvent[]>;
  /** Events that replies point to, outside the window too. */
  readonly targets: ReadonlyMap<string, RoomEvent>;
  readonly receipts: ReadonlyMap<string, readonly string[]>;
  readonly userId: string;
  readonly isEncrypted: boolean;
}

/** Valid edits: "same room, same sender, same type, no state key, not an edit of an edit". */
function latestEdit(event: RoomEvent, related: readonly RoomEvent[]): RoomEvent | undefined {
  if (event.stateKey !== undefined || relationOf(event)?.type === 'm.replace') return undefined;
  let latest: RoomEvent | undefined;
  for (const edit of related) {
    if (edit.redacted === true || relationOf(edit)?.type !== 'm.replace') continue;
    if (edit.sender !== event.sender || visible(edit).type !== visible(event).type) continue;
    // An edit of an encrypted event that is itself plain could come from the server alone.
    if (event.type === 'm.room.encrypted' && edit.type !== 'm.room.encrypted') continue;
    if (asObject(field(visible(edit).content, 'm.new_content')) === undefined) continue;
    if (latest === undefined || edit.timestampMs >= latest.timestampMs) latest = edit;
  }
  return latest;
}

function applyEdit(event: RoomEvent, edit: RoomEvent): RoomEvent {
  const content = asObject(field(visible(edit).content, 'm.new_content')) ?? {};
  const relation = field(visible(event).content, 'm.relates_to');
  const merged = relation === undefined ? content : { ...content, 'm.relates_to': relation };
  return { ...event, clear: { type: visible(event).type, content: merged } };
}

function reactionsTo(related: readonly RoomEvent[], userId: string): ReactionGroup[] {
  const groups = new Map<string, { senders: Set<string>; ownEventId?: string }>();
  for (const event of related) {
    const relation = relationOf(event);
    if (relation?.type !== 'm.annotation' || relation.key === undefined || event.redacted === true) continue;
    const group = groups.get(relation.key) ?? { senders: new Set<string>() };
    group.senders.add(event.sender);
    if (event.sender === userId) group.ownEventId = event.eventId;
    groups.set(relation.key, group);
  }
  return [...groups].map(([key, group]) => ({ key, ...group, senders: [...group.senders] }));
}

function replyOf(event: RoomEvent, targets: ReadonlyMap<string, RoomEvent>): TimelineItem['replyTo'] {
  const eventId = replyTargetOf(event);
  if (eventId === undefined) return undefined;
  const target = targets.get(eventId);
  const preview = target === undefined ? undefined : previewOf(target);
  return {
    eventId,
    ...(target === undefined ? {} : { sender: target.sender }),
    ...(preview === undefined ? {} : { preview }),
  };
}

/** The event as edited, and whether it was. */
function effective(event: RoomEvent, related: readonly RoomEvent[]): { event: RoomEvent; isEdited: boolean } {
  if (event.redacted === true) return { event, isEdited: false };
  const edit = latestEdit(event, related);
  return edit === undefined ? { event, isEdited: false } : { event: applyEdit(event, edit), isEdited: true };
}

const EDITABLE: ReadonlySet<string> = new Set(['m.text', 'm.emote', 'm.notice']);

/** One item per event that has a line of its own. */
export function planItems(input: ItemsInput): TimelineItem[] {
  const items: TimelineItem[] = [];
  const membersBefore = new Map<string, RoomEvent['content']>();
  for (const original of input.events) {
    const related = input.related.get(original.eventId) ?? [];
    const { event, isEdited } = effective(original, related);
    const memberKey = event.type === 'm.room.member' ? event.stateKey : undefined;
    const isEditEvent = relationOf(original)?.type === 'm.replace';
    const body = isEditEvent ? undefined : bodyOf(event, membersBefore.get(memberKey ?? ''));
    if (memberKey !== undefined) membersBefore.set(memberKey, event.content);
    if (body === undefined) continue;
    const replyTo = replyOf(event, input.targets);
    const isOwn = event.sender === input.userId;
    const isPlain = input.isEncrypted && event.type === 'm.room.message' && event.redacted !== true;
    items.push({
      key: event.transactionId ?? event.eventId,
      eventId: event.eventId,
      sender: event.sender,
      isOwn,
      timestampMs: event.timestampMs,
      body,
      isEdited,
      canEdit: isOwn && EDITABLE.has(asString(field(visible(event).content, 'msgtype')) ?? ''),
      reactions: event.redacted === true ? [] : reactionsTo(related, input.userId),
      readBy: input.receipts.get(event.eventId) ?? [],
      isRead: false,
      ...(replyTo === undefined ? {} : { replyTo }),
      ...(event.shield === undefined || event.shield === 'none' ? {} : { shield: event.shield }),
      ...(isPlain ? { isUnprotected: true } : {}),
    });
  }
  return withRead(items, input);
}

/** Who has read or written something has read what is before it. */
function withRead(items: readonly TimelineItem[], input: ItemsInput): TimelineItem[] {
  const others = new Set(input.events.filter((event) => event.sender !== input.userId).map((event) => event.eventId));
  let isRead = false;
  return items
    .toReversed()
    .map((item) => {
      isRead ||= item.readBy.length > 0 || (item.eventId !== undefined && others.has(item.eventId));
      return isRead ? { ...item, isRead } : item;
    })
    .toReversed();
}
