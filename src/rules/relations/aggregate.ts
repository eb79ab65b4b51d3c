/** Aggregations of child events, and applying an edit. What servers bundle: replacements, threads, references. */
import { compareCodePoints } from '../../matrix/canonical-json.ts';
import type { EventId } from '../../matrix/ids.ts';
import { copyObject, getObject, getValue, type JsonObject, omitKeys } from '../../matrix/json.ts';
import { isValidReplacement, relationOf, type RelatedEvent } from './relation.ts';

/**
 * Whether `left` is a more recent replacement than `right`: by `origin_server_ts`, and of equal ones "the event with
 * the lexicographically largest `event_id` is treated as more recent".
 */
function isMoreRecent(
  left: Pick<RelatedEvent, 'originServerTs' | 'eventId'>,
  right: Pick<RelatedEvent, 'originServerTs' | 'eventId'>,
): boolean {
  if (left.originServerTs !== right.originServerTs) return left.originServerTs > right.originServerTs;
  return compareCodePoints(left.eventId, right.eventId) > 0;
}

/** "The **most recent** valid replacement event" among the children of `original`. */
export function findLatestReplacement<E extends RelatedEvent>(
  original: RelatedEvent,
  children: Iterable<E>,
): E | undefined {
  let latest: E | undefined;
  for (const child of children) {
    if (!isValidReplacement(original, child)) continue;
    if (latest === undefined || isMoreRecent(child, latest)) latest = child;
  }
  return latest;
}

/**
 * "The `content` of the original event is treated as being overwritten entirely by `m.new_content`, with the exception
 * of `m.relates_to`, which is left *unchanged*." The original's content when the replacement has no new one.
 */
export function applyReplacement(original: JsonObject, replacement: JsonObject): JsonObject {
  const content = getObject(replacement, 'm.new_content');
  if (content === undefined) return original;
  const relation = getValue(original, 'm.relates_to');
  return copyObject(omitKeys(content, 'm.relates_to'), relation === undefined ? {} : { 'm.relates_to': relation });
}

export interface ThreadSummary<E> {
  /** "The most recent event (topologically to the server) in the thread sent by an un-ignored user." */
  readonly latest: E;
  /** "It does not include events sent by ignored users." */
  readonly count: number;
  readonly currentUserParticipated: boolean;
}

export interface ThreadViewer {
  readonly userId: string;
  readonly isIgnored: (userId: string) => boolean;
}

/**
 * Sums up a thread for a user; `children` in topological order, oldest first. `undefined` when nothing is left of it.
 */
export function summariseThread<E extends Pick<RelatedEvent, 'sender' | 'content'>>(
  root: Pick<RelatedEvent, 'eventId' | 'sender'>,
  children: Iterable<E>,
  viewer: ThreadViewer,
): ThreadSummary<E> | undefined {
  let latest: E | undefined;
  let count = 0;
  let currentUserParticipated = root.sender === viewer.userId;
  for (const child of children) {
    const relation = relationOf(child.content);
    if (relation?.relType !== 'm.thread' || relation.eventId !== root.eventId || viewer.isIgnored(child.sender))
      continue;
    latest = child;
    count += 1;
    if (child.sender === viewer.userId) currentUserParticipated = true;
  }
  return latest === undefined ? undefined : { latest, count, currentUserParticipated };
}

/** The ids of the events that reference `parent`: "a single `chunk` property". */
export function listReferences(
  parent: EventId,
  children: Iterable<Pick<RelatedEvent, 'eventId' | 'content'>>,
): EventId[] {
  const ids: EventId[] = [];
  for (const child of children) {
    const relation = relationOf(child.content);
    if (relation?.relType === 'm.reference' && relation.eventId === parent) ids.push(child.eventId);
  }
  return ids;
}

export interface AnnotationCount {
  readonly type: string;
  readonly key: string;
  readonly count: number;
  /** Who said so, in the order in which they did. */
  readonly senders: readonly string[];
}

/**
 * Counts the annotations of an event, as clients do: by event type and key, "multiple identical annotations … from the
 * same user … treated as a single annotation", without ignored users. In the order in which each first came.
 */
export function countAnnotations(
  parent: EventId,
  children: Iterable<Pick<RelatedEvent, 'sender' | 'type' | 'content'>>,
  isIgnored: (userId: string) => boolean = () => false,
): AnnotationCount[] {
  const counts = new Map<string, { readonly type: string; readonly key: string; readonly senders: Set<string> }>();
  for (const { sender, type, content } of children) {
    const relation = relationOf(content);
    if (relation?.relType !== 'm.annotation' || relation.eventId !== parent || isIgnored(sender)) continue;
    const { key } = relation;
    if (key === undefined) continue;
    const id = `${type.length}:${type}${key}`;
    const known = counts.get(id);
    if (known === undefined) counts.set(id, { type, key, senders: new Set([sender]) });
    else known.senders.add(sender);
  }
  return [...counts.values()].map(({ type, key, senders }) => ({
    type,
    key,
    count: senders.size,
    senders: [...senders],
  }));
}
