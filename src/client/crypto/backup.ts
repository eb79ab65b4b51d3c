/** The key backup: switching it on, feeding it, and fetching a room's keys from it. */
import { BackupDecryptionKey, RoomId, UserId, type KeysBackupRequest } from '@matrix-org/matrix-sdk-crypto-wasm';
import { getRoomKeysByRoomId } from '../../matrix/api/client-server/getRoomKeysByRoomId.ts';
import { getRoomKeysVersionCurrent } from '../../matrix/api/client-server/getRoomKeysVersionCurrent.ts';
import { postRoomKeysVersion } from '../../matrix/api/client-server/postRoomKeysVersion.ts';
import type { ResponseOf } from '../../matrix/api/declare.ts';
import { isServerError } from '../api/errors.ts';
import { asObject, asString, field, objectEntries, parseJson, type JsonObject } from '../json.ts';
import type { CryptoContext } from './context.ts';
import { SerialQueue } from './context.ts';
import type { BackupState } from './face.ts';

const ALGORITHM = 'm.megolm_backup.v1.curve25519-aes-sha2';
const UPLOAD_ROUNDS_MAX = 200;

export type BackupVersion = ResponseOf<typeof getRoomKeysVersionCurrent>;

/** The backup that the server holds now; `undefined` when there is none. */
async function findBackupVersion(context: CryptoContext): Promise<BackupVersion | undefined> {
  try {
    return await context.api.call(getRoomKeysVersionCurrent);
  } catch (error) {
    if (isServerError(error, 'M_NOT_FOUND')) return undefined;
    throw error;
  }
}

export class KeyBackup {
  readonly #context: CryptoContext;
  readonly #uploads = new SerialQueue();
  readonly #restored = new Set<string>();
  #state: BackupState = 'none';
  #isChecked = false;

  constructor(context: CryptoContext) {
    this.#context = context;
  }

  get state(): BackupState {
    return this.#state;
  }

  /** Compares what this device has with what the server holds, and goes on with the backup if they fit. */
  async check(): Promise<void> {
    if (this.#isChecked) return;
    const version = await findBackupVersion(this.#context);
    if (version === undefined) {
      this.#isChecked = true;
      this.#state = 'none';
      return;
    }
    const keys = await this.#context.machine.getBackupKeys();
    const key = keys.decryptionKey;
    this.#isChecked = true;
    this.#state = key !== undefined && (await this.open(key.toBase64(), version)) ? 'on' : 'locked';
  }

  /** Uses `privateKey` for the backup of the server; false when it is not its key. */
  async open(privateKey: string, known?: BackupVersion): Promise<boolean> {
    const version = known ?? (await findBackupVersion(this.#context));
    if (version === undefined || version.algorithm !== ALGORITHM) return false;
    const key = BackupDecryptionKey.fromBase64(privateKey);
    const publicKey = key.megolmV1PublicKey.publicKeyBase64;
    // The backup's own MAC proves nothing: only a private key whose public half the server shows is the right one.
    if (asString(field(version.auth_data, 'public_key')) !== publicKey) return false;
    await this.#context.machine.saveBackupDecryptionKey(key, version.version);
    await this.#context.machine.enableBackupV1(publicKey, version.version);
    this.#state = 'on';
    return true;
  }

  /** Makes a new backup, signed by this device and by the account's own key; gives its private key. */
  async create(): Promise<string> {
    const { machine, api, userId } = this.#context;
    const key = BackupDecryptionKey.createRandomKey();
    const publicKey = key.megolmV1PublicKey.publicKeyBase64;
    const signatures = await machine.sign(JSON.stringify({ public_key: publicKey }));
    const own: Record<string, string> = {};
    for (const [keyId, signature] of signatures.get(new UserId(userId)) ?? []) {
      const text = signature.signature?.toBase64();
      if (text !== undefined) own[keyId] = text;
    }
    const authData = { public_key: publicKey, signatures: { [userId]: own } };
    const { version } = await api.call(postRoomKeysVersion, { body: { algorithm: ALGORITHM, auth_data: authData } });
    await machine.saveBackupDecryptionKey(key, version);
    await machine.enableBackupV1(publicKey, version);
    this.#state = 'on';
    return key.toBase64();
  }

  /** Uploads the room keys that the backup does not have yet. */
  upload(): Promise<void> {
    return this.#uploads.run(async () => {
      if (!(await this.#context.machine.isBackupEnabled())) return;
      for (let round = 0; round < UPLOAD_ROUNDS_MAX; round += 1) {
        const request: KeysBackupRequest | undefined = await this.#context.machine.backupRoomKeys();
        if (request === undefined) return;
        await this.#context.send(request);
      }
    });
  }

  /** Fetches the keys of one room; the sessions that came. Once per room and start. */
  async restoreRoom(roomId: string): Promise<string[]> {
    if (this.#state !== 'on' || this.#restored.has(roomId)) return [];
    const { machine, api } = this.#context;
    const keys = await machine.getBackupKeys();
    const key = keys.decryptionKey;
    const version = keys.backupVersion;
    if (key === undefined || version === undefined) return [];
    this.#restored.add(roomId);
    try {
      const answer = await api.call(getRoomKeysByRoomId, { path: { roomId }, query: { version } });
      const sessions = new Map<string, JsonObject>();
      for (const [sessionId, entry] of objectEntries(answer.sessions)) {
        const session = decryptSession(key, asObject(field(entry, 'session_data')));
        if (session !== undefined) sessions.set(sessionId, session);
      }
      await machine.importBackedUpRoomKeys(new Map([[new RoomId(roomId), sessions]]), () => undefined, version);
      return [...sessions.keys()];
    } catch (error) {
      if (!isServerError(error, 'M_NOT_FOUND')) this.#restored.delete(roomId);
      if (isServerError(error, 'M_NOT_FOUND')) return [];
      throw error;
    }
  }
}

function decryptSession(key: BackupDecryptionKey, data: JsonObject | undefined): JsonObject | undefined {
  const [ephemeral, mac, ciphertext] = ['ephemeral', 'mac', 'ciphertext'].map((name) => asString(field(data, name)));
  if (ephemeral === undefined || mac === undefined || ciphertext === undefined) return undefined;
  try {
    return asObject(parseJson(key.decryptV1(ephemeral, mac, ciphertext)));
  } catch {
    return undefined;
  }
}
