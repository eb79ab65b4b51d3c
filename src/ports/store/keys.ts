import type { DeviceId, RoomId, UserId } from '../../matrix/ids.ts';
import type { StreamPosition } from './types.ts';

export interface DeviceKeysRow {
  readonly user: UserId;
  readonly device: DeviceId;
  /** The signed device keys object as JSON text, signatures of other keys not merged in. */
  readonly json: string;
  readonly displayName: string | undefined;
}

export interface OneTimeKeyRow {
  /** `algorithm:id` */
  readonly keyId: string;
  readonly json: string;
}

export interface FallbackKeyRow extends OneTimeKeyRow {
  readonly used: boolean;
}

export type CrossSigningUsage = 'master' | 'self_signing' | 'user_signing';

export interface KeySignatureRow {
  readonly target: UserId;
  /** A device id, or the public part of a cross-signing key. */
  readonly targetKey: string;
  readonly signer: UserId;
  readonly signerKeyId: string;
  readonly signature: string;
}

export interface ToDeviceRow {
  readonly position: StreamPosition;
  /** `{"type":…,"sender":…,"content":…}` */
  readonly json: string;
}

export interface BackupVersionRow {
  readonly version: string;
  readonly algorithm: string;
  readonly authData: string;
  readonly etag: number;
  readonly deleted: boolean;
}

export interface BackupKeyRow {
  readonly roomId: RoomId;
  readonly sessionId: string;
  readonly firstMessageIndex: number;
  readonly forwardedCount: number;
  readonly verified: boolean;
  readonly sessionData: string;
}

export interface BackupScope {
  readonly user: UserId;
  readonly version: string;
  readonly roomId?: RoomId;
  readonly sessionId?: string;
}

export interface KeyReads {
  getDeviceKeys(users: readonly UserId[]): Promise<DeviceKeysRow[]>;
  /** Counts of unclaimed one-time keys by algorithm. */
  countOneTimeKeys(user: UserId, device: DeviceId): Promise<Map<string, number>>;
  findOneTimeKey(user: UserId, device: DeviceId, keyId: string): Promise<OneTimeKeyRow | undefined>;
  /** The key to hand out next: the oldest of this algorithm. */
  nextOneTimeKey(user: UserId, device: DeviceId, algorithm: string): Promise<OneTimeKeyRow | undefined>;
  getFallbackKeys(user: UserId, device: DeviceId): Promise<FallbackKeyRow[]>;
  getCrossSigningKeys(users: readonly UserId[]): Promise<Map<UserId, Map<CrossSigningUsage, string>>>;
  /** Signatures on keys of `users`; the caller decides which of them the asker may see. */
  getKeySignatures(users: readonly UserId[]): Promise<KeySignatureRow[]>;
  /** Users whose devices or identity changed after `from` up to `to`, or whose keys `seenBy` has signed then. */
  listDeviceListChanges(seenBy: UserId, from: StreamPosition, to: StreamPosition): Promise<UserId[]>;
  /** Messages of whole transactions, the oldest first: at least `limit` of them where there are as many. */
  listToDevice(
    user: UserId,
    device: DeviceId,
    options: { after: StreamPosition | 0; to: StreamPosition; limit: number },
  ): Promise<ToDeviceRow[]>;
  findToDeviceTransaction(user: UserId, device: DeviceId, transactionId: string): Promise<boolean>;
  findDehydratedDevice(user: UserId): Promise<{ device: DeviceId; dataJson: string } | undefined>;
  /** One version, or without it the newest that is not deleted. */
  findBackupVersion(user: UserId, version?: string): Promise<BackupVersionRow | undefined>;
  /** The highest version there ever was, deleted ones included. */
  findNewestBackupVersion(user: UserId): Promise<string | undefined>;
  getBackupKeys(scope: BackupScope): Promise<BackupKeyRow[]>;
  countBackupKeys(user: UserId, version: string): Promise<number>;
}

export interface KeyWrites {
  putDeviceKeys(row: Omit<DeviceKeysRow, 'displayName'>): void;
  /** Fails the transaction where the key id exists. */
  putOneTimeKey(user: UserId, device: DeviceId, key: OneTimeKeyRow): void;
  deleteOneTimeKey(user: UserId, device: DeviceId, keyId: string): void;
  /** Replaces the device's fallback key of the same algorithm, unused. */
  putFallbackKey(user: UserId, device: DeviceId, key: OneTimeKeyRow): void;
  setFallbackKeyUsed(user: UserId, device: DeviceId, keyId: string): void;
  setCrossSigningKey(user: UserId, usage: CrossSigningUsage, json: string): void;
  deleteCrossSigningKeys(user: UserId): void;
  /** Keeps the signature, made at this transaction's position. */
  putKeySignature(row: KeySignatureRow): void;
  /** Marks the user's device list as changed at this transaction's position. */
  noteDeviceListChange(user: UserId): void;
  putToDevice(user: UserId, device: DeviceId, json: string): void;
  /** Acknowledged by the device: gone from the disk. */
  deleteToDeviceUpTo(user: UserId, device: DeviceId, position: StreamPosition): void;
  deleteToDevice(user: UserId, device: DeviceId, positions: readonly StreamPosition[]): void;
  recordToDeviceTransaction(user: UserId, device: DeviceId, transactionId: string, sentAt: number): void;
  deleteToDeviceTransactionsBefore(sentAt: number): void;
  setDehydratedDevice(user: UserId, device: DeviceId, dataJson: string): void;
  deleteDehydratedDevice(user: UserId): void;
  createBackupVersion(user: UserId, row: BackupVersionRow): void;
  setBackupAuthData(user: UserId, version: string, authData: string): void;
  setBackupEtag(user: UserId, version: string, etag: number): void;
  deleteBackupVersion(user: UserId, version: string): void;
  putBackupKey(user: UserId, version: string, row: BackupKeyRow): void;
  deleteBackupKeys(scope: BackupScope): void;
}
