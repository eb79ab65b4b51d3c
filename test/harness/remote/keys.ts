/** The keys of a scripted server, and what it knows of the keys of others. */
import { decodeBase64, encodeBase64 } from '../../../src/lib/base64.ts';
import type { ServerName } from '../../../src/matrix/ids.ts';
import { getInteger, getObject, getString, type JsonObject } from '../../../src/matrix/json.ts';
import { signJson } from '../../../src/rules/signatures/sign.ts';
import { isJsonSignedBy, type ServerKey } from '../../../src/rules/signatures/verify.ts';
import { type TestKey, verifyEd25519 } from '../../fixtures/ed25519.ts';

const HOUR_MS = 60 * 60 * 1000;

export interface OldKey {
  readonly key: TestKey;
  readonly expiredTs: number;
}

/** What a server publishes below `/_matrix/key/v2/server`, signed by all of its keys. */
export function keyDocument(keys: readonly TestKey[], old: readonly OldKey[], nowMs: number): JsonObject {
  const verifyKeys: JsonObject = {};
  for (const one of keys) verifyKeys[one.keyId] = { key: encodeBase64(one.publicKey) };
  const oldKeys: JsonObject = {};
  for (const { key, expiredTs } of old) {
    oldKeys[key.keyId] = { key: encodeBase64(key.publicKey), expired_ts: expiredTs };
  }
  const document: JsonObject = {
    server_name: keys[0]?.entity ?? '',
    valid_until_ts: nowMs + 24 * HOUR_MS,
    verify_keys: verifyKeys,
    old_verify_keys: oldKeys,
  };
  return keys.reduce<JsonObject>(signJson, document);
}

/** The keys in a document of `server`; `undefined` when it is of another server or not signed by its own keys. */
function readDocument(server: string, document: JsonObject): Map<string, ServerKey> | undefined {
  if (getString(document, 'server_name') !== server) return undefined;
  const validUntilTs = getInteger(document, 'valid_until_ts') ?? 0;
  const found = new Map<string, ServerKey>();
  for (const [list, isOld] of [
    ['verify_keys', false],
    ['old_verify_keys', true],
  ] as const) {
    const entries = getObject(document, list) ?? {};
    for (const keyId of Object.keys(entries)) {
      const entry = getObject(entries, keyId);
      const publicKey = decodeBase64(getString(entry, 'key') ?? '');
      if (publicKey === undefined) continue;
      const expiredTs = isOld ? (getInteger(entry, 'expired_ts') ?? 0) : undefined;
      // "The homeserver should sign with each of its `verify_keys`."
      if (!isOld && !isJsonSignedBy(document, { entity: server, keyId, publicKey }, verifyEd25519)) return undefined;
      found.set(keyId, { publicKey, validUntilTs, expiredTs });
    }
  }
  return found;
}

export class KeyRing {
  readonly documents = new Map<string, JsonObject>();
  readonly #keys = new Map<string, Map<string, ServerKey>>();
  readonly #fetch: (server: string) => Promise<JsonObject>;

  constructor(fetch: (server: string) => Promise<JsonObject>) {
    this.#fetch = fetch;
  }

  readonly find = (server: ServerName, keyId: string): ServerKey | undefined => this.#keys.get(server)?.get(keyId);

  /** Takes a key document in; false when it is no valid one of `server`. */
  put(server: string, document: JsonObject): boolean {
    const keys = readDocument(server, document);
    if (keys === undefined) return false;
    this.documents.set(server, document);
    this.#keys.set(server, keys);
    return true;
  }

  /** The key of a server, asked from it where it is not known yet. */
  async load(server: string, keyId: string): Promise<ServerKey | undefined> {
    const known = this.#keys.get(server)?.get(keyId);
    if (known !== undefined) return known;
    this.put(server, await this.#fetch(server));
    return this.#keys.get(server)?.get(keyId);
  }
}
