/** From what a person wrote or chose to the content of an event. Pure, but for the attachment's key. */
import type { JsonObject } from '../json.ts';
import type { Pending } from '../outbox/outbox.ts';
import { bodyOf } from '../timeline/body.ts';
import type { SendState, TimelineItem } from '../timeline/items.ts';
import { replyTargetOf } from '../events.ts';
import type { FileToSend, TextToSend } from './contract.ts';

/** The content of an `m.room.message` with text; an edit carries its fallback for clients that know none. */
export function textContent(request: TextToSend): JsonObject {
  const plain: JsonObject = {
    msgtype: request.style === 'emote' ? 'm.emote' : 'm.text',
    body: request.text,
    ...(request.html === undefined ? {} : { format: 'org.matrix.custom.html', formatted_body: request.html }),
    // "m.mentions … clients SHOULD always include it", empty too: else the old keyword rules apply.
    'm.mentions': request.mentions.length === 0 ? {} : { user_ids: [...request.mentions] },
  };
  if (request.edits !== undefined) {
    return {
      ...plain,
      body: `* ${request.text}`,
      ...(request.html === undefined ? {} : { formatted_body: `* ${request.html}` }),
      'm.new_content': plain,
      'm.relates_to': { rel_type: 'm.replace', event_id: request.edits },
    };
  }
  if (request.replyTo === undefined) return plain;
  return { ...plain, 'm.relates_to': { 'm.in_reply_to': { event_id: request.replyTo } } };
}

/** The content of a file's message, without the place of its bytes. */
export function fileContent(request: FileToSend): JsonObject {
  const { thumbnail } = request;
  const info: JsonObject = {
    mimetype: request.mimeType,
    size: request.bytes.length,
    ...(request.width === undefined ? {} : { w: request.width }),
    ...(request.height === undefined ? {} : { h: request.height }),
    ...(request.durationMs === undefined ? {} : { duration: request.durationMs }),
    ...(request.blurhash === undefined ? {} : { 'xyz.amorgan.blurhash': request.blurhash }),
    ...(thumbnail === undefined
      ? {}
      : {
          thumbnail_info: {
            mimetype: thumbnail.mimeType,
            size: thumbnail.bytes.length,
            w: thumbnail.width,
            h: thumbnail.height,
          },
        }),
  };
  return {
    msgtype: `m.${request.kind}`,
    body: request.caption ?? request.name,
    filename: request.name,
    info,
    'm.mentions': {},
    ...(request.replyTo === undefined ? {} : { 'm.relates_to': { 'm.in_reply_to': { event_id: request.replyTo } } }),
  };
}

function sendStateOf(pending: Pending): SendState {
  if (pending.record.state === 'failed') return 'failed';
  return pending.record.state === 'sent' ? 'sent' : 'waiting';
}

/** The local echo of a message on its way; `undefined` for what has no line of its own. */
export function echoItem(pending: Pending, userId: string): TimelineItem | undefined {
  const { record, content } = pending;
  if (record.kind === 'redaction' || record.type !== 'm.room.message' || 'm.new_content' in content) return undefined;
  const event = {
    eventId: record.eventId ?? '',
    type: record.type,
    sender: userId,
    timestampMs: record.createdAtMs,
    content,
  };
  const body = bodyOf(event);
  if (body === undefined) return undefined;
  const replyTo = replyTargetOf(event);
  return {
    key: record.transactionId,
    ...(record.eventId === undefined ? {} : { eventId: record.eventId }),
    sender: userId,
    isOwn: true,
    timestampMs: record.createdAtMs,
    body,
    isEdited: false,
    canEdit: record.eventId !== undefined && body.kind === 'text',
    reactions: [],
    readBy: [],
    isRead: false,
    sendState: sendStateOf(pending),
    ...(record.error === undefined ? {} : { sendError: record.error }),
    ...(replyTo === undefined ? {} : { replyTo: { eventId: replyTo } }),
  };
}

/** Own reactions, edits and redactions that are not on the server yet, shown as if they were. */
export function applyPending(
  items: readonly TimelineItem[],
  pending: readonly Pending[],
  userId: string,
): TimelineItem[] {
  return items.map((item) => {
    let next = item;
    for (const { record, content } of pending) {
      if (record.state === 'failed' || item.eventId === undefined) continue;
      if (record.kind === 'redaction') {
        if (record.redacts === item.eventId) next = { ...next, body: { kind: 'redacted' }, reactions: [] };
        else next = withoutReaction(next, record.redacts, userId);
        continue;
      }
      const relation = content['m.relates_to'] as JsonObject | undefined;
      if (relation?.['event_id'] !== item.eventId) continue;
      if (record.type === 'm.reaction') next = withReaction(next, String(relation['key']), userId);
      const edited = content['m.new_content'] as JsonObject | undefined;
      if (edited === undefined) continue;
      const body = bodyOf({ eventId: '', type: record.type, sender: userId, timestampMs: 0, content: edited });
      if (body !== undefined) next = { ...next, body, isEdited: true };
    }
    return next;
  });
}

function withReaction(item: TimelineItem, key: string, userId: string): TimelineItem {
  const known = item.reactions.find((group) => group.key === key);
  if (known === undefined) return { ...item, reactions: [...item.reactions, { key, senders: [userId] }] };
  if (known.senders.includes(userId)) return item;
  const reactions = item.reactions.map((group) =>
    group === known ? { ...group, senders: [...group.senders, userId] } : group,
  );
  return { ...item, reactions };
}

function withoutReaction(item: TimelineItem, eventId: string | undefined, userId: string): TimelineItem {
  const known = item.reactions.find((group) => group.ownEventId === eventId && eventId !== undefined);
  if (known === undefined) return item;
  const { ownEventId: _own, ...rest } = known;
  const left = { ...rest, senders: known.senders.filter((sender) => sender !== userId) };
  const reactions = item.reactions.flatMap((group) =>
    group !== known ? [group] : left.senders.length > 0 ? [left] : [],
  );
  return { ...item, reactions };
}
