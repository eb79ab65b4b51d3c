/**
 * The route manifest: what a homeserver tells its clients of the ways to it, signed by its own key, so that it can be
 * handed on by anybody. Signed as `content/appendices.md`, "Signing JSON" has it.
 */
import { decodeBase64 } from '../../lib/base64.ts';
import { canonicalJson } from '../canonical-json.ts';
import { asArray, asObject, emptyObject, getInteger, getString, type JsonObject, omitKeys } from '../json.ts';
import { formatRoute, parseRoute, parseZone, type Route } from './route.ts';

export interface Manifest {
  readonly serverName: string;
  /** Grows with every change. */
  readonly version: number;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  /** In the order of preference. */
  readonly routes: readonly Route[];
  /** Public keys of the server by their ids, so that whoever trusts one of them learns the others. */
  readonly keys: ReadonlyMap<string, string>;
}

/** Under which type a user's devices find it in their account data. */
export const MANIFEST_TYPE = 'org.postern.routes';

const ROUTES_MAX = 16;
const KEYS_MAX = 8;
const KEY_ID = /^ed25519:[A-Za-z0-9_]{1,64}$/;
const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** Why a manifest is not taken. */
export type ManifestRefusal = 'malformed' | 'foreign' | 'unsigned' | 'bad-signature' | 'expired' | 'older' | 'no-route';

export type ManifestVerdict =
  | { readonly ok: true; readonly manifest: Manifest }
  | { readonly ok: false; readonly reason: ManifestRefusal };

/** What is known of the server beforehand. */
export interface ManifestExpectations {
  readonly serverName: string;
  /** Trusted public keys (32 bytes) by their ids. */
  readonly keys: ReadonlyMap<string, Uint8Array>;
  readonly nowMs: number;
  /** The version at hand. */
  readonly knownVersion: number | undefined;
}

/** Whether an Ed25519 signature is right. */
export type VerifySignature = (one: {
  readonly publicKey: Uint8Array;
  readonly message: string;
  readonly signature: Uint8Array;
}) => boolean | Promise<boolean>;

/** The JSON of a manifest, without signatures. */
export function manifestJson(manifest: Manifest): JsonObject {
  const keys = emptyObject();
  for (const [id, key] of manifest.keys) keys[id] = key;
  return {
    server_name: manifest.serverName,
    version: manifest.version,
    issued_ts: manifest.issuedAtMs,
    expires_ts: manifest.expiresAtMs,
    routes: manifest.routes.map((route) => ({
      url: formatRoute(route),
      ...(route.zone === undefined ? {} : { zone: route.zone }),
    })),
    verify_keys: keys,
  };
}

/**
 * What a signature of a manifest covers: "Remove the signatures and unsigned keys from the object if they exist. …
 * Encode the remainder using the canonical JSON form". `undefined` where there is no such form.
 */
export function signedText(signed: JsonObject): string | undefined {
  try {
    return canonicalJson(omitKeys(signed, 'signatures', 'unsigned'));
  } catch {
    return undefined;
  }
}

function parseKeys(value: JsonObject | undefined): Map<string, string> | undefined {
  const entries = Object.entries(value ?? {});
  if (entries.length > KEYS_MAX) return undefined;
  const keys = new Map<string, string>();
  for (const [id, key] of entries) {
    if (!KEY_ID.test(id) || typeof key !== 'string' || decodeBase64(key)?.length !== PUBLIC_KEY_BYTES) return undefined;
    keys.set(id, key);
  }
  return keys;
}

/** Routes of a kind that is not known here are passed over: a newer server may have more of them. */
function parseRoutes(json: JsonObject): Route[] | undefined {
  const items = asArray(json['routes']);
  if (items === undefined || items.length > ROUTES_MAX) return undefined;
  return items.flatMap((item) => {
    const one = asObject(item);
    const url = one && getString(one, 'url');
    return url === undefined ? [] : (parseRoute(url, parseZone(one?.['zone'])) ?? []);
  });
}

/** Reads a manifest, without asking whether it is to be trusted: {@link checkManifest} does. */
export function parseManifest(json: JsonObject): Manifest | undefined {
  const serverName = getString(json, 'server_name');
  const version = getInteger(json, 'version');
  const issuedAtMs = getInteger(json, 'issued_ts');
  const expiresAtMs = getInteger(json, 'expires_ts');
  const routes = parseRoutes(json);
  const keys = parseKeys(asObject(json['verify_keys']));
  if (serverName === undefined || routes === undefined || keys === undefined) return undefined;
  if (version === undefined || issuedAtMs === undefined || expiresAtMs === undefined) return undefined;
  if (![version, issuedAtMs, expiresAtMs].every((one) => Number.isSafeInteger(one) && one >= 0)) return undefined;
  return { serverName, version, issuedAtMs, expiresAtMs, routes, keys };
}

/** Judges a manifest that came from anywhere. It needs one good signature, and none by a trusted key may be wrong. */
export async function checkManifest(
  json: JsonObject,
  expected: ManifestExpectations,
  verify: VerifySignature,
): Promise<ManifestVerdict> {
  const manifest = parseManifest(json);
  const message = signedText(json);
  if (manifest === undefined || message === undefined) return refuse('malformed');
  if (manifest.serverName !== expected.serverName) return refuse('foreign');
  const signatures = asObject(asObject(json['signatures'])?.[expected.serverName]) ?? emptyObject();
  let isSigned = false;
  for (const [keyId, publicKey] of expected.keys) {
    const text = Object.hasOwn(signatures, keyId) ? signatures[keyId] : undefined;
    if (text === undefined) continue;
    const signature = typeof text === 'string' ? decodeBase64(text) : undefined;
    if (signature?.length !== SIGNATURE_BYTES) return refuse('bad-signature');
    if (!(await verify({ publicKey, message, signature }))) return refuse('bad-signature');
    isSigned = true;
  }
  if (!isSigned) return refuse('unsigned');
  if (manifest.expiresAtMs <= expected.nowMs) return refuse('expired');
  if (manifest.version < (expected.knownVersion ?? 0)) return refuse('older');
  return manifest.routes.length === 0 ? refuse('no-route') : { ok: true, manifest };
}

function refuse(reason: ManifestRefusal): ManifestVerdict {
  return { ok: false, reason };
}
