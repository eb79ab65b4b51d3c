/** Cross-signing: a user's three keys, and signatures on keys and devices (client-server API, "Cross-signing"). */
import { decodeBase64 } from '../../lib/base64.ts';
import { requireCanonical } from '../../matrix/json-input.ts';
import { type ErrorCode, MatrixError } from '../../matrix/errors.ts';
import type { DeviceId, UserId } from '../../matrix/ids.ts';
import {
  asObject,
  getObject,
  getString,
  getStrings,
  isObject,
  jsonEquals,
  type JsonObject,
  type JsonValue,
  omitKeys,
} from '../../matrix/json.ts';
import { parseTrusted } from '../../matrix/json-parse.ts';
import type { CrossSigningUsage, KeySignatureRow } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import { noteDeviceChanges } from '../devices/index.ts';
import { publicPart } from './key-view.ts';

export type CrossSigningUpload = Partial<Record<CrossSigningUsage, JsonObject>>;

export type SignatureFailures = Map<string, Map<string, { errcode: ErrorCode; error: string }>>;

const USAGES: readonly CrossSigningUsage[] = ['master', 'self_signing', 'user_signing'];

export class CrossSigning {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * Whether an upload needs the user's confirmation: not for a first set of keys, and not for keys that are there
   * already ("the server MUST NOT require … if there is no existing cross-signing master key").
   */
  async needsConfirmation(user: UserId, upload: CrossSigningUpload): Promise<boolean> {
    const current = (await this.#context.store.keys.getCrossSigningKeys([user])).get(user);
    if (current?.get('master') === undefined) return false;
    return USAGES.some((usage) => {
      const key = upload[usage];
      const stored = current.get(usage);
      return key !== undefined && !(stored !== undefined && sameKeys(parseTrusted(stored), key));
    });
  }

  /** Stores a user's keys. Throws `M_INVALID_PARAM`, `M_MISSING_PARAM` or `M_INVALID_SIGNATURE`. */
  async upload(user: UserId, upload: CrossSigningUpload): Promise<void> {
    const { store, stream } = this.#context;
    const current = (await store.keys.getCrossSigningKeys([user])).get(user);
    const stored = current?.get('master');
    const master = upload.master ?? (stored === undefined ? undefined : asObject(parseTrusted(stored)));
    for (const usage of USAGES) {
      const key = upload[usage];
      if (key === undefined) continue;
      checkKey(user, usage, key);
      if (usage === 'master') continue;
      if (master === undefined) throw new MatrixError('M_MISSING_PARAM', 'There is no master key to sign the others');
      this.#requireSignedBy(user, key, master);
    }
    await store.transact((one) => {
      for (const usage of USAGES) {
        const key = upload[usage];
        if (key !== undefined) one.keys.setCrossSigningKey(user, usage, requireCanonical(key));
      }
      noteDeviceChanges(user, [undefined], { transaction: one, stream });
    });
  }

  #requireSignedBy(user: UserId, key: JsonObject, master: JsonObject): void {
    const publicKey = publicPart(requireCanonical(master));
    const signature = getString(getObject(getObject(key, 'signatures'), user), `ed25519:${publicKey}`);
    if (signature === undefined || !this.#verify(key, publicKey, signature)) {
      throw new MatrixError('M_INVALID_SIGNATURE', 'The key is not signed by the master key');
    }
  }

