/**
 * Identifiers of Matrix as branded strings: parsed once at the edge, then trusted.
 * Grammar: `content/appendices.md`, "Identifier Grammar".
 */

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type ServerName = Branded<'ServerName'>;
export type UserId = Branded<'UserId'>;
export type RoomId = Branded<'RoomId'>;
export type RoomAlias = Branded<'RoomAlias'>;
export type EventId = Branded<'EventId'>;
export type DeviceId = Branded<'DeviceId'>;
/** `mxc://server-name/media-id` */
export type MxcUri = Branded<'MxcUri'>;

/** "The length of an identifier, including the sigil and the domain, MUST NOT exceed 255 bytes." */
export const IDENTIFIER_BYTES_MAX = 255;

// server_name = hostname [ ":" port ]; hostname = IPv4address / "[" IPv6address "]" / dns-name
const SERVER_NAME = /^(?:\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Za-z.-]{1,255})(?::[0-9]{1,5})?$/;
// "servers MUST accept user IDs with localparts consisting of any legal non-surrogate Unicode code points except for
// `:` and `NUL`"; those "outside the range U+0021 to U+007E, or with an empty localpart, are … non-compliant".
const COMPLIANT_LOCALPART = /^[\x21-\x39\x3B-\x7E]+$/;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const LOCALPART = /^[a-z0-9._=\-/+]+$/;
// "media-id … characters from the set [A-Za-z0-9_-]"
const MEDIA_ID = /^[A-Za-z0-9_-]{1,255}$/;

/** Length of `text` in bytes of UTF-8; a lone surrogate counts as the three bytes that replace it. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      bytes += 4;
      i += 1;
    } else bytes += 3;
  }
  return bytes;
}

/** Parses a server name; `undefined` when it is none. */
export function parseServerName(text: string): ServerName | undefined {
  return text.length <= 255 && SERVER_NAME.test(text) ? (text as ServerName) : undefined;
}

function splitId(text: string, sigil: string): { localpart: string; server: string } | undefined {
  if (text.charAt(0) !== sigil || utf8Length(text) > IDENTIFIER_BYTES_MAX) return undefined;
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  const server = text.slice(colon + 1);
  if (parseServerName(server) === undefined) return undefined;
  return { localpart: text.slice(1, colon), server };
}

/** Parses a user id, the historical grammar included; `undefined` when it is none. */
export function parseUserId(text: string): UserId | undefined {
  const parts = splitId(text, '@');
  if (parts === undefined || parts.localpart.includes('\0') || LONE_SURROGATE.test(parts.localpart)) return undefined;
  return text as UserId;
}

/**
 * Whether a user id may be shown "outside the context of an event": ids with an empty localpart or with characters
 * outside U+0021 to U+007E live on in old rooms only.
 */
export function isCompliantUserId(userId: UserId): boolean {
  return COMPLIANT_LOCALPART.test(localpartOf(userId));
}

/** Whether `localpart` may be registered here: "a-z, 0-9, ., _, =, -, /, +", and not empty. */
export function isLocalpart(localpart: string): boolean {
  return LOCALPART.test(localpart);
}

/** Builds the id of a local user; the caller has checked the localpart. */
export function userIdOf(localpart: string, server: ServerName): UserId {
  return `@${localpart}:${server}` as UserId;
}

/**
 * Parses a room id: `!opaque:server` up to room version 11, `!` and the hash of the create event
 * (43 characters of URL-safe base64) from version 12.
 */
export function parseRoomId(text: string): RoomId | undefined {
  if (text.charAt(0) !== '!' || utf8Length(text) > IDENTIFIER_BYTES_MAX || text.includes('\0')) return undefined;
  const colon = text.indexOf(':');
  if (colon < 0) return /^![A-Za-z0-9_-]{43}$/.test(text) ? (text as RoomId) : undefined;
  return colon > 1 && parseServerName(text.slice(colon + 1)) !== undefined ? (text as RoomId) : undefined;
}

/** Parses a room alias `#localpart:server`; the localpart may hold any character but `:` and NUL. */
export function parseRoomAlias(text: string): RoomAlias | undefined {
  const parts = splitId(text, '#');
  if (parts === undefined || parts.localpart === '' || parts.localpart.includes('\0')) return undefined;
  return text as RoomAlias;
}

/** Parses an event id of any room version: `$opaque:server` (1, 2) or `$` and a hash (3 and later). */
export function parseEventId(text: string): EventId | undefined {
  if (text.charAt(0) !== '$' || text.length < 2 || utf8Length(text) > IDENTIFIER_BYTES_MAX) return undefined;
  return text.includes('\0') ? undefined : (text as EventId);
}

/** Parses the id of a device, which whoever makes it chooses; `*` stands for all of a user's devices and is none. */
export function parseDeviceId(text: string): DeviceId | undefined {
  return isDeviceId(text) ? text : undefined;
}

function isDeviceId(text: string): text is DeviceId {
  return text !== '' && text !== '*' && utf8Length(text) <= IDENTIFIER_BYTES_MAX;
}

/** Parses an `mxc://` URI by its strict grammar; `undefined` for path parts, queries and the like. */
export function parseMxcUri(text: string): { server: ServerName; mediaId: string } | undefined {
  if (!text.startsWith('mxc://')) return undefined;
  const slash = text.indexOf('/', 6);
  if (slash < 0) return undefined;
  const server = parseServerName(text.slice(6, slash));
  const mediaId = text.slice(slash + 1);
  return server !== undefined && MEDIA_ID.test(mediaId) ? { server, mediaId } : undefined;
}

/** The server part of a user id, room alias or `!opaque:server` room id; `undefined` where there is none. */
export function serverOf(id: string): ServerName | undefined {
  const colon = id.indexOf(':');
  return colon < 0 ? undefined : parseServerName(id.slice(colon + 1));
}

/** The localpart of a user id or alias, without its sigil. */
export function localpartOf(id: UserId | RoomAlias): string {
  return id.slice(1, id.indexOf(':'));
}
