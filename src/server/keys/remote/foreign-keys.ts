/**
 * Keys of users of other servers, read out of what those servers say. Whatever is not exactly what its owner has
 * signed is left out: a server can withhold keys, but not make any.
 */
import { decodeBase64 } from '../../../lib/base64.ts';
import { canonicalJson, CanonicalJsonError } from '../../../matrix/canonical-json.ts';
import { type DeviceId, parseDeviceId, type UserId, utf8Length } from '../../../matrix/ids.ts';
import {
  asObject,
  getArray,
  getInteger,
  getObject,
  getString,
  getStrings,
  isObject,
  type JsonObject,
  type JsonValue,
  omitKeys,
} from '../../../matrix/json.ts';
import type { CrossSigningUsage, RemoteDeviceRow } from '../../../ports/store/index.ts';
import { isJsonSignedBy, type VerifySignature } from '../../../rules/signatures/verify.ts';

/** The cross-signing keys that others may see, as canonical JSON. */
export type ForeignIdentity = ReadonlyMap<Exclude<CrossSigningUsage, 'user_signing'>, string>;

/** A user's list as `GET /user/devices/{userId}` tells it. */
export interface ForeignList {
  readonly user: UserId;
  readonly streamId: number | undefined;
  readonly devices: readonly RemoteDeviceRow[];
  readonly identity: ForeignIdentity;
}

const OBJECT_BYTES_MAX = 65_536;
const KEY_BYTES = 32;
const DISPLAY_NAME_MAX = 100;
/** Devices of one user: more than anybody has. */
const DEVICES_MAX = 1_000;

/** The name of a device, cut to what is shown. */
export function readDisplayName(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value.slice(0, DISPLAY_NAME_MAX) : undefined;
}

/** The canonical text of the keys of a device, signed by the device itself; `undefined` where they are not. */
export function readDeviceKeys(
  value: JsonValue | undefined,
  { user, device }: { readonly user: UserId; readonly device: DeviceId },
  verify: VerifySignature,
): string | undefined {
  const keys = asObject(value);
  if (keys === undefined || getString(keys, 'user_id') !== user || getString(keys, 'device_id') !== device) return;
  const keyId = `ed25519:${device}`;
  const publicKey = publicKeyOf(getString(getObject(keys, 'keys'), keyId));
  const isWhole = getStrings(keys, 'algorithms') !== undefined && isStringMap(getObject(keys, 'keys'));
  if (publicKey === undefined || !isWhole) return;
  return signedText(keys, { entity: user, keyId, publicKey }, verify);
}

/** The canonical text of a cross-signing key; of all but the master key one that the master key has signed. */
function readIdentityKey(
  value: JsonValue | undefined,
  { user, usage, master }: { readonly user: UserId; readonly usage: CrossSigningUsage; readonly master?: string },
  verify: VerifySignature,
): { readonly text: string; readonly publicKey: string } | undefined {
  const key = asObject(value);
  const names = Object.keys(getObject(key, 'keys') ?? {});
  const publicKey = getString(getObject(key, 'keys'), names[0] ?? '');
  // "keys: … the object MUST have exactly one property, its name … `ed25519:<unpadded_base64_public_key>`."
  if (key === undefined || names.length !== 1 || publicKeyOf(publicKey) === undefined) return;
  if (publicKey === undefined || names[0] !== `ed25519:${publicKey}` || getString(key, 'user_id') !== user) return;
  if (getStrings(key, 'usage')?.includes(usage) !== true) return;
  const signing = usage === 'master' ? undefined : publicKeyOf(master);
  if (usage !== 'master' && signing === undefined) return;
  const signer = signing && { entity: user, keyId: `ed25519:${master}`, publicKey: signing };
  const text = signedText(key, signer, verify);
  return text === undefined ? undefined : { text, publicKey };
}

/** The cross-signing keys among some that a server tells. */
export function readIdentity(
  told: { readonly master: JsonValue | undefined; readonly selfSigning: JsonValue | undefined },
  user: UserId,
  verify: VerifySignature,
): ForeignIdentity {
  const identity = new Map<'master' | 'self_signing', string>();
  const master = readIdentityKey(told.master, { user, usage: 'master' }, verify);
  if (master === undefined) return identity;
  identity.set('master', master.text);
  const about = { user, usage: 'self_signing', master: master.publicKey } as const;
  const selfSigning = readIdentityKey(told.selfSigning, about, verify);
  if (selfSigning !== undefined) identity.set('self_signing', selfSigning.text);
  return identity;
}

