/** Server-side key backups (client-server API, "Server-side key backups"). */
import { KeyedQueue } from '../../lib/queue.ts';
import { jsonText } from '../../matrix/json-input.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { type RoomId, type UserId, utf8Length } from '../../matrix/ids.ts';
import type { JsonObject } from '../../matrix/json.ts';
import { parseTrusted } from '../../matrix/json-parse.ts';
import type { BackupKeyRow, BackupScope, BackupVersionRow } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';

export interface BackupKey {
  readonly first_message_index: number;
  readonly forwarded_count: number;
  readonly is_verified: boolean;
  readonly session_data: JsonObject;
}

export interface BackupState {
  readonly etag: string;
  readonly count: number;
}

const SESSION_BYTES_MAX = 65_536;

export class Backups {
  readonly #context: Context;
  readonly #queue = new KeyedQueue<UserId>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** Begins a new backup and returns its version: "a string … the versions increase". */
  async create(user: UserId, algorithm: string, authData: JsonObject): Promise<string> {
    return await this.#queue.run(user, async () => {
      const { store } = this.#context;
      // Versions of deleted backups are not used again.
      const version = String(Number((await store.keys.findNewestBackupVersion(user)) ?? '0') + 1);
      const row: BackupVersionRow = { version, algorithm, authData: jsonText(authData), etag: 0, deleted: false };
      await store.transact((one) => one.keys.createBackupVersion(user, row));
      return version;
    });
  }

  /** A backup, the current one unless a version is given. Throws `M_NOT_FOUND`. */
  async require(user: UserId, version?: string): Promise<BackupVersionRow> {
    const row = await this.#context.store.keys.findBackupVersion(user, version);
    if (row === undefined || row.deleted) throw new MatrixError('M_NOT_FOUND', 'There is no such backup');
    return row;
  }

  /** A backup as the API shows it. */
  async describe(user: UserId, version?: string): Promise<JsonObject> {
    const row = await this.require(user, version);
    const state = await this.#state(user, row);
    return { algorithm: row.algorithm, auth_data: parseTrusted(row.authData), version: row.version, ...state };
  }

  async #state(user: UserId, row: BackupVersionRow): Promise<BackupState> {
    return { etag: String(row.etag), count: await this.#context.store.keys.countBackupKeys(user, row.version) };
  }

  /** Replaces the `auth_data`. "algorithm: Must be the same as in the body parameter … of the existing backup." */
  async update(
    user: UserId,
    version: string,
    body: { algorithm: string; authData: JsonObject; version: string | undefined },
  ): Promise<void> {
    const row = await this.require(user, version);
    if (body.version !== undefined && body.version !== version) {
      throw new MatrixError('M_INVALID_PARAM', 'The version in the body is another one');
    }
    if (body.algorithm !== row.algorithm)
      throw new MatrixError('M_INVALID_PARAM', 'The algorithm of a backup does not change');
    await this.#context.store.transact((one) => one.keys.setBackupAuthData(user, version, jsonText(body.authData)));
  }

  async delete(user: UserId, version: string): Promise<void> {
    await this.#queue.run(user, async () => {
      await this.require(user, version);
      await this.#context.store.transact((one) => {
        one.keys.deleteBackupKeys({ user, version });
        one.keys.deleteBackupVersion(user, version);
      });
    });
  }

  /** Only the current backup takes keys: "M_WRONG_ROOM_KEYS_VERSION" with the current version otherwise. */
  async #requireCurrent(user: UserId, version: string): Promise<BackupVersionRow> {
    const current = await this.require(user);
    if (current.version !== version) {
      throw new MatrixError('M_WRONG_ROOM_KEYS_VERSION', 'This is not the current backup', {
        extra: { current_version: current.version },
      });
    }
    return current;
  }

  /** Stores keys; where there is one already the better of the two stays. */
  async putKeys(
    user: UserId,
    version: string,
    keys: ReadonlyMap<RoomId, ReadonlyMap<string, BackupKey>>,
  ): Promise<BackupState> {
    return await this.#queue.run(user, async () => {
      const { store } = this.#context;
      const row = await this.#requireCurrent(user, version);
      const better: BackupKeyRow[] = [];
      for (const [roomId, sessions] of keys) {
        const scope: BackupScope = { user, version, roomId };
        const single = sessions.size === 1 ? { ...scope, sessionId: [...sessions.keys()][0] ?? '' } : scope;
        const existing = new Map((await store.keys.getBackupKeys(single)).map((one) => [one.sessionId, one]));
        for (const [sessionId, key] of sessions) {
          const candidate = rowOf(roomId, sessionId, key);
          const before = existing.get(sessionId);
          if (before === undefined || isBetter(candidate, before)) better.push(candidate);
        }
      }
      if (better.length === 0) return await this.#state(user, row);
      await store.transact((one) => {
        for (const key of better) one.keys.putBackupKey(user, version, key);
        one.keys.setBackupEtag(user, version, row.etag + 1);
      });
      return await this.#state(user, { ...row, etag: row.etag + 1 });
    });
  }

  /** Keys of a scope: room → session → key. */
  async getKeys(scope: BackupScope): Promise<Map<RoomId, Map<string, BackupKey>>> {
    await this.require(scope.user, scope.version);
    const rooms = new Map<RoomId, Map<string, BackupKey>>();
    for (const row of await this.#context.store.keys.getBackupKeys(scope)) {
      const sessions = rooms.get(row.roomId) ?? new Map<string, BackupKey>();
      sessions.set(row.sessionId, {
        first_message_index: row.firstMessageIndex,
        forwarded_count: row.forwardedCount,
        is_verified: row.verified,
        session_data: parseTrusted(row.sessionData) as JsonObject,
      });
      rooms.set(row.roomId, sessions);
    }
    return rooms;
  }

  async deleteKeys(scope: BackupScope): Promise<BackupState> {
    return await this.#queue.run(scope.user, async () => {
      const row = await this.require(scope.user, scope.version);
      const etag = row.etag + 1;
      await this.#context.store.transact((one) => {
        one.keys.deleteBackupKeys(scope);
        one.keys.setBackupEtag(scope.user, row.version, etag);
      });
      return await this.#state(scope.user, { ...row, etag });
    });
  }
}

function rowOf(roomId: RoomId, sessionId: string, key: BackupKey): BackupKeyRow {
  const sessionData = jsonText(key.session_data);
  if (utf8Length(sessionData) > SESSION_BYTES_MAX || utf8Length(sessionId) > 255) {
    throw new MatrixError('M_TOO_LARGE', 'A session of the backup is too large');
  }
  return {
    roomId,
    sessionId,
    firstMessageIndex: key.first_message_index,
    forwardedCount: key.forwarded_count,
    verified: key.is_verified,
    sessionData,
  };
}

/**
 * "if the keys have different values for `is_verified`, then it will keep the key that has `is_verified` set to
 * `true`; if they have the same values, … the key with a lower `first_message_index`; and finally … with a lower
 * `forwarded_count`."
 */
function isBetter(candidate: BackupKeyRow, before: BackupKeyRow): boolean {
  if (candidate.verified !== before.verified) return candidate.verified;
  if (candidate.firstMessageIndex !== before.firstMessageIndex)
    return candidate.firstMessageIndex < before.firstMessageIndex;
  return candidate.forwardedCount < before.forwardedCount;
}
