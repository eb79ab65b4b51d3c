import type { DeviceId, UserId } from '../../matrix/ids.ts';
import type {
  BackupKeyRow,
  BackupScope,
  BackupVersionRow,
  CrossSigningUsage,
  DeviceKeysRow,
  FallbackKeyRow,
  KeyReads,
  KeySignatureRow,
  OneTimeKeyRow,
  StreamPosition,
  ToDeviceRow,
} from '../../ports/store/index.ts';
import { type Database, findText, flagOf, integerOf, type Row, textOf } from '../database.ts';
import { backupScopeText } from './backup-scope.ts';
import { deviceIn, positionIn, roomIdIn, userIn } from './columns.ts';

const DEVICE_KEYS = `SELECT k.user_id, k.device, k.json, d.display_name FROM device_keys k
  LEFT JOIN devices d ON d.user_id = k.user_id AND d.device = k.device WHERE k.user_id IN @texts
  ORDER BY k.user_id, k.device`;
const COUNT_ONE_TIME = `SELECT algorithm, count(*) AS total FROM one_time_keys WHERE user_id = ? AND device = ?
  GROUP BY algorithm`;
const ONE_TIME = 'SELECT key_id, json FROM one_time_keys WHERE user_id = ? AND device = ? AND key_id = ?';
const NEXT_ONE_TIME = `SELECT key_id, json FROM one_time_keys WHERE user_id = ? AND device = ? AND algorithm = ?
  ORDER BY number LIMIT 1`;
const FALLBACK = `SELECT key_id, json, used FROM fallback_keys WHERE user_id = ? AND device = ? ORDER BY algorithm`;
const CROSS_SIGNING = 'SELECT user_id, usage, json FROM cross_signing_keys WHERE user_id IN @texts';
const SIGNATURES = `SELECT target, target_key, signer, signer_key_id, signature FROM key_signatures
  WHERE target IN @texts`;
const LIST_CHANGES = `SELECT user_id FROM device_list_changes WHERE position > ? AND position <= ?
  UNION SELECT target FROM key_signatures WHERE signer = ? AND position > ? AND position <= ? ORDER BY 1`;
// Messages of one transaction share a position and are never split: the page ends behind the last of them.
const TO_DEVICE = `SELECT position, json FROM to_device WHERE user_id = ? AND device = ? AND position > ?
  AND position <= coalesce((SELECT position FROM to_device WHERE user_id = ? AND device = ? AND position > ?
    AND position <= ? ORDER BY position, number LIMIT 1 OFFSET ?), CAST(? AS BIGINT))
  ORDER BY position, number`;
const TO_DEVICE_TRANSACTION = `SELECT 1 AS found FROM to_device_transactions
  WHERE user_id = ? AND device = ? AND transaction_id = ?`;
const DEHYDRATED = 'SELECT device, data FROM dehydrated_devices WHERE user_id = ?';
const BACKUP = 'SELECT version, algorithm, auth_data, etag, deleted FROM backup_versions WHERE user_id = ?';
const BACKUP_NEWEST = 'SELECT version FROM backup_versions WHERE user_id = ? ORDER BY number DESC LIMIT 1';
const BACKUP_LATEST = `${BACKUP} AND deleted = 0 ORDER BY number DESC LIMIT 1`;
const BACKUP_VERSION = `${BACKUP} AND version = ?`;
const BACKUP_COUNT = 'SELECT count(*) AS total FROM backup_keys WHERE user_id = ? AND version = ?';

function keyOf(row: Row): OneTimeKeyRow {
  return { keyId: textOf(row, 'key_id'), json: textOf(row, 'json') };
}

function backupKeyOf(row: Row): BackupKeyRow {
  return {
    roomId: roomIdIn(row),
    sessionId: textOf(row, 'session_id'),
    firstMessageIndex: integerOf(row, 'first_message_index'),
    forwardedCount: integerOf(row, 'forwarded_count'),
    verified: flagOf(row, 'verified'),
    sessionData: textOf(row, 'session_data'),
  };
}

function versionOf(row: Row): BackupVersionRow {
  return {
    version: textOf(row, 'version'),
    algorithm: textOf(row, 'algorithm'),
    authData: textOf(row, 'auth_data'),
    etag: integerOf(row, 'etag'),
    deleted: flagOf(row, 'deleted'),
  };
}

/** Reads of device keys, to-device messages and key backups. */
export class KeyQueries implements KeyReads {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async getDeviceKeys(users: readonly UserId[]): Promise<DeviceKeysRow[]> {
    if (users.length === 0) return [];
    const rows = await this.#database.all(DEVICE_KEYS, users);
    return rows.map((row) => ({
      user: userIn(row),
      device: deviceIn(row),
      json: textOf(row, 'json'),
      displayName: findText(row, 'display_name'),
    }));
  }

