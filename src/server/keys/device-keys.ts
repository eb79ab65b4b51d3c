/** Device keys, one-time keys and fallback keys: uploaded, queried, claimed. */
import { boundedMap } from '../bounded-map.ts';
import { KeyedQueue } from '../../lib/queue.ts';
import { requireCanonical } from '../../matrix/json-input.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { type DeviceId, type UserId, utf8Length } from '../../matrix/ids.ts';
import {
  asObject,
  copyObject,
  emptyObject,
  getString,
  getStrings,
  isObject,
  type JsonObject,
  type JsonValue,
} from '../../matrix/json.ts';
import { parseTrusted } from '../../matrix/json-parse.ts';
import type { Transaction } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import { noteDeviceChanges } from '../devices/index.ts';
import { type KeyViewer, publicPart, withSignatures } from './key-view.ts';

export interface KeyUpload {
  readonly deviceKeys: JsonValue | undefined;
  readonly oneTimeKeys: JsonValue | undefined;
  readonly fallbackKeys: JsonValue | undefined;
}

/** Counts of one-time keys and unused fallback algorithms, as JSON texts. */
export interface KeySummary {
  readonly counts: string;
  readonly fallback: string;
}

/** What has been checked and can be written. */
export interface CheckedUpload {
  readonly deviceKeys: string | undefined;
  readonly oneTimeKeys: readonly { keyId: string; json: string }[];
  readonly fallbackKeys: readonly { keyId: string; json: string }[];
}

export interface QueryAnswer {
  readonly device_keys: JsonObject;
  readonly master_keys: JsonObject;
  readonly self_signing_keys: JsonObject;
  readonly user_signing_keys: JsonObject;
}

/** Keys of one upload, and unclaimed keys of one device: far more than any client makes. */
const ONE_TIME_KEYS_MAX = 1_000;
const KEY_BYTES_MAX = 8_192;
const DEVICE_KEYS_BYTES_MAX = 65_536;

export class DeviceKeys {
  readonly #context: Context;
  /** Claims and uploads of one user follow each other, so that no key is given out twice. */
  readonly #queue = new KeyedQueue<UserId>();

  readonly #summaries = boundedMap<string, Promise<KeySummary>>(50_000);

  constructor(context: Context) {
    this.#context = context;
    context.stream.listen((change) => {
      if (change.kind === 'one-time-keys') this.#summaries.delete(`${change.user} ${change.device}`);
    });
  }