  #verify(object: JsonObject, publicKey: string, signature: string): boolean {
    const key = decodeBase64(publicKey);
    const bytes = decodeBase64(signature);
    if (key?.length !== 32 || bytes?.length !== 64) return false;
    return this.#context.crypto.ed25519Verify(key, requireCanonical(omitKeys(object, 'signatures', 'unsigned')), bytes);
  }

  /**
   * Takes signatures that `signer` has made: on own devices and the own master key, and on other users' master keys.
   * Each is judged alone; the answer tells which failed and why.
   */
  async addSignatures(
    signer: UserId,
    uploads: ReadonlyMap<UserId, ReadonlyMap<string, JsonValue>>,
  ): Promise<SignatureFailures> {
    const { store, stream } = this.#context;
    const failures: SignatureFailures = new Map();
    const rows: KeySignatureRow[] = [];
    for (const [target, objects] of uploads) {
      for (const [targetKey, object] of objects) {
        try {
          rows.push(...(await this.#check(signer, { target, targetKey, object })));
        } catch (error) {
          if (!(error instanceof MatrixError)) throw error;
          const ofUser = failures.get(target) ?? new Map();
          failures.set(target, ofUser.set(targetKey, { errcode: error.code, error: error.message }));
        }
      }
    }
    if (rows.length > 0) {
      // A signature on one's own keys is seen by everybody, one on others' keys by the signer alone.
      const own = new Set(rows.filter((row) => row.target === signer).map((row) => row.targetKey));
      const devices = (await store.keys.getDeviceKeys([signer])).map((row) => row.device);
      const signed = devices.filter((device) => own.has(device));
      await store.transact((one) => {
        for (const row of rows) one.keys.putKeySignature(row);
        // What is signed and no device is the identity.
        const changed = own.size > signed.length ? [...signed, undefined] : signed;
        noteDeviceChanges(signer, changed, { transaction: one, stream });
        if (own.size > 0) return;
        one.onCommit(() => stream.publish({ kind: 'key-signature', position: one.position, user: signer }));
      });
    }
    return failures;
  }

  async #check(
    signer: UserId,
    upload: { target: UserId; targetKey: string; object: JsonValue },
  ): Promise<KeySignatureRow[]> {
    const { target, targetKey } = upload;
    const object = asObject(upload.object);
    if (object === undefined) throw new MatrixError('M_BAD_JSON', 'A signed object is expected');
    const stored = await this.#storedObject(signer, target, targetKey);
    if (stored === undefined) throw new MatrixError('M_NOT_FOUND', 'There is no such key');
    const unsigned = (value: JsonObject): JsonObject => omitKeys(value, 'signatures', 'unsigned');
    if (!jsonEquals(unsigned(stored), unsigned(object))) {
      throw new MatrixError('M_UNKNOWN', 'The signed object is not the one that is stored', { status: 400 });
    }
    const signatures = Object.entries(getObject(getObject(object, 'signatures'), signer) ?? {});
    const fresh = signatures.filter(([, signature]) => typeof signature === 'string') as [string, string][];
    if (fresh.length === 0) throw new MatrixError('M_INVALID_SIGNATURE', 'The object carries no signature of yours');
    for (const [keyId, signature] of fresh) {
      const publicKey = await this.#signingKey(signer, keyId);
      if (publicKey === undefined || !this.#verify(stored, publicKey, signature)) {
        throw new MatrixError('M_INVALID_SIGNATURE', `The signature by ${keyId} does not hold`);
      }
    }
    return fresh.map(([signerKeyId, signature]) => ({ target, targetKey, signer, signerKeyId, signature }));
  }

  /** The stored device or cross-signing key. Of other users only the master key may be signed. */
  async #storedObject(signer: UserId, target: UserId, targetKey: string): Promise<JsonObject | undefined> {
    const { keys } = this.#context.store;
    const master = (await keys.getCrossSigningKeys([target])).get(target)?.get('master');
    if (master !== undefined && publicPart(master) === targetKey) return asObject(parseTrusted(master));
    if (target !== signer) return undefined;
    const device = (await keys.getDeviceKeys([target])).find((row) => row.device === targetKey);
    return device === undefined ? undefined : asObject(parseTrusted(device.json));
  }

  /** The public key that a key id of the signer names: one of the cross-signing keys, or a device's. */
  async #signingKey(signer: UserId, keyId: string): Promise<string | undefined> {
    const name = keyId.startsWith('ed25519:') ? keyId.slice('ed25519:'.length) : undefined;
    if (name === undefined) return undefined;
    const { keys } = this.#context.store;
    for (const json of (await keys.getCrossSigningKeys([signer])).get(signer)?.values() ?? []) {
      if (publicPart(json) === name) return name;
    }
    const device = (await keys.getDeviceKeys([signer])).find((row) => row.device === (name as DeviceId));
    return device === undefined ? undefined : getString(getObject(asObject(parseTrusted(device.json)), 'keys'), keyId);
  }
}

function sameKeys(left: JsonValue, right: JsonObject): boolean {
  return isObject(left) && jsonEquals(left['keys'] ?? null, right['keys'] ?? null);
}

function checkKey(user: UserId, usage: CrossSigningUsage, key: JsonObject): void {
  const names = Object.keys(getObject(key, 'keys') ?? {});
  const publicKey = getString(getObject(key, 'keys'), names[0] ?? '');
  // "keys: … the object MUST have exactly one property, its name … `ed25519:<unpadded_base64_public_key>`."
  const wellFormed = names.length === 1 && publicKey !== undefined && names[0] === `ed25519:${publicKey}`;
  if (getString(key, 'user_id') !== user || getStrings(key, 'usage')?.includes(usage) !== true || !wellFormed) {
    throw new MatrixError('M_INVALID_PARAM', `The ${usage} key is not well formed`);
  }
}