/** An answer to `GET /user/devices/{userId}`; `undefined` where it is about something else. */
export function readForeignList(answer: JsonObject, user: UserId, verify: VerifySignature): ForeignList | undefined {
  const told = getArray(answer, 'devices');
  if (getString(answer, 'user_id') !== user || told === undefined) return undefined;
  const devices = new Map<DeviceId, RemoteDeviceRow>();
  for (const one of told.slice(0, DEVICES_MAX)) {
    const object = asObject(one);
    const device = parseDeviceId(getString(object, 'device_id') ?? '');
    if (device === undefined) continue;
    const json = readDeviceKeys(object?.['keys'], { user, device }, verify);
    if (json === undefined) continue;
    devices.set(device, { user, device, json, displayName: readDisplayName(object?.['device_display_name']) });
  }
  const identity = { master: answer['master_key'], selfSigning: answer['self_signing_key'] };
  return {
    user,
    streamId: getInteger(answer, 'stream_id'),
    devices: [...devices.values()],
    identity: readIdentity(identity, user, verify),
  };
}

/** An answer to `POST /user/keys/query` about one user. */
export function readQueriedKeys(answer: JsonObject, user: UserId, verify: VerifySignature): ForeignList {
  const devices: RemoteDeviceRow[] = [];
  for (const [name, keys] of Object.entries(getObject(getObject(answer, 'device_keys'), user) ?? {})) {
    const device = parseDeviceId(name);
    const json = device === undefined ? undefined : readDeviceKeys(keys, { user, device }, verify);
    if (device === undefined || json === undefined || devices.length >= DEVICES_MAX) continue;
    const displayName = readDisplayName(getObject(asObject(keys), 'unsigned')?.['device_display_name']);
    devices.push({ user, device, json, displayName });
  }
  const identity = {
    master: getObject(getObject(answer, 'master_keys'), user),
    selfSigning: getObject(getObject(answer, 'self_signing_keys'), user),
  };
  return { user, streamId: undefined, devices, identity: readIdentity(identity, user, verify) };
}

/** A one-time or fallback key of an answer to a claim, signed by the device: `{"algorithm:id": key}`. */
export function readClaimedKey(
  value: JsonValue | undefined,
  wanted: { readonly user: UserId; readonly device: DeviceId; readonly algorithm: string },
  check: { readonly publicKey: Uint8Array | undefined; readonly verify: VerifySignature },
): JsonObject | undefined {
  const { user, device, algorithm } = wanted;
  const entries = Object.entries(asObject(value) ?? {});
  const [keyId, key] = entries[0] ?? [];
  if (entries.length !== 1 || keyId === undefined || !keyId.startsWith(`${algorithm}:`)) return undefined;
  // A key of another kind is a bare string, which nothing signs.
  if (!isObject(key)) return typeof key === 'string' && !algorithm.startsWith('signed_') ? { [keyId]: key } : undefined;
  if (typeof key['key'] !== 'string' || !isSmall(key)) return undefined;
  const { publicKey, verify } = check;
  // Where the device is not known here, its user's client judges the signature.
  const signer = publicKey && { entity: user, keyId: `ed25519:${device}`, publicKey };
  if (signer !== undefined && !isJsonSignedBy(key, signer, verify)) return undefined;
  return { [keyId]: key };
}

/** The key by which a device signs, out of the text of its keys. */
export function signingKeyOf(keys: JsonObject, device: DeviceId): Uint8Array | undefined {
  return publicKeyOf(getString(getObject(keys, 'keys'), `ed25519:${device}`));
}

function publicKeyOf(text: string | undefined): Uint8Array | undefined {
  const bytes = text === undefined ? undefined : decodeBase64(text);
  return bytes?.length === KEY_BYTES ? bytes : undefined;
}

function isStringMap(value: JsonObject | undefined): boolean {
  return value !== undefined && Object.values(value).every((one) => typeof one === 'string');
}

function isSmall(object: JsonObject): boolean {
  const text = canonicalOf(object);
  return text !== undefined && utf8Length(text) <= OBJECT_BYTES_MAX;
}

/** The text that is kept of a signed object, where the signer's signature holds. */
function signedText(
  object: JsonObject,
  signer: Parameters<typeof isJsonSignedBy>[1] | undefined,
  verify: VerifySignature,
): string | undefined {
  // Signatures are an object of objects of strings, whoever made them.
  const signatures = getObject(object, 'signatures');
  if (object['signatures'] !== undefined && signatures === undefined) return undefined;
  if (!Object.values(signatures ?? {}).every((one) => isStringMap(asObject(one)))) return undefined;
  const text = canonicalOf(omitKeys(object, 'unsigned'));
  if (text === undefined || utf8Length(text) > OBJECT_BYTES_MAX) return undefined;
  return signer === undefined || isJsonSignedBy(object, signer, verify) ? text : undefined;
}

/** The canonical text; `undefined` where a number has none. */
function canonicalOf(object: JsonObject): string | undefined {
  try {
    return canonicalJson(object);
  } catch (error) {
    if (error instanceof CanonicalJsonError) return undefined;
    throw error;
  }
}