  /** Stores an upload and returns how many one-time keys the device has, by algorithm. */
  async upload(user: UserId, device: DeviceId, upload: KeyUpload): Promise<Map<string, number>> {
    const checked = checkUpload(user, device, upload);
    await this.#queue.run(user, async () => {
      const write = await this.planUpload(user, device, checked);
      if (write !== undefined) await this.#context.store.transact(write);
    });
    return await this.counts(user, device);
  }

  /** The write for a checked upload; `undefined` where everything is there already. Runs inside the user's queue. */
  async planUpload(
    user: UserId,
    device: DeviceId,
    checked: CheckedUpload,
  ): Promise<((one: Transaction) => void) | undefined> {
    const { store, stream } = this.#context;
    const fresh = await this.#freshKeys(user, device, checked.oneTimeKeys);
    const [current] = (await store.keys.getDeviceKeys([user])).filter((row) => row.device === device);
    const changed = checked.deviceKeys !== undefined && current?.json !== checked.deviceKeys;
    if (!changed && fresh.length === 0 && checked.fallbackKeys.length === 0) return undefined;
    return (one) => {
      if (changed && checked.deviceKeys !== undefined) {
        one.keys.putDeviceKeys({ user, device, json: checked.deviceKeys });
        noteDeviceChanges(user, [device], { transaction: one, stream });
      }
      for (const key of fresh) one.keys.putOneTimeKey(user, device, key);
      for (const key of checked.fallbackKeys) one.keys.putFallbackKey(user, device, key);
      one.onCommit(() => {
        stream.publish({ kind: 'one-time-keys', user, device });
      });
    };
  }

  /** "If the same key ID is uploaded again with other contents the server MUST refuse": equal ones are ignored. */
  async #freshKeys(
    user: UserId,
    device: DeviceId,
    keys: CheckedUpload['oneTimeKeys'],
  ): Promise<{ keyId: string; json: string }[]> {
    const fresh: { keyId: string; json: string }[] = [];
    for (const key of keys) {
      const existing = await this.#context.store.keys.findOneTimeKey(user, device, key.keyId);
      if (existing === undefined) fresh.push(key);
      else if (!sameKey(existing.json, key.json)) {
        throw new MatrixError('M_UNKNOWN', `One time key ${key.keyId} already exists with other contents`, {
          status: 400,
        });
      }
    }
    return fresh;
  }

  /** What every sync answer tells of a device's keys, as JSON texts; remembered until the keys change. */
  async summary(user: UserId, device: DeviceId): Promise<KeySummary> {
    const key = `${user} ${device}`;
    let summary = this.#summaries.get(key);
    if (summary === undefined) {
      summary = this.#readSummary(user, device);
      // Remembered before it is read, so that a change meanwhile makes it forgotten.
      this.#summaries.set(key, summary);
      summary.catch(() => this.#summaries.delete(key));
    }
    return await summary;
  }

  async #readSummary(user: UserId, device: DeviceId): Promise<KeySummary> {
    return {
      counts: JSON.stringify(Object.fromEntries(await this.counts(user, device))),
      fallback: JSON.stringify(await this.unusedFallbackTypes(user, device)),
    };
  }

  /** Unclaimed one-time keys by algorithm; `signed_curve25519` always stands there. */
  async counts(user: UserId, device: DeviceId): Promise<Map<string, number>> {
    const counts = await this.#context.store.keys.countOneTimeKeys(user, device);
    return new Map([['signed_curve25519', 0], ...counts]);
  }

  /** Algorithms of the fallback keys that have not been used. */
  async unusedFallbackTypes(user: UserId, device: DeviceId): Promise<string[]> {
    const keys = await this.#context.store.keys.getFallbackKeys(user, device);
    return keys.filter((one) => !one.used).map((one) => algorithmOf(one.keyId));
  }

  /** "Claims one-time keys for use in pre-key messages": the fallback key where none is left. */
  async claim(wishes: ReadonlyMap<UserId, ReadonlyMap<DeviceId, string>>): Promise<JsonObject> {
    const answer: JsonObject = {};
    for (const [user, devices] of wishes) {
      // Clients choose the names of devices: an inherited key must not swallow one.
      const ofUser = emptyObject();
      for (const [device, algorithm] of devices) {
        const key = await this.#queue.run(user, () => this.#claimOne(user, device, algorithm));
        if (key !== undefined) ofUser[device] = { [key.keyId]: parseTrusted(key.json) };
      }
      if (Object.keys(ofUser).length > 0) answer[user] = ofUser;
    }
    return answer;
  }

  async #claimOne(
    user: UserId,
    device: DeviceId,
    algorithm: string,
  ): Promise<{ keyId: string; json: string } | undefined> {
    const { store, stream } = this.#context;
    const key = await store.keys.nextOneTimeKey(user, device, algorithm);
    if (key !== undefined) {
      // The key is gone from the disk before anybody hears of it: it is never given out twice.
      await store.transact((one) => {
        one.keys.deleteOneTimeKey(user, device, key.keyId);
        one.onCommit(() => stream.publish({ kind: 'one-time-keys', user, device }));
      });
      return key;
    }
    const fallback = (await store.keys.getFallbackKeys(user, device)).find(
      (one) => algorithmOf(one.keyId) === algorithm,
    );
    if (fallback !== undefined && !fallback.used) {
      await store.transact((one) => {
        one.keys.setFallbackKeyUsed(user, device, fallback.keyId);
        one.onCommit(() => stream.publish({ kind: 'one-time-keys', user, device }));
      });
    }
    return fallback;
  }

  /**
   * The keys of users of this server and their devices, as somebody may see them; an empty device list stands for all
   * devices.
   */
  async query(viewer: KeyViewer, wishes: ReadonlyMap<UserId, readonly string[]>): Promise<QueryAnswer> {
    const { store } = this.#context;
    const users = [...wishes.keys()];
    const visible = viewer.visible(await store.keys.getKeySignatures(users));
    const answer: QueryAnswer = { device_keys: {}, master_keys: {}, self_signing_keys: {}, user_signing_keys: {} };
    for (const user of users) answer.device_keys[user] = emptyObject();
    for (const row of await store.keys.getDeviceKeys(users)) {
      const wanted = wishes.get(row.user) ?? [];
      const ofUser = answer.device_keys[row.user];
      if (!isObject(ofUser) || (wanted.length > 0 && !wanted.includes(row.device))) continue;
      const keys = withSignatures(row.json, visible, { target: row.user, targetKey: row.device });
      // What a device is called is told to nobody outside.
      const isNamed = row.displayName !== undefined && viewer.user !== undefined;
      ofUser[row.device] = copyObject(keys, { unsigned: isNamed ? { device_display_name: row.displayName } : {} });
    }
    for (const [user, keys] of await store.keys.getCrossSigningKeys(users)) {
      for (const [usage, json] of keys) {
        if (usage === 'user_signing' && user !== viewer.user) continue;
        const target = { target: user, targetKey: publicPart(json) };
        answer[`${usage}_keys`][user] = withSignatures(json, visible, target);
      }
    }
    return answer;
  }

  /** Runs a task that reads and writes a user's keys, after the ones before it. */
  exclusively<T>(user: UserId, task: () => Promise<T>): Promise<T> {
    return this.#queue.run(user, task);
  }
}

