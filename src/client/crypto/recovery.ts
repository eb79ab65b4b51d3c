/** Cross-signing and secret storage: made silently for a new account, opened with a key on a new device. */
import { DeviceId, UserId, type CrossSigningBootstrapRequests } from '@matrix-org/matrix-sdk-crypto-wasm';
import { getAccountData } from '../../matrix/api/client-server/getAccountData.ts';
import { setAccountData } from '../../matrix/api/client-server/setAccountData.ts';
import { uploadCrossSigningKeys } from '../../matrix/api/client-server/uploadCrossSigningKeys.ts';
import type { BodyOf } from '../../matrix/api/declare.ts';
import { OperationError } from '../../matrix/errors.ts';
import { isServerError, ServerError } from '../api/errors.ts';
import { fromBase64, toBase64 } from '../bytes.ts';
import { freshId } from '../environment.ts';
import { asObject, asString, field, type JsonObject } from '../json.ts';
import type { KeyBackup } from './backup.ts';
import type { CryptoContext } from './context.ts';
import type { Authenticate } from './face.ts';
import { decodeRecoveryKey, encodeRecoveryKey } from './recovery-key.ts';
import { decryptSecret, describeKey, encryptSecret, matchesDescription } from './secret-storage.ts';

const DEFAULT_KEY = 'm.secret_storage.default_key';
const BACKUP_SECRET = 'm.megolm_backup.v1';
const MASTER = 'm.cross_signing.master';
const SELF_SIGNING = 'm.cross_signing.self_signing';
const USER_SIGNING = 'm.cross_signing.user_signing';

export class Recovery {
  readonly #context: CryptoContext;
  readonly #backup: KeyBackup;

  constructor(context: CryptoContext, backup: KeyBackup) {
    this.#context = context;
    this.#backup = backup;
  }

  async #findAccountData(type: string): Promise<JsonObject | undefined> {
    try {
      const path = { userId: this.#context.userId, type };
      return asObject(await this.#context.api.call(getAccountData, { path }));
    } catch (error) {
      if (isServerError(error, 'M_NOT_FOUND')) return undefined;
      throw error;
    }
  }

  async #putAccountData(type: string, content: JsonObject): Promise<void> {
    await this.#context.api.call(setAccountData, {
      path: { userId: this.#context.userId, type },
      body: { ...content },
    });
  }

  /** Id and description of the key that opens secret storage. */
  async findKey(): Promise<{ keyId: string; description: JsonObject } | undefined> {
    const keyId = asString(field(await this.#findAccountData(DEFAULT_KEY), 'key'));
    if (keyId === undefined) return undefined;
    const description = await this.#findAccountData(`m.secret_storage.key.${keyId}`);
    return description === undefined ? undefined : { keyId, description };
  }

  /** Whether the account has cross-signing keys on the server. */
  async identityExists(): Promise<boolean> {
    const { machine, userId } = this.#context;
    await this.#context.send(machine.queryKeysForUsers([new UserId(userId)]));
    const identity = await machine.getIdentity(new UserId(userId));
    identity?.free();
    return identity !== undefined;
  }

  /** Makes and uploads cross-signing keys; the server may ask for the password once more. */
  async bootstrap(authenticate: Authenticate, reset: boolean): Promise<void> {
    await this.#context.flush();
    const requests: CrossSigningBootstrapRequests = await this.#context.machine.bootstrapCrossSigning(reset);
    if (requests.uploadKeysRequest !== undefined) await this.#context.send(requests.uploadKeysRequest);
    const body = JSON.parse(requests.uploadSigningKeysRequest.body) as BodyOf<typeof uploadCrossSigningKeys>;
    await this.#uploadSigningKeys(body, authenticate);
    await this.#context.send(requests.uploadSignaturesRequest);
  }

  async #uploadSigningKeys(body: BodyOf<typeof uploadCrossSigningKeys>, authenticate: Authenticate): Promise<void> {
    try {
      await this.#context.api.call(uploadCrossSigningKeys, { body });
    } catch (error) {
      if (!(error instanceof ServerError) || error.status !== 401) throw error;
      const auth = authenticate(asString(field(error.body, 'session')));
      if (auth === undefined) throw new OperationError('password-needed', { temporary: false, cause: error });
      await this.#context.api.call(uploadCrossSigningKeys, { body: { ...body, auth } });
    }
  }

  /** Makes a new secret-storage key and puts every secret of this device under it. */
  async createStorage(backupKey: string): Promise<string> {
    const { environment, machine } = this.#context;
    const key = environment.randomBytes(32);
    const keyId = freshId(environment, 24);
    await this.#putAccountData(`m.secret_storage.key.${keyId}`, await describeKey(environment, key));
    const keys = await machine.exportCrossSigningKeys();
    const secrets: [string, string | undefined][] = [
      [MASTER, keys?.masterKey],
      [SELF_SIGNING, keys?.self_signing_key],
      [USER_SIGNING, keys?.userSigningKey],
      [BACKUP_SECRET, backupKey],
    ];
    for (const [name, secret] of secrets) {
      if (secret === undefined) continue;
      const encrypted = await encryptSecret(environment, { key, name, secret });
      await this.#putAccountData(name, { encrypted: { [keyId]: encrypted } });
    }
    // Last: from here on other devices use the new key, and every secret is already under it.
    await this.#putAccountData(DEFAULT_KEY, { key: keyId });
    return encodeRecoveryKey(key);
  }

  async #readSecret(name: string, key: Uint8Array, keyId: string): Promise<string | undefined> {
    const encrypted = asObject(field(await this.#findAccountData(name), 'encrypted'));
    const data = asObject(field(encrypted, keyId));
    return data === undefined ? undefined : decryptSecret(this.#context.environment, { key, name, data });
  }

  /** Opens everything with the recovery key: this device becomes a verified one, the backup readable. */
  async unlock(recoveryKey: string): Promise<boolean> {
    const key = decodeRecoveryKey(recoveryKey);
    const stored = await this.findKey();
    if (key === undefined || stored === undefined) return false;
    if (!(await matchesDescription(this.#context.environment, key, stored.description))) return false;
    await this.identityExists();
    const [master, selfSigning, userSigning, backup] = [
      await this.#readSecret(MASTER, key, stored.keyId),
      await this.#readSecret(SELF_SIGNING, key, stored.keyId),
      await this.#readSecret(USER_SIGNING, key, stored.keyId),
      await this.#readSecret(BACKUP_SECRET, key, stored.keyId),
    ];
    await this.#context.machine.importCrossSigningKeys(master, selfSigning, userSigning);
    await this.signOwnDevice();
    if (backup !== undefined) await this.#backup.open(normaliseBase64(backup));
    return true;
  }

  /** Signs this device with the account's own key, so that others may trust it. */
  async signOwnDevice(): Promise<void> {
    const { machine, userId, deviceId } = this.#context;
    const device = await machine.getDevice(new UserId(userId), new DeviceId(deviceId));
    if (device === undefined || device.isCrossSignedByOwner()) return;
    await this.#context.send(await device.verify());
  }
}

/** Other clients pad what we do not. */
function normaliseBase64(text: string): string {
  const bytes = fromBase64(text);
  return bytes === undefined ? text : toBase64(bytes);
}
