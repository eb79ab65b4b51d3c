import type { DeviceId, UserId } from '../../matrix/ids.ts';
import type {
  BackupKeyRow,
  BackupScope,
  BackupVersionRow,
  CrossSigningUsage,
  DeviceKeysRow,
  KeySignatureRow,
  KeyWrites,
  OneTimeKeyRow,
  StreamPosition,
} from '../../ports/store/index.ts';
import { bit, type StatementSink, type WritePosition } from '../database.ts';
import { backupScopeText } from './backup-scope.ts';

const PUT_DEVICE_KEYS = `INSERT INTO device_keys (user_id, device, json) VALUES (?, ?, ?)
  ON CONFLICT (user_id, device) DO UPDATE SET json = excluded.json`;
const PUT_ONE_TIME = 'INSERT INTO one_time_keys (user_id, device, algorithm, key_id, json) VALUES (?, ?, ?, ?, ?)';
const DELETE_ONE_TIME = 'DELETE FROM one_time_keys WHERE user_id = ? AND device = ? AND key_id = ?';
const PUT_FALLBACK = `INSERT INTO fallback_keys (user_id, device, algorithm, key_id, json, used)
  VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (user_id, device, algorithm) DO UPDATE SET key_id = excluded.key_id,
  json = excluded.json, used = 0`;
const USE_FALLBACK = 'UPDATE fallback_keys SET used = 1 WHERE user_id = ? AND device = ? AND key_id = ?';
const DELETE_CROSS_SIGNING = 'DELETE FROM cross_signing_keys WHERE user_id = ?';
const PUT_CROSS_SIGNING = `INSERT INTO cross_signing_keys (user_id, usage, json) VALUES (?, ?, ?)
  ON CONFLICT (user_id, usage) DO UPDATE SET json = excluded.json`;
const PUT_SIGNATURE = `INSERT INTO key_signatures
  (target, target_key, signer, signer_key_id, signature, position) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (target, target_key, signer, signer_key_id)
  DO UPDATE SET signature = excluded.signature, position = excluded.position`;
const NOTE_CHANGE = 'INSERT INTO device_list_changes (position, user_id) VALUES (?, ?) ON CONFLICT DO NOTHING';
const PUT_TO_DEVICE = 'INSERT INTO to_device (user_id, device, position, json) VALUES (?, ?, ?, ?)';
const DELETE_TO_DEVICE_UP_TO = 'DELETE FROM to_device WHERE user_id = ? AND device = ? AND position <= ?';
const DELETE_TO_DEVICE = 'DELETE FROM to_device WHERE user_id = ? AND device = ? AND position IN @numbers';
const FORGET_TO_DEVICE = 'DELETE FROM to_device_transactions WHERE sent_at < ?';
const RECORD_TO_DEVICE = `INSERT INTO to_device_transactions (user_id, device, transaction_id, sent_at)
  VALUES (?, ?, ?, ?)`;
const SET_DEHYDRATED = `INSERT INTO dehydrated_devices (user_id, device, data) VALUES (?, ?, ?)
  ON CONFLICT (user_id) DO UPDATE SET device = excluded.device, data = excluded.data`;
const DELETE_DEHYDRATED = 'DELETE FROM dehydrated_devices WHERE user_id = ?';
const CREATE_BACKUP = `INSERT INTO backup_versions (user_id, version, algorithm, auth_data, etag, deleted)
  VALUES (?, ?, ?, ?, ?, ?)`;
const SET_AUTH_DATA = 'UPDATE backup_versions SET auth_data = ? WHERE user_id = ? AND version = ? AND deleted = 0';
const SET_ETAG = 'UPDATE backup_versions SET etag = ? WHERE user_id = ? AND version = ? AND deleted = 0';
const DELETE_BACKUP = 'UPDATE backup_versions SET deleted = 1 WHERE user_id = ? AND version = ? AND deleted = 0';
const PUT_BACKUP_KEY = `INSERT INTO backup_keys (user_id, version, room_id, session_id, first_message_index,
  forwarded_count, verified, session_data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (user_id, version, room_id, session_id) DO UPDATE SET
  first_message_index = excluded.first_message_index, forwarded_count = excluded.forwarded_count,
  verified = excluded.verified, session_data = excluded.session_data`;

/** Writes of device keys, to-device messages and key backups. */
export class KeyStatements implements KeyWrites {
  readonly #sink: StatementSink;
  readonly #at: WritePosition;