/** Checks an upload's form. Throws `M_INVALID_PARAM` or `M_BAD_JSON`. */
export function checkUpload(user: UserId, device: DeviceId, upload: KeyUpload): CheckedUpload {
  return {
    deviceKeys: upload.deviceKeys === undefined ? undefined : checkDeviceKeys(user, device, upload.deviceKeys),
    oneTimeKeys: checkKeys(upload.oneTimeKeys, 'one_time_keys'),
    fallbackKeys: checkKeys(upload.fallbackKeys, 'fallback_keys'),
  };
}

function checkDeviceKeys(user: UserId, device: DeviceId, value: JsonValue): string {
  const keys = asObject(value);
  if (keys === undefined) throw new MatrixError('M_BAD_JSON', 'device_keys is an object');
  // "user_id: Must match the user ID used when logging in. device_id: Must match the device ID used when logging in."
  if (getString(keys, 'user_id') !== user || getString(keys, 'device_id') !== device) {
    throw new MatrixError('M_INVALID_PARAM', 'device_keys name another user or device');
  }
  const wellFormed =
    getStrings(keys, 'algorithms') !== undefined && isStringMap(keys['keys']) && isObject(keys['signatures']);
  if (!wellFormed) throw new MatrixError('M_BAD_JSON', 'device_keys lack algorithms, keys or signatures');
  const { unsigned: _, ...signed } = keys;
  const json = requireCanonical(signed);
  if (utf8Length(json) > DEVICE_KEYS_BYTES_MAX)
    throw new MatrixError('M_TOO_LARGE', 'device_keys are larger than 64 KiB');
  return json;
}

function isStringMap(value: JsonValue | undefined): boolean {
  return isObject(value) && Object.values(value).every((one) => typeof one === 'string');
}

function checkKeys(value: JsonValue | undefined, name: string): { keyId: string; json: string }[] {
  if (value === undefined) return [];
  if (!isObject(value)) throw new MatrixError('M_BAD_JSON', `${name} is an object`);
  const entries = Object.entries(value);
  if (entries.length > ONE_TIME_KEYS_MAX)
    throw new MatrixError('M_TOO_LARGE', `At most ${ONE_TIME_KEYS_MAX} keys at once`);
  return entries.map(([keyId, key]) => {
    // "<algorithm>:<key_ID>", and "a string … or an object as a KeyObject".
    const isKey = typeof key === 'string' || (isObject(key) && typeof key['key'] === 'string');
    if (!/^[^:]{1,64}:.{1,190}$/s.test(keyId) || !isKey)
      throw new MatrixError('M_BAD_JSON', `${name} holds something that is no key`);
    const json = requireCanonical(key);
    if (utf8Length(json) > KEY_BYTES_MAX) throw new MatrixError('M_TOO_LARGE', `A key of ${name} is too large`);
    return { keyId, json };
  });
}

function algorithmOf(keyId: string): string {
  return keyId.slice(0, keyId.indexOf(':'));
}

/** Keys are equal when key and signature of it are; a client may sign again with another signature form. */
function sameKey(left: string, right: string): boolean {
  if (left === right) return true;
  const parse = (text: string): JsonValue | undefined => {
    const value = parseTrusted(text);
    return isObject(value) ? value['key'] : value;
  };
  return parse(left) === parse(right) && parse(left) !== undefined;
}