  async countOneTimeKeys(user: UserId, device: DeviceId): Promise<Map<string, number>> {
    const rows = await this.#database.all(COUNT_ONE_TIME, user, device);
    return new Map(rows.map((row) => [textOf(row, 'algorithm'), integerOf(row, 'total')]));
  }

  async findOneTimeKey(user: UserId, device: DeviceId, keyId: string): Promise<OneTimeKeyRow | undefined> {
    const [row] = await this.#database.all(ONE_TIME, user, device, keyId);
    return row === undefined ? undefined : keyOf(row);
  }

  async nextOneTimeKey(user: UserId, device: DeviceId, algorithm: string): Promise<OneTimeKeyRow | undefined> {
    const [row] = await this.#database.all(NEXT_ONE_TIME, user, device, algorithm);
    return row === undefined ? undefined : keyOf(row);
  }

  async getFallbackKeys(user: UserId, device: DeviceId): Promise<FallbackKeyRow[]> {
    const rows = await this.#database.all(FALLBACK, user, device);
    return rows.map((row) => ({ ...keyOf(row), used: flagOf(row, 'used') }));
  }

  async getCrossSigningKeys(users: readonly UserId[]): Promise<Map<UserId, Map<CrossSigningUsage, string>>> {
    const keys = new Map<UserId, Map<CrossSigningUsage, string>>();
    if (users.length === 0) return keys;
    for (const row of await this.#database.all(CROSS_SIGNING, users)) {
      const user = userIn(row);
      const own = keys.get(user) ?? new Map<CrossSigningUsage, string>();
      keys.set(user, own.set(textOf(row, 'usage') as CrossSigningUsage, textOf(row, 'json')));
    }
    return keys;
  }

  async getKeySignatures(users: readonly UserId[]): Promise<KeySignatureRow[]> {
    if (users.length === 0) return [];
    const rows = await this.#database.all(SIGNATURES, users);
    return rows.map((row) => ({
      target: userIn(row, 'target'),
      targetKey: textOf(row, 'target_key'),
      signer: userIn(row, 'signer'),
      signerKeyId: textOf(row, 'signer_key_id'),
      signature: textOf(row, 'signature'),
    }));
  }

  async listDeviceListChanges(seenBy: UserId, from: StreamPosition, to: StreamPosition): Promise<UserId[]> {
    const rows = await this.#database.all(LIST_CHANGES, from, to, seenBy, from, to);
    return rows.map((row) => userIn(row));
  }

  async listToDevice(
    user: UserId,
    device: DeviceId,
    options: { after: StreamPosition | 0; to: StreamPosition; limit: number },
  ): Promise<ToDeviceRow[]> {
    const { after, to, limit } = options;
    if (limit < 1) return [];
    const rows = await this.#database.all(TO_DEVICE, user, device, after, user, device, after, to, limit - 1, to);
    return rows.map((row) => ({ position: positionIn(row), json: textOf(row, 'json') }));
  }

  async findToDeviceTransaction(user: UserId, device: DeviceId, transactionId: string): Promise<boolean> {
    return (await this.#database.all(TO_DEVICE_TRANSACTION, user, device, transactionId)).length > 0;
  }

  async findDehydratedDevice(user: UserId): Promise<{ device: DeviceId; dataJson: string } | undefined> {
    const [row] = await this.#database.all(DEHYDRATED, user);
    if (row === undefined) return undefined;
    return { device: deviceIn(row), dataJson: textOf(row, 'data') };
  }

  async findBackupVersion(user: UserId, version?: string): Promise<BackupVersionRow | undefined> {
    const [row] =
      version === undefined
        ? await this.#database.all(BACKUP_LATEST, user)
        : await this.#database.all(BACKUP_VERSION, user, version);
    return row === undefined ? undefined : versionOf(row);
  }

  async findNewestBackupVersion(user: UserId): Promise<string | undefined> {
    const [row] = await this.#database.all(BACKUP_NEWEST, user);
    return row === undefined ? undefined : textOf(row, 'version');
  }

  async getBackupKeys(scope: BackupScope): Promise<BackupKeyRow[]> {
    const { text, params } = backupScopeText('read', scope);
    return (await this.#database.all(text, ...params)).map(backupKeyOf);
  }

  async countBackupKeys(user: UserId, version: string): Promise<number> {
    const [row] = await this.#database.all(BACKUP_COUNT, user, version);
    return row === undefined ? 0 : integerOf(row, 'total');
  }
}
