import type { DeviceId, UserId } from '../../matrix/ids.ts';

export interface AccountRecord {
  readonly user: UserId;
  /** PHC string; `undefined` for accounts that cannot log in by password. */
  readonly passwordHash: string | undefined;
  readonly createdAt: number;
  readonly admin: boolean;
  readonly guest: boolean;
  readonly locked: boolean;
  readonly suspended: boolean;
  readonly deactivated: boolean;
}

export interface DeviceRecord {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly displayName: string | undefined;
  readonly createdAt: number;
  /** Rounded to a day: when somebody was online is nobody's business. */
  readonly lastSeenAt: number | undefined;
  /** A dehydrated device holds keys but has no session. */
  readonly dehydrated: boolean;
}

/** Tokens are kept as their SHA-256: a copied database opens no account. */
export interface AccessTokenRecord {
  readonly tokenHash: Uint8Array;
  readonly user: UserId;
  readonly device: DeviceId;
  readonly expiresAt: number | undefined;
  /** The refresh token that was issued with it. */
  readonly refreshHash: Uint8Array | undefined;
}

export interface RefreshTokenRecord {
  readonly tokenHash: Uint8Array;
  readonly user: UserId;
  readonly device: DeviceId;
  /** The refresh token that was issued in its place; it stays valid until that one has been used. */
  readonly successorHash: Uint8Array | undefined;
}

export interface RegistrationTokenRecord {
  readonly token: string;
  readonly createdAt: number;
  readonly createdBy: UserId | undefined;
  readonly usesMax: number | undefined;
  readonly usesCompleted: number;
  readonly expiresAt: number | undefined;
  /** Makes the account an administrator's: the one-time link of the first start. */
  readonly admin: boolean;
  /** Rooms that whoever registers with it is invited to, as a JSON array of room ids. */
  readonly rooms: readonly string[];
}

export interface AccountReads {
  findAccount(user: UserId): Promise<AccountRecord | undefined>;
  pageAccounts(options: { after?: UserId; limit: number; search?: string }): Promise<AccountRecord[]>;
  countAccounts(): Promise<number>;
  findAccessToken(tokenHash: Uint8Array): Promise<AccessTokenRecord | undefined>;
  findRefreshToken(tokenHash: Uint8Array): Promise<RefreshTokenRecord | undefined>;
  listDevices(user: UserId): Promise<DeviceRecord[]>;
  findDevice(user: UserId, device: DeviceId): Promise<DeviceRecord | undefined>;
  findRegistrationToken(token: string): Promise<RegistrationTokenRecord | undefined>;
  listRegistrationTokens(): Promise<RegistrationTokenRecord[]>;
  /** Field name → value as JSON text. */
  getProfile(user: UserId): Promise<Map<string, string>>;
  getProfiles(users: readonly UserId[]): Promise<Map<UserId, Map<string, string>>>;
  /** Local accounts whose id or display name holds `term`, folded; at most `limit`. */
  searchProfiles(term: string, limit: number): Promise<UserId[]>;
  findFilter(user: UserId, filterId: string): Promise<string | undefined>;
  /** Small facts of the server itself, such as the salt of its ids. */
  findServerValue(key: string): Promise<string | undefined>;
}

export interface AccountWrites {
  /** Fails the transaction where the account exists. */
  createAccount(account: AccountRecord): void;
  setPassword(user: UserId, passwordHash: string | undefined): void;
  setAccountFlags(
    user: UserId,
    flags: Partial<Pick<AccountRecord, 'admin' | 'locked' | 'suspended' | 'deactivated'>>,
  ): void;
  /** Creates the device, or leaves its name as it is where it exists and no name is given. */
  putDevice(device: DeviceRecord): void;
  setDeviceName(user: UserId, device: DeviceId, displayName: string | undefined): void;
  setDeviceSeen(user: UserId, device: DeviceId, lastSeenAt: number): void;
  /** Deletes the devices with their tokens, keys, pending messages and transaction ids. */
  deleteDevices(user: UserId, devices: readonly DeviceId[]): void;
  putAccessToken(token: AccessTokenRecord): void;
  deleteAccessToken(tokenHash: Uint8Array): void;
  putRefreshToken(token: RefreshTokenRecord): void;
  setRefreshSuccessor(tokenHash: Uint8Array, successorHash: Uint8Array): void;
  /** Deletes the refresh token and the access tokens that were issued with it. */
  deleteRefreshToken(tokenHash: Uint8Array): void;
  /** Deletes the refresh tokens whose successor is this one, with the access tokens issued with them. */
  retirePredecessors(successorHash: Uint8Array): void;
  /** Deletes access and refresh tokens of one device, but those whose hash is in `keep`. */
  deleteDeviceTokens(user: UserId, device: DeviceId, keep?: readonly Uint8Array[]): void;
  putRegistrationToken(token: RegistrationTokenRecord): void;
  /** Fails the transaction where the token has no use left. */
  useRegistrationToken(token: string): void;
  deleteRegistrationToken(token: string): void;
  setProfileField(user: UserId, field: string, valueJson: string | undefined): void;
  deleteProfile(user: UserId): void;
  putFilter(user: UserId, filterId: string, json: string): void;
  setServerValue(key: string, value: string): void;
}
