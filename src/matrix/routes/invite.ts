/**
 * The invite: everything that somebody without an account, without DNS and without trust in any other host needs to
 * reach a homeserver and to register there, in at most 300 bytes. It travels as a link (`https://…/#i=…`), as text, or
 * as a QR code of the link, and is read from whoever hands it over: nothing in it is believed before its form is.
 */
import { decode, encode } from 'cborg';
import { decodeBase64Url, encodeBase64Url } from '../../lib/base64.ts';
import { parseServerName, parseUserId } from '../ids.ts';
import { splitServerName } from '../server-address.ts';
import { packRoutes, unpackRoutes } from './invite-routes.ts';
import { FINGERPRINT_BYTES, formatRoute, type Route, SECRET_BYTES_MAX, SECRET_BYTES_MIN } from './route.ts';

export const INVITE_BYTES_MAX = 300;
const INVITE_ROUTES_MAX = 4;

export interface Invite {
  readonly serverName: string;
  /** The server's signing key, which signs its route manifests: id (`ed25519:…`) and public key. */
  readonly keyId: string;
  readonly publicKey: Uint8Array;
  /** At least one, at most four; those over WebRTC share one certificate and one secret. */
  readonly routes: readonly Route[];
  /** Registers one account, or several. */
  readonly token: string;
  /** To the minute; never where it is left out. */
  readonly expiresAtMs?: number;
  /** User id of whoever invites. */
  readonly inviter?: string;
  readonly roomId?: string;
}

const FORMAT = 1;
const FIELDS = 10;
const KEY_VERSION = /^[A-Za-z0-9_]{1,32}$/;
const PUBLIC_KEY_BYTES = 32;
const TOKEN = /^[A-Za-z0-9._~-]{1,64}$/;
/** Of room version 12: "the event ID of the room's `m.room.create` event with the sigil changed": 32 bytes. */
const HASHED_ROOM_BYTES = 32;
const ROOM_ID = /^![!-~]{1,254}$/;
const MINUTE_MS = 60_000;
const MINUTES_MAX = 2 ** 32 - 1;

type Packed = null | boolean | number | string | Uint8Array | readonly Packed[];

/** Bytes where the text is base64url of exactly them, as most tokens and room ids are; else the text. */
function packText(text: string): string | Uint8Array {
  const bytes = decodeBase64Url(text);
  return bytes !== undefined && bytes.length > 8 && encodeBase64Url(bytes) === text ? bytes : text;
}

function unpackText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return value instanceof Uint8Array ? encodeBase64Url(value) : undefined;
}

function packInviter(inviter: string | undefined, serverName: string): Packed {
  if (inviter === undefined) return null;
  const own = `:${serverName}`;
  return inviter.endsWith(own) ? inviter.slice(1, -own.length) : inviter;
}

function packRoom(roomId: string | undefined): Packed {
  if (roomId === undefined) return null;
  const packed = packText(roomId.slice(1));
  return typeof packed !== 'string' && packed.length === HASHED_ROOM_BYTES ? packed : roomId;
}

/** The bytes of an invite; `undefined` where it would be longer than it may be, or cannot be written at all. */
export function encodeInvite(invite: Invite): Uint8Array | undefined {
  const { serverName, routes } = invite;
  const { host } = splitServerName(serverName);
  const webRtc = routes.find((route) => route.kind === 'webrtc');
  const fields: Packed[] = [
    FORMAT,
    serverName,
    invite.keyId.replace(/^ed25519:/, ''),
    invite.publicKey,
    webRtc?.fingerprint ?? null,
    webRtc?.secret ?? null,
    packText(invite.token),
    invite.expiresAtMs === undefined ? 0 : Math.floor(invite.expiresAtMs / MINUTE_MS),
    packInviter(invite.inviter, serverName),
    packRoom(invite.roomId),
    packRoutes(routes, host),
  ];
  const bytes = encode(fields);
  return bytes.length <= INVITE_BYTES_MAX && decodeInvite(bytes) !== undefined ? bytes : undefined;
}

const STRICT = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  useMaps: true,
  rejectDuplicateMapKeys: true,
} as const;

function decodeFields(bytes: Uint8Array): readonly unknown[] | undefined {
  if (bytes.length > INVITE_BYTES_MAX) return undefined;
  try {
    const value: unknown = decode(bytes, STRICT);
    return Array.isArray(value) && value.length === FIELDS + 1 && value[0] === FORMAT ? value : undefined;
  } catch {
    return undefined;
  }
}