  constructor(sink: StatementSink, at: WritePosition) {
    this.#sink = sink;
    this.#at = at;
  }

  putDeviceKeys(row: Omit<DeviceKeysRow, 'displayName'>): void {
    this.#sink.run(PUT_DEVICE_KEYS, row.user, row.device, row.json);
  }

  putOneTimeKey(user: UserId, device: DeviceId, key: OneTimeKeyRow): void {
    this.#sink.run(PUT_ONE_TIME, user, device, algorithmOf(key.keyId), key.keyId, key.json);
  }

  deleteOneTimeKey(user: UserId, device: DeviceId, keyId: string): void {
    // A one-time key is handed out once: whoever comes second fails.
    this.#sink.runOne(DELETE_ONE_TIME, user, device, keyId);
  }

  putFallbackKey(user: UserId, device: DeviceId, key: OneTimeKeyRow): void {
    this.#sink.run(PUT_FALLBACK, user, device, algorithmOf(key.keyId), key.keyId, key.json);
  }

  setFallbackKeyUsed(user: UserId, device: DeviceId, keyId: string): void {
    this.#sink.run(USE_FALLBACK, user, device, keyId);
  }

  setCrossSigningKey(user: UserId, usage: CrossSigningUsage, json: string): void {
    this.#sink.run(PUT_CROSS_SIGNING, user, usage, json);
  }

  deleteCrossSigningKeys(user: UserId): void {
    this.#sink.run(DELETE_CROSS_SIGNING, user);
  }

  putKeySignature(row: KeySignatureRow): void {
    const { target, targetKey, signer, signerKeyId, signature } = row;
    this.#sink.run(PUT_SIGNATURE, target, targetKey, signer, signerKeyId, signature, this.#at.position);
  }

  noteDeviceListChange(user: UserId): void {
    this.#sink.run(NOTE_CHANGE, this.#at.position, user);
  }

  putToDevice(user: UserId, device: DeviceId, json: string): void {
    this.#sink.run(PUT_TO_DEVICE, user, device, this.#at.position, json);
  }

  deleteToDeviceUpTo(user: UserId, device: DeviceId, position: StreamPosition): void {
    this.#sink.run(DELETE_TO_DEVICE_UP_TO, user, device, position);
  }

  deleteToDevice(user: UserId, device: DeviceId, positions: readonly StreamPosition[]): void {
    if (positions.length > 0) this.#sink.run(DELETE_TO_DEVICE, user, device, positions);
  }

  recordToDeviceTransaction(user: UserId, device: DeviceId, transactionId: string, sentAt: number): void {
    this.#sink.run(RECORD_TO_DEVICE, user, device, transactionId, sentAt);
  }

  deleteToDeviceTransactionsBefore(sentAt: number): void {
    this.#sink.run(FORGET_TO_DEVICE, sentAt);
  }

  setDehydratedDevice(user: UserId, device: DeviceId, dataJson: string): void {
    this.#sink.run(SET_DEHYDRATED, user, device, dataJson);
  }

  deleteDehydratedDevice(user: UserId): void {
    this.#sink.run(DELETE_DEHYDRATED, user);
  }

  createBackupVersion(user: UserId, row: BackupVersionRow): void {
    this.#sink.run(CREATE_BACKUP, user, row.version, row.algorithm, row.authData, row.etag, bit(row.deleted));
  }

  setBackupAuthData(user: UserId, version: string, authData: string): void {
    this.#sink.runOne(SET_AUTH_DATA, authData, user, version);
  }

  setBackupEtag(user: UserId, version: string, etag: number): void {
    this.#sink.runOne(SET_ETAG, etag, user, version);
  }

  deleteBackupVersion(user: UserId, version: string): void {
    this.#sink.runOne(DELETE_BACKUP, user, version);
    this.deleteBackupKeys({ user, version });
  }

  putBackupKey(user: UserId, version: string, row: BackupKeyRow): void {
    this.#sink.run(
      PUT_BACKUP_KEY,
      user,
      version,
      row.roomId,
      row.sessionId,
      row.firstMessageIndex,
      row.forwardedCount,
      bit(row.verified),
      row.sessionData,
    );
  }

  deleteBackupKeys(scope: BackupScope): void {
    const { text, params } = backupScopeText('delete', scope);
    this.#sink.run(text, ...params);
  }
}

/** "algorithm:key_id" → algorithm. */
function algorithmOf(keyId: string): string {
  const colon = keyId.indexOf(':');
  return colon < 0 ? keyId : keyId.slice(0, colon);
}
