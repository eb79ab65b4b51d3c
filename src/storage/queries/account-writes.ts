import type { DeviceId, UserId } from '../../matrix/ids.ts';
import type {
  AccessTokenRecord,
  AccountRecord,
  AccountWrites,
  DeviceRecord,
  RefreshTokenRecord,
  RegistrationTokenRecord,
} from '../../ports/store/index.ts';
import { bit, orNull, type StatementSink } from '../database.ts';
import { foldedField } from './fold.ts';

const ADD_ACCOUNT = `INSERT INTO accounts (user_id, password_hash, created_at, admin, guest, locked, suspended,
  deactivated) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const SET_PASSWORD = 'UPDATE accounts SET password_hash = ? WHERE user_id = ?';
const SET_ADMIN = 'UPDATE accounts SET admin = ? WHERE user_id = ?';
const SET_LOCKED = 'UPDATE accounts SET locked = ? WHERE user_id = ?';
const SET_SUSPENDED = 'UPDATE accounts SET suspended = ? WHERE user_id = ?';
const SET_DEACTIVATED = 'UPDATE accounts SET deactivated = ? WHERE user_id = ?';
const PUT_DEVICE = `INSERT INTO devices (user_id, device, display_name, created_at, last_seen_at, dehydrated)
  VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (user_id, device) DO UPDATE SET
  display_name = coalesce(excluded.display_name, devices.display_name),
  last_seen_at = coalesce(excluded.last_seen_at, devices.last_seen_at), dehydrated = excluded.dehydrated`;
const NAME_DEVICE = 'UPDATE devices SET display_name = ? WHERE user_id = ? AND device = ?';
const SEE_DEVICE = 'UPDATE devices SET last_seen_at = ? WHERE user_id = ? AND device = ?';
/** Everything that lives and dies with a device. */
const DELETE_DEVICES: readonly string[] = [
  'DELETE FROM devices WHERE user_id = ? AND device IN @texts',
  'DELETE FROM access_tokens WHERE user_id = ? AND device IN @texts',
  'DELETE FROM refresh_tokens WHERE user_id = ? AND device IN @texts',
  'DELETE FROM device_keys WHERE user_id = ? AND device IN @texts',
  'DELETE FROM one_time_keys WHERE user_id = ? AND device IN @texts',
  'DELETE FROM fallback_keys WHERE user_id = ? AND device IN @texts',
  'DELETE FROM to_device WHERE user_id = ? AND device IN @texts',
  'DELETE FROM to_device_transactions WHERE user_id = ? AND device IN @texts',
  'DELETE FROM transactions WHERE user_id = ? AND device IN @texts',
  'DELETE FROM sync_connections WHERE user_id = ? AND device IN @texts',
  'DELETE FROM dehydrated_devices WHERE user_id = ? AND device IN @texts',
];
const PUT_ACCESS = `INSERT INTO access_tokens (token_hash, user_id, device, expires_at, refresh_hash)
  VALUES (?, ?, ?, ?, ?)`;
const DELETE_ACCESS = 'DELETE FROM access_tokens WHERE token_hash = ?';
const PUT_REFRESH = 'INSERT INTO refresh_tokens (token_hash, user_id, device, successor_hash) VALUES (?, ?, ?, ?)';
const SET_SUCCESSOR = 'UPDATE refresh_tokens SET successor_hash = ? WHERE token_hash = ?';
const DELETE_REFRESH = 'DELETE FROM refresh_tokens WHERE token_hash = ?';
const DELETE_ISSUED_WITH = 'DELETE FROM access_tokens WHERE refresh_hash = ?';
const RETIRE_ACCESS = `DELETE FROM access_tokens WHERE refresh_hash IN
  (SELECT token_hash FROM refresh_tokens WHERE successor_hash = ?)`;
const RETIRE_REFRESH = 'DELETE FROM refresh_tokens WHERE successor_hash = ?';
const DELETE_DEVICE_ACCESS = 'DELETE FROM access_tokens WHERE user_id = ? AND device = ? AND token_hash NOT IN @blobs';
const DELETE_DEVICE_REFRESH =
  'DELETE FROM refresh_tokens WHERE user_id = ? AND device = ? AND token_hash NOT IN @blobs';
const PUT_REGISTRATION = `INSERT INTO registration_tokens (token, created_at, created_by, uses_max, uses_completed,
  expires_at, admin, rooms) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (token) DO UPDATE SET
  created_at = excluded.created_at, created_by = excluded.created_by, uses_max = excluded.uses_max,
  uses_completed = excluded.uses_completed, expires_at = excluded.expires_at, admin = excluded.admin,
  rooms = excluded.rooms`;
const USE_REGISTRATION = `UPDATE registration_tokens SET uses_completed = uses_completed + 1
  WHERE token = ? AND (uses_max IS NULL OR uses_completed < uses_max)`;
const DELETE_REGISTRATION = 'DELETE FROM registration_tokens WHERE token = ?';
const SET_PROFILE = `INSERT INTO profiles (user_id, field, value, folded) VALUES (?, ?, ?, ?)
  ON CONFLICT (user_id, field) DO UPDATE SET value = excluded.value, folded = excluded.folded`;
const DELETE_PROFILE_FIELD = 'DELETE FROM profiles WHERE user_id = ? AND field = ?';
const DELETE_PROFILE = 'DELETE FROM profiles WHERE user_id = ?';
const PUT_FILTER = `INSERT INTO filters (user_id, filter_id, json) VALUES (?, ?, ?)
  ON CONFLICT (user_id, filter_id) DO UPDATE SET json = excluded.json`;
const SET_SERVER_VALUE = `INSERT INTO server_values (name, value) VALUES (?, ?)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value`;

/** Writes of accounts, devices, tokens, profiles and filters. */
export class AccountStatements implements AccountWrites {
  readonly #sink: StatementSink;

  constructor(sink: StatementSink) {
    this.#sink = sink;
  }

  createAccount(account: AccountRecord): void {
    this.#sink.run(
      ADD_ACCOUNT,
      account.user,
      orNull(account.passwordHash),
      account.createdAt,
      bit(account.admin),
      bit(account.guest),
      bit(account.locked),
      bit(account.suspended),
      bit(account.deactivated),
    );
  }

  setPassword(user: UserId, passwordHash: string | undefined): void {
    this.#sink.runOne(SET_PASSWORD, orNull(passwordHash), user);
  }

  setAccountFlags(
    user: UserId,
    flags: Partial<Pick<AccountRecord, 'admin' | 'locked' | 'suspended' | 'deactivated'>>,
  ): void {
    if (flags.admin !== undefined) this.#sink.runOne(SET_ADMIN, bit(flags.admin), user);
    if (flags.locked !== undefined) this.#sink.runOne(SET_LOCKED, bit(flags.locked), user);
    if (flags.suspended !== undefined) this.#sink.runOne(SET_SUSPENDED, bit(flags.suspended), user);
    if (flags.deactivated !== undefined) this.#sink.runOne(SET_DEACTIVATED, bit(flags.deactivated), user);
  }

  putDevice(device: DeviceRecord): void {
    const { user, displayName, createdAt, lastSeenAt, dehydrated } = device;
    const [name, seen] = [orNull(displayName), orNull(lastSeenAt)];
    this.#sink.run(PUT_DEVICE, user, device.device, name, createdAt, seen, bit(dehydrated));
  }

  setDeviceName(user: UserId, device: DeviceId, displayName: string | undefined): void {
    this.#sink.runOne(NAME_DEVICE, orNull(displayName), user, device);
  }

  setDeviceSeen(user: UserId, device: DeviceId, lastSeenAt: number): void {
    // Not `runOne`: the device may have been deleted since the request came in.
    this.#sink.run(SEE_DEVICE, lastSeenAt, user, device);
  }

  deleteDevices(user: UserId, devices: readonly DeviceId[]): void {
    if (devices.length === 0) return;
    for (const text of DELETE_DEVICES) this.#sink.run(text, user, devices);
  }

  putAccessToken(token: AccessTokenRecord): void {
    const { tokenHash, user, device, expiresAt, refreshHash } = token;
    this.#sink.run(PUT_ACCESS, tokenHash, user, device, orNull(expiresAt), orNull(refreshHash));
  }

  deleteAccessToken(tokenHash: Uint8Array): void {
    this.#sink.run(DELETE_ACCESS, tokenHash);
  }

  putRefreshToken(token: RefreshTokenRecord): void {
    this.#sink.run(PUT_REFRESH, token.tokenHash, token.user, token.device, orNull(token.successorHash));
  }

  setRefreshSuccessor(tokenHash: Uint8Array, successorHash: Uint8Array): void {
    this.#sink.runOne(SET_SUCCESSOR, successorHash, tokenHash);
  }

  deleteRefreshToken(tokenHash: Uint8Array): void {
    this.#sink.run(DELETE_ISSUED_WITH, tokenHash);
    this.#sink.run(DELETE_REFRESH, tokenHash);
  }

  retirePredecessors(successorHash: Uint8Array): void {
    this.#sink.run(RETIRE_ACCESS, successorHash);
    this.#sink.run(RETIRE_REFRESH, successorHash);
  }

  deleteDeviceTokens(user: UserId, device: DeviceId, keep: readonly Uint8Array[] = []): void {
    this.#sink.run(DELETE_DEVICE_ACCESS, user, device, keep);
    this.#sink.run(DELETE_DEVICE_REFRESH, user, device, keep);
  }

  putRegistrationToken(token: RegistrationTokenRecord): void {
    this.#sink.run(
      PUT_REGISTRATION,
      token.token,
      token.createdAt,
      orNull(token.createdBy),
      orNull(token.usesMax),
      token.usesCompleted,
      orNull(token.expiresAt),
      bit(token.admin),
      JSON.stringify(token.rooms),
    );
  }

  useRegistrationToken(token: string): void {
    this.#sink.runOne(USE_REGISTRATION, token);
  }

  deleteRegistrationToken(token: string): void {
    this.#sink.run(DELETE_REGISTRATION, token);
  }

  setProfileField(user: UserId, field: string, valueJson: string | undefined): void {
    if (valueJson === undefined) this.#sink.run(DELETE_PROFILE_FIELD, user, field);
    else this.#sink.run(SET_PROFILE, user, field, valueJson, orNull(foldedField(field, valueJson)));
  }

  deleteProfile(user: UserId): void {
    this.#sink.run(DELETE_PROFILE, user);
  }

  putFilter(user: UserId, filterId: string, json: string): void {
    this.#sink.run(PUT_FILTER, user, filterId, json);
  }

  setServerValue(key: string, value: string): void {
    this.#sink.run(SET_SERVER_VALUE, key, value);
  }
}
