import type { DeviceId, UserId } from '../../matrix/ids.ts';
import type {
  AccessTokenRecord,
  AccountReads,
  AccountRecord,
  DeviceRecord,
  RefreshTokenRecord,
  RegistrationTokenRecord,
} from '../../ports/store/index.ts';
import {
  bytesOf,
  type Database,
  findBytes,
  findInteger,
  findText,
  flagOf,
  integerOf,
  type Row,
  textOf,
} from '../database.ts';
import { deviceIn, userIn } from './columns.ts';
import { foldText, holdsPattern } from './fold.ts';

const ACCOUNT = `SELECT user_id, password_hash, created_at, admin, guest, locked, suspended, deactivated FROM accounts`;
const ACCOUNT_BY_ID = `${ACCOUNT} WHERE user_id = ?`;
const ACCOUNTS_PAGE = `${ACCOUNT} WHERE user_id > ? ORDER BY user_id LIMIT ?`;
const ACCOUNTS_SEARCH = `${ACCOUNT} WHERE user_id > ? AND (user_id LIKE ? ESCAPE '\\' OR user_id IN
  (SELECT user_id FROM profiles WHERE folded LIKE ? ESCAPE '\\')) ORDER BY user_id LIMIT ?`;
const ACCOUNTS_COUNT = 'SELECT count(*) AS total FROM accounts';
const ACCESS_TOKEN =
  'SELECT token_hash, user_id, device, expires_at, refresh_hash FROM access_tokens WHERE token_hash = ?';
const REFRESH_TOKEN = 'SELECT token_hash, user_id, device, successor_hash FROM refresh_tokens WHERE token_hash = ?';
const DEVICE =
  'SELECT user_id, device, display_name, created_at, last_seen_at, dehydrated FROM devices WHERE user_id = ?';
const DEVICES = `${DEVICE} ORDER BY device`;
const ONE_DEVICE = `${DEVICE} AND device = ?`;
const REGISTRATION = `SELECT token, created_at, created_by, uses_max, uses_completed, expires_at, admin, rooms
  FROM registration_tokens`;
const ONE_REGISTRATION = `${REGISTRATION} WHERE token = ?`;
const REGISTRATIONS = `${REGISTRATION} ORDER BY created_at, token`;
const PROFILE = 'SELECT field, value FROM profiles WHERE user_id = ?';
const PROFILES = 'SELECT user_id, field, value FROM profiles WHERE user_id IN @texts';
const SEARCH_PROFILES = `SELECT a.user_id FROM accounts a LEFT JOIN profiles p ON p.user_id = a.user_id
  AND p.field = 'displayname' WHERE a.deactivated = 0 AND (a.user_id LIKE ? ESCAPE '\\' OR p.folded LIKE ? ESCAPE '\\')
  ORDER BY a.user_id LIMIT ?`;
const FILTER = 'SELECT json FROM filters WHERE user_id = ? AND filter_id = ?';
const SERVER_VALUE = 'SELECT value FROM server_values WHERE name = ?';

function accountOf(row: Row): AccountRecord {
  return {
    user: userIn(row),
    passwordHash: findText(row, 'password_hash'),
    createdAt: integerOf(row, 'created_at'),
    admin: flagOf(row, 'admin'),
    guest: flagOf(row, 'guest'),
    locked: flagOf(row, 'locked'),
    suspended: flagOf(row, 'suspended'),
    deactivated: flagOf(row, 'deactivated'),
  };
}

function deviceOf(row: Row): DeviceRecord {
  return {
    user: userIn(row),
    device: deviceIn(row),
    displayName: findText(row, 'display_name'),
    createdAt: integerOf(row, 'created_at'),
    lastSeenAt: findInteger(row, 'last_seen_at'),
    dehydrated: flagOf(row, 'dehydrated'),
  };
}

function registrationOf(row: Row): RegistrationTokenRecord {
  const rooms: unknown = JSON.parse(textOf(row, 'rooms'));
  return {
    token: textOf(row, 'token'),
    createdAt: integerOf(row, 'created_at'),
    createdBy: findText(row, 'created_by') as UserId | undefined,
    usesMax: findInteger(row, 'uses_max'),
    usesCompleted: integerOf(row, 'uses_completed'),
    expiresAt: findInteger(row, 'expires_at'),
    admin: flagOf(row, 'admin'),
    rooms: Array.isArray(rooms) ? rooms.map(String) : [],
  };
}

