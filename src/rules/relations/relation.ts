/**
 * Reading relationships between events. `content/client-server-api/_index.md`, "Forming relationships between events".
 */
import type { Pdu } from '../../matrix/events.ts';
import { parseEventId, type EventId } from '../../matrix/ids.ts';
import { getBoolean, getObject, getString, type JsonObject } from '../../matrix/json.ts';

export interface Relation {
  readonly relType: string;
  readonly eventId: EventId;
  /** What an annotation says. */
  readonly key: string | undefined;
}

function relatesTo(content: JsonObject): JsonObject | undefined {
  return getObject(content, 'm.relates_to');
}

function eventIdOf(object: JsonObject | undefined): EventId | undefined {
  const id = getString(object, 'event_id');
  return id === undefined ? undefined : parseEventId(id);
}

/**
 * The relation that an event's content states; "relationships which don't match the schema … are simply ignored".
 * A plain reply is none: it has no `rel_type`.
 */
export function relationOf(content: JsonObject): Relation | undefined {
  const relation = relatesTo(content);
  const relType = getString(relation, 'rel_type');
  const eventId = eventIdOf(relation);
  if (relType === undefined || eventId === undefined) return undefined;
  return { relType, eventId, key: getString(relation, 'key') };
}

/** The event that this one replies to, leaving out the fallback that thread messages carry for older clients. */
export function replyTargetOf(content: JsonObject): EventId | undefined {
  const relation = relatesTo(content);
  const isThread = getString(relation, 'rel_type') === 'm.thread';
  if (isThread && getBoolean(relation, 'is_falling_back') === true) return undefined;
  return eventIdOf(getObject(relation, 'm.in_reply_to'));
}

/** The event that clients without threads show this one as a reply to, the fallback included. */
export function replyFallbackOf(content: JsonObject): EventId | undefined {
  return eventIdOf(getObject(relatesTo(content), 'm.in_reply_to'));
}

/** The root of the thread that the content names itself. */
export function threadRootOf(content: JsonObject): EventId | undefined {
  const relation = relationOf(content);
  return relation?.relType === 'm.thread' ? relation.eventId : undefined;
}

/** "Implementations are encouraged to do a maximum of 3 hops to find a thread." */
const HOPS_MAX = 3;

/**
 * The thread that an event belongs to, by its own relation or over those of its parents: a reaction to a message of a
 * thread is part of that thread. `undefined`: the main timeline.
 */
export function findThread(
  content: JsonObject,
  contentOf: (eventId: EventId) => JsonObject | undefined,
): EventId | undefined {
  let relation = relationOf(content);
  for (let hops = 0; hops < HOPS_MAX && relation !== undefined; hops += 1) {
    if (relation.relType === 'm.thread') return relation.eventId;
    const parent = contentOf(relation.eventId);
    relation = parent === undefined ? undefined : relationOf(parent);
  }
  return undefined;
}

/**
 * "It is not possible to create a thread from an event which itself is the child of an event relationship (i.e., one
 * with an `m.relates_to` property with a `rel_type` property)."
 */
export function canBeThreadRoot(content: JsonObject): boolean {
  return getString(relatesTo(content), 'rel_type') === undefined;
}

/** "It is not possible to annotate a replacement event or an annotation." */
function canBeAnnotated(content: JsonObject): boolean {
  const relType = getString(relatesTo(content), 'rel_type');
  return relType !== 'm.annotation' && relType !== 'm.replace';
}

/** What relations are judged by. */
export type RelatedEvent = Pick<Pdu, 'eventId' | 'roomId' | 'sender' | 'type' | 'stateKey' | 'content'> & {
  readonly originServerTs: number;
};

/** Whether `child` stands in a valid relation to `parent`, by the rules that hold for its type of relation. */
export function isValidRelation(child: RelatedEvent, parent: RelatedEvent): boolean {
  const relation = relationOf(child.content);
  if (relation?.eventId !== parent.eventId || child.roomId !== parent.roomId) return false;
  if (child.eventId === parent.eventId) return false;
  switch (relation.relType) {
    case 'm.replace':
      return isValidReplacement(parent, child);
    case 'm.thread':
      return canBeThreadRoot(parent.content);
    case 'm.annotation':
      return relation.key !== undefined && canBeAnnotated(parent.content);
    default:
      return true;
  }
}

/**
 * "There are a number of requirements on replacement events": same room, sender and type, no state, no edit of an edit,
 * and `m.new_content`, which an encrypted event has inside.
 */
export function isValidReplacement(original: RelatedEvent, replacement: RelatedEvent): boolean {
  const relation = relationOf(replacement.content);
  return (
    relation?.relType === 'm.replace' &&
    relation.eventId === original.eventId &&
    replacement.roomId === original.roomId &&
    replacement.sender === original.sender &&
    replacement.type === original.type &&
    original.stateKey === undefined &&
    replacement.stateKey === undefined &&
    getString(relatesTo(original.content), 'rel_type') !== 'm.replace' &&
    (replacement.type === 'm.room.encrypted' || getObject(replacement.content, 'm.new_content') !== undefined)
  );
}