function bytesBetween(value: unknown, least: number, most: number): Uint8Array | undefined {
  return value instanceof Uint8Array && value.length >= least && value.length <= most ? value : undefined;
}

function unpackInviter(value: unknown, serverName: string): string | undefined {
  if (typeof value !== 'string') return undefined;
  return parseUserId(value.startsWith('@') ? value : `@${value}:${serverName}`);
}

function unpackRoom(value: unknown): string | undefined {
  if (value instanceof Uint8Array) return value.length === HASHED_ROOM_BYTES ? `!${encodeBase64Url(value)}` : undefined;
  return typeof value === 'string' && ROOM_ID.test(value) ? value : undefined;
}

/** What may be left out: `undefined` for what is there and is wrong. */
function unpackRest(fields: readonly unknown[], serverName: string): Partial<Invite> | undefined {
  const [, , , , , , , minutes, inviter, room] = fields;
  if (typeof minutes !== 'number' || !Number.isInteger(minutes) || minutes < 0 || minutes > MINUTES_MAX)
    return undefined;
  const by = unpackInviter(inviter, serverName);
  const roomId = unpackRoom(room);
  if ((inviter !== null && by === undefined) || (room !== null && roomId === undefined)) return undefined;
  return {
    ...(minutes > 0 && { expiresAtMs: minutes * MINUTE_MS }),
    ...(by !== undefined && { inviter: by }),
    ...(roomId !== undefined && { roomId }),
  };
}

/** Reads the bytes of an invite; `undefined` for anything that is none. */
export function decodeInvite(bytes: Uint8Array): Invite | undefined {
  const fields = decodeFields(bytes);
  if (fields === undefined) return undefined;
  const [, name, version, key, rawFingerprint, rawSecret] = fields;
  if (typeof name !== 'string' || parseServerName(name) === undefined) return undefined;
  if (typeof version !== 'string' || !KEY_VERSION.test(version)) return undefined;
  const publicKey = bytesBetween(key, PUBLIC_KEY_BYTES, PUBLIC_KEY_BYTES);
  const token = unpackText(fields[6]);
  if (publicKey === undefined || token === undefined || !TOKEN.test(token)) return undefined;
  const fingerprint = bytesBetween(rawFingerprint, FINGERPRINT_BYTES, FINGERPRINT_BYTES);
  const secret = bytesBetween(rawSecret, SECRET_BYTES_MIN, SECRET_BYTES_MAX);
  if ((rawFingerprint !== null && fingerprint === undefined) || (rawSecret !== null && secret === undefined)) {
    return undefined;
  }
  const routes = unpackRoutes(fields[10], { host: splitServerName(name).host, fingerprint, secret });
  const rest = unpackRest(fields, name);
  if (routes === undefined || rest === undefined || routes.length === 0 || routes.length > INVITE_ROUTES_MAX) {
    return undefined;
  }
  return { serverName: name, keyId: `ed25519:${version}`, publicKey, routes, token, ...rest };
}

const LINK_MARK = '#i=';
/** Longer texts are not searched for an invite. */
const TEXT_LENGTH_MAX = 4096;

/** The text of an invite: what stands behind `#i=` in its link. */
export function inviteText(bytes: Uint8Array): string {
  return encodeBase64Url(bytes);
}

/** The link of an invite: the page at its first web route; `undefined` where it has none. */
export function inviteLink(bytes: Uint8Array, routes: readonly Route[]): string | undefined {
  const web = routes.find((route) => route.kind === 'web');
  return web === undefined ? undefined : `${formatRoute(web)}/${LINK_MARK}${inviteText(bytes)}`;
}

/** Reads an invite from whatever a person pasted or scanned: a link, or its text, with breaks in it or not. */
export function readInvite(pasted: string): Invite | undefined {
  if (pasted.length > TEXT_LENGTH_MAX) return undefined;
  const mark = pasted.indexOf(LINK_MARK);
  const text = (mark < 0 ? pasted : pasted.slice(mark + LINK_MARK.length)).replace(/\s+/g, '');
  const bytes = decodeBase64Url(text);
  return bytes === undefined ? undefined : decodeInvite(bytes);
}