/** Reads of accounts, devices, tokens, profiles and filters. */
export class AccountQueries implements AccountReads {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async findAccount(user: UserId): Promise<AccountRecord | undefined> {
    const [row] = await this.#database.all(ACCOUNT_BY_ID, user);
    return row === undefined ? undefined : accountOf(row);
  }

  async pageAccounts(options: { after?: UserId; limit: number; search?: string }): Promise<AccountRecord[]> {
    const { after = '', limit, search } = options;
    if (search === undefined) return (await this.#database.all(ACCOUNTS_PAGE, after, limit)).map(accountOf);
    const pattern = holdsPattern(foldText(search));
    return (await this.#database.slow(ACCOUNTS_SEARCH, after, pattern, pattern, limit)).map(accountOf);
  }

  async countAccounts(): Promise<number> {
    const [row] = await this.#database.all(ACCOUNTS_COUNT);
    return row === undefined ? 0 : integerOf(row, 'total');
  }

  async findAccessToken(tokenHash: Uint8Array): Promise<AccessTokenRecord | undefined> {
    const [row] = await this.#database.all(ACCESS_TOKEN, tokenHash);
    if (row === undefined) return undefined;
    return {
      tokenHash: bytesOf(row, 'token_hash'),
      user: userIn(row),
      device: deviceIn(row),
      expiresAt: findInteger(row, 'expires_at'),
      refreshHash: findBytes(row, 'refresh_hash'),
    };
  }

  async findRefreshToken(tokenHash: Uint8Array): Promise<RefreshTokenRecord | undefined> {
    const [row] = await this.#database.all(REFRESH_TOKEN, tokenHash);
    if (row === undefined) return undefined;
    return {
      tokenHash: bytesOf(row, 'token_hash'),
      user: userIn(row),
      device: deviceIn(row),
      successorHash: findBytes(row, 'successor_hash'),
    };
  }

  async listDevices(user: UserId): Promise<DeviceRecord[]> {
    return (await this.#database.all(DEVICES, user)).map(deviceOf);
  }

  async findDevice(user: UserId, device: DeviceId): Promise<DeviceRecord | undefined> {
    const [row] = await this.#database.all(ONE_DEVICE, user, device);
    return row === undefined ? undefined : deviceOf(row);
  }

  async findRegistrationToken(token: string): Promise<RegistrationTokenRecord | undefined> {
    const [row] = await this.#database.all(ONE_REGISTRATION, token);
    return row === undefined ? undefined : registrationOf(row);
  }

  async listRegistrationTokens(): Promise<RegistrationTokenRecord[]> {
    return (await this.#database.all(REGISTRATIONS)).map(registrationOf);
  }

  async getProfile(user: UserId): Promise<Map<string, string>> {
    const rows = await this.#database.all(PROFILE, user);
    return new Map(rows.map((row) => [textOf(row, 'field'), textOf(row, 'value')]));
  }

  async getProfiles(users: readonly UserId[]): Promise<Map<UserId, Map<string, string>>> {
    const profiles = new Map<UserId, Map<string, string>>();
    if (users.length === 0) return profiles;
    for (const row of await this.#database.all(PROFILES, users)) {
      const user = userIn(row);
      const fields = profiles.get(user) ?? new Map<string, string>();
      profiles.set(user, fields.set(textOf(row, 'field'), textOf(row, 'value')));
    }
    return profiles;
  }

  async searchProfiles(term: string, limit: number): Promise<UserId[]> {
    const pattern = holdsPattern(foldText(term));
    const rows = await this.#database.slow(SEARCH_PROFILES, pattern, pattern, limit);
    return rows.map((row) => userIn(row));
  }

  async findFilter(user: UserId, filterId: string): Promise<string | undefined> {
    const [row] = await this.#database.all(FILTER, user, filterId);
    return row === undefined ? undefined : textOf(row, 'json');
  }

  async findServerValue(key: string): Promise<string | undefined> {
    const [row] = await this.#database.all(SERVER_VALUE, key);
    return row === undefined ? undefined : textOf(row, 'value');
  }
}
