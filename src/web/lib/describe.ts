/** Names and one-line texts of rooms, people and events, in the user's words. */
import type { ItemBody, Preview, RoomSummary, SecurityFeed } from './engine.ts';
import { CommandError } from './engine.ts';
import type { MessageKey, Words } from './words.ts';

/** The name of a room: its own, else the names of the others in it. */
export function roomTitle(room: RoomSummary, words: Words): string {
  if (room.name !== undefined) return room.name;
  if (room.membership === 'invite' && room.heroNames.length === 0 && room.inviterName !== undefined)
    return room.inviterName;
  return room.heroNames.length === 0 ? words.say('emptyChat') : words.list(room.heroNames);
}

const KIND_WORDS: { readonly [K in ItemBody['kind']]?: MessageKey } = {
  image: 'photo',
  video: 'video',
  audio: 'audio',
  file: 'file',
  redacted: 'deletedMessage',
  unreadable: 'encryptedMessage',
  unknown: 'unknownMessage',
  encryption: 'roomEncrypted',
  'verification-request': 'verificationPreview',
};

/** What an event says in one line, without its sender. */
export function previewText(preview: Preview, words: Words): string {
  const key = KIND_WORDS[preview.kind];
  if (preview.kind === 'file' || preview.kind === 'unknown') return preview.text || words.say(key ?? 'unknownMessage');
  return key === undefined ? preview.text : words.say(key);
}

/** The second line of a room in the list. */
export function roomSubtitle(room: RoomSummary, userId: string, words: Words): string {
  if (room.membership === 'invite') return words.say('invitesYou', { name: room.inviterName ?? room.inviter ?? '' });
  const { lastEvent } = room;
  if (lastEvent === undefined) return '';
  const text = previewText(lastEvent.preview, words);
  if (text === '' || lastEvent.preview.kind === 'encryption') return text;
  if (lastEvent.sender === userId) return words.say('youPrefix', { text });
  return room.isDirect ? text : words.say('senderPrefix', { name: lastEvent.senderName, text });
}

/** The sentence of an event that is not a message; `undefined` for messages. */
export function eventSentence(body: ItemBody, sender: string, words: Words): string | undefined {
  switch (body.kind) {
    case 'member':
      return memberSentence(body, sender, words);
    case 'room-name':
      return words.say('roomNamed', { sender, text: body.text });
    case 'topic':
      return words.say('roomTopic', { sender });
    case 'room-picture':
      return words.say('roomPicture', { sender });
    case 'encryption':
      return words.say('roomEncrypted');
    case 'created':
      return words.say('roomCreated', { sender });
    case 'verification-request':
      return words.say('verificationRequested', { sender });
    default:
      return undefined;
  }
}

function memberSentence(body: Extract<ItemBody, { kind: 'member' }>, sender: string, words: Words): string {
  const KEYS = {
    joined: 'memberJoined',
    left: 'memberLeft',
    invited: 'memberInvited',
    kicked: 'memberKicked',
    banned: 'memberBanned',
    unbanned: 'memberUnbanned',
    declined: 'memberDeclined',
    withdrawn: 'memberWithdrawn',
    renamed: 'memberRenamed',
    'new-picture': 'memberRenamed',
  } as const;
  return words.say(KEYS[body.change], { name: body.name, sender });
}

export interface UnreadableText {
  readonly text: string;
  readonly canUnlock: boolean;
}

/** Why a message cannot be read, and whether unlocking the history may help (CLIENT.md §6.3). */
export function unreadableText(
  body: Extract<ItemBody, { kind: 'unreadable' }>,
  options: { security: SecurityFeed; senderName: string; words: Words },
): UnreadableText {
  const { security, words } = options;
  const locked = security.backup === 'locked';
  const plain = (key: MessageKey, canUnlock = false) => ({
    text: words.say(key, { name: options.senderName }),
    canUnlock,
  });
  switch (body.cause) {
    case 'pending':
      return plain('opening');
    case 'missing-key':
    case 'backup-locked':
      if (locked) return plain('unreadableLocked', true);
      return plain(security.backup === 'none' ? 'unreadableNoBackup' : 'unreadableMissing');
    case 'before-join':
      return locked ? plain('unreadableLocked', true) : plain('unreadableBeforeJoin');
    case 'withheld':
      return plain('unreadableWithheld', !security.deviceVerified);
    case 'not-authentic':
      return plain('unreadableNotAuthentic');
    case 'unknown-algorithm':
      return plain('unreadableAlgorithm');
  }
}

/** What went wrong, in words for the person in front. */
export function failureText(error: unknown, words: Words, refused: MessageKey = 'somethingWrong'): string {
  if (!(error instanceof CommandError)) return words.say('somethingWrong');
  if (error.code === 'network') return words.say('noNetwork');
  if (error.code === 'M_LIMIT_EXCEEDED') return words.say('limited');
  if (error.code === 'M_USER_IN_USE') return words.say('userNameTaken');
  if (error.code === 'M_INVALID_USERNAME') return words.say('userNameWrong');
  if (error.code === 'M_WEAK_PASSWORD') return words.say('passwordTooShort');
  return words.say(error.status === 403 || error.status === 401 ? refused : 'somethingWrong');
}

/** One or two letters for a picture that is not there. */
export function initials(name: string): string {
  const letters = [...name.replace(/^[@#!]/, '').trim()];
  const first = letters[0] ?? '?';
  const space = letters.indexOf(' ');
  const second = space > 0 ? letters.slice(space + 1).find((one) => /\p{L}/u.test(one)) : undefined;
  return (/\p{Script=Han}/u.test(first) ? first : first + (second ?? '')).toUpperCase();
}

const COLOURS = 8;

/** One of eight colours, always the same for the same id. */
export function colourOf(id: string): number {
  let hash = 0;
  for (let at = 0; at < id.length; at += 1) hash = (hash * 31 + id.charCodeAt(at)) >>> 0;
  return hash % COLOURS;
}
