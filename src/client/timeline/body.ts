/** From an event to what is shown of it: a closed list of bodies, whatever the network sent. */
import type { RoomEvent, UnreadableCause } from '../events.ts';
import { visible } from '../events.ts';
import { asObject, asString, field, type JsonObject } from '../json.ts';
import { parseMedia, type MediaInfo } from './media.ts';

export type MembershipChange =
  | 'joined'
  | 'left'
  | 'invited'
  | 'kicked'
  | 'banned'
  | 'unbanned'
  | 'declined'
  | 'withdrawn'
  | 'renamed'
  | 'new-picture';

export type ItemBody =
  | {
      readonly kind: 'text';
      readonly style: 'text' | 'notice' | 'emote';
      readonly text: string;
      readonly html?: string;
    }
  | { readonly kind: 'image' | 'video' | 'audio' | 'file'; readonly media: MediaInfo; readonly caption?: string }
  | { readonly kind: 'member'; readonly change: MembershipChange; readonly userId: string; readonly name: string }
  | { readonly kind: 'room-name' | 'topic'; readonly text: string }
  | { readonly kind: 'room-picture' | 'encryption' | 'created' | 'verification-request' }
  | { readonly kind: 'redacted' }
  | { readonly kind: 'unreadable'; readonly cause: UnreadableCause }
  | { readonly kind: 'unknown'; readonly text?: string };

const TEXT_LENGTH_MAX = 64 * 1024;

function textOf(content: JsonObject): string {
  return (asString(field(content, 'body')) ?? '').slice(0, TEXT_LENGTH_MAX);
}

/** "If a client does not support rich replies it … strips the fallback": `> ` lines before a blank one. */
export function stripReplyFallback(text: string): string {
  if (!text.startsWith('> <')) return text;
  const lines = text.split('\n');
  let at = 0;
  while (at < lines.length && (lines[at] ?? '').startsWith('> ')) at += 1;
  return lines[at] === '' ? lines.slice(at + 1).join('\n') : text;
}

function textBody(content: JsonObject, style: 'text' | 'notice' | 'emote'): ItemBody {
  const html =
    field(content, 'format') === 'org.matrix.custom.html' ? asString(field(content, 'formatted_body')) : undefined;
  const isReply = asObject(field(asObject(field(content, 'm.relates_to')), 'm.in_reply_to')) !== undefined;
  const text = isReply ? stripReplyFallback(textOf(content)) : textOf(content);
  return { kind: 'text', style, text, ...(html === undefined ? {} : { html: html.slice(0, TEXT_LENGTH_MAX) }) };
}

const MEDIA_KINDS: ReadonlyMap<string, 'image' | 'video' | 'audio' | 'file'> = new Map([
  ['m.image', 'image'],
  ['m.video', 'video'],
  ['m.audio', 'audio'],
  ['m.file', 'file'],
]);

/** "If the filename is present, and its value is different than body, then body is considered to be a caption". */
function captionOf(content: JsonObject): string | undefined {
  const filename = asString(field(content, 'filename'));
  const text = textOf(content);
  return filename === undefined || filename === text || text === '' ? undefined : text;
}

function messageBody(content: JsonObject): ItemBody {
  const type = asString(field(content, 'msgtype')) ?? '';
  if (type === 'm.text') return textBody(content, 'text');
  if (type === 'm.notice') return textBody(content, 'notice');
  if (type === 'm.emote') return textBody(content, 'emote');
  if (type === 'm.key.verification.request') return { kind: 'verification-request' };
  const kind = MEDIA_KINDS.get(type);
  const media = kind === undefined ? undefined : parseMedia(content);
  if (kind === undefined || media === undefined) return { kind: 'unknown', text: textOf(content) };
  const caption = captionOf(content);
  return { kind, media, ...(caption === undefined ? {} : { caption }) };
}

function membershipChange(event: RoomEvent, before: string | undefined): MembershipChange | undefined {
  const self = event.sender === event.stateKey;
  switch (field(event.content, 'membership')) {
    case 'join':
      return before === 'join' ? 'renamed' : 'joined';
    case 'invite':
      return 'invited';
    case 'ban':
      return 'banned';
    case 'leave':
      if (before === 'ban') return 'unbanned';
      if (before === 'invite') return self ? 'declined' : 'withdrawn';
      return self ? 'left' : 'kicked';
    default:
      return undefined;
  }
}

/** The body of a state event; `undefined` for those that are not told. `before` is the content it replaced. */
function stateBody(event: RoomEvent, before: JsonObject | undefined): ItemBody | undefined {
  const { content } = event;
  switch (event.type) {
    case 'm.room.member': {
      const change = membershipChange(event, asString(field(before, 'membership')));
      const userId = event.stateKey ?? '';
      const name = asString(field(content, 'displayname')) ?? asString(field(before, 'displayname')) ?? userId;
      return change === undefined ? undefined : { kind: 'member', change, userId, name };
    }
    case 'm.room.name':
      return { kind: 'room-name', text: asString(field(content, 'name')) ?? '' };
    case 'm.room.topic':
      return { kind: 'topic', text: asString(field(content, 'topic')) ?? '' };
    case 'm.room.avatar':
      return { kind: 'room-picture' };
    case 'm.room.encryption':
      return { kind: 'encryption' };
    case 'm.room.create':
      return { kind: 'created' };
    default:
      return undefined;
  }
}

/** What is shown of an event; `undefined` when it has no line of its own in the timeline. */
export function bodyOf(event: RoomEvent, before?: JsonObject): ItemBody | undefined {
  if (event.stateKey !== undefined) return event.redacted === true ? undefined : stateBody(event, before);
  const { type, content } = visible(event);
  if (event.redacted === true) {
    return type === 'm.room.message' || type === 'm.room.encrypted' || type === 'm.sticker'
      ? { kind: 'redacted' }
      : undefined;
  }
  if (event.unreadable !== undefined) return { kind: 'unreadable', cause: event.unreadable };
  if (type === 'm.room.encrypted') return { kind: 'unreadable', cause: 'pending' };
  if (type === 'm.room.message') return messageBody(content);
  if (type === 'm.sticker') {
    const media = parseMedia(content);
    return media === undefined ? { kind: 'unknown' } : { kind: 'image', media };
  }
  return undefined;
}

export interface Preview {
  readonly kind: ItemBody['kind'];
  readonly text: string;
}

const PREVIEW_LENGTH_MAX = 160;

/** One line about an event for the room list. */
export function previewOf(event: RoomEvent): Preview | undefined {
  const body = bodyOf(event);
  if (body === undefined) return undefined;
  const text = 'text' in body ? (body.text ?? '') : 'media' in body ? (body.caption ?? body.media.name) : '';
  return { kind: body.kind, text: text.replace(/\s+/g, ' ').slice(0, PREVIEW_LENGTH_MAX) };
}
