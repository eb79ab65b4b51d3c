/** A person who uses matrix-js-sdk with its Rust crypto: the second client that our own is held against. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import {
  ClientEvent,
  createClient,
  EventType,
  MatrixError,
  MatrixEventEvent,
  MsgType,
  RelationType,
  RoomEvent,
  SyncState,
  type ICreateClientOpts,
  type MatrixClient,
  type MatrixEvent,
} from 'matrix-js-sdk';
import { CryptoEvent, decodeRecoveryKey, type VerificationRequest } from 'matrix-js-sdk/lib/crypto-api/index.js';
import { logger, type Logger } from 'matrix-js-sdk/lib/logger.js';
import { asNumber, asObject, asString, field, type JsonObject } from '../../src/client/json.ts';

const ignore = () => undefined;
const SILENT: Logger = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  getChild: () => SILENT,
};
// Parts of it write to the library's common logger, whose methods may be replaced.
Object.assign(logger, SILENT, { log: ignore });

// The library leaves the time limit of each request behind, 80 s long: they must not keep the process alive.
const setTimer = globalThis.setTimeout;
const setLooseTimer = (...given: Parameters<typeof setTimer>) => setTimer(...given).unref();
globalThis.setTimeout = Object.assign(setLooseTimer, { __promisify__: setTimer.__promisify__ }) as typeof setTimer;

/** What anything may have changed by: waiting asks again after each. */
const NEWS = [
  ClientEvent.Sync,
  ClientEvent.Event,
  MatrixEventEvent.Decrypted,
  MatrixEventEvent.Replaced,
  RoomEvent.Timeline,
  RoomEvent.Redaction,
  CryptoEvent.VerificationRequestReceived,
  CryptoEvent.UserTrustStatusChanged,
  CryptoEvent.KeysChanged,
  CryptoEvent.KeyBackupSessionsRemaining,
] as const;

const WAIT_MS = 20_000;

interface Grant {
  readonly user_id: string;
  readonly device_id: string;
  readonly access_token: string;
}

async function post(url: string, path: string, body: JsonObject): Promise<JsonObject> {
  const answer = await fetch(`${url}/_matrix/client/v3/${path}`, { method: 'POST', body: JSON.stringify(body) });
  return asObject(await answer.json()) ?? {};
}

function grantOf(answer: JsonObject): Grant {
  const [user_id, device_id, access_token] = ['user_id', 'device_id', 'access_token'].map((name) =>
    asString(answer[name]),
  );
  if (user_id === undefined || device_id === undefined || access_token === undefined) {
    throw new Error(`no session: ${JSON.stringify(answer)}`);
  }
  return { user_id, device_id, access_token };
}

export class JsSdkPeer {
  readonly client: MatrixClient;
  readonly #storageKeys: Map<string, Uint8Array<ArrayBuffer>>;
  #recoveryKey: Uint8Array<ArrayBuffer> | undefined;

  private constructor(url: string, grant: Grant, recoveryKey: string | undefined) {
    this.#storageKeys = new Map();
    this.#recoveryKey = recoveryKey === undefined ? undefined : decodeRecoveryKey(recoveryKey);
    const options: ICreateClientOpts = {
      baseUrl: url,
      userId: grant.user_id,
      deviceId: grant.device_id,
      accessToken: grant.access_token,
      logger: SILENT,
      cryptoCallbacks: {
        getSecretStorageKey: async ({ keys }) => {
          for (const keyId of Object.keys(keys)) {
            const key = this.#storageKeys.get(keyId) ?? this.#recoveryKey;
            if (key !== undefined) return [keyId, key];
          }
          return null;
        },
        cacheSecretStorageKey: (keyId, _info, key) => void this.#storageKeys.set(keyId, key),
      },
    };
    this.client = createClient(options);
  }

  static async #start(url: string, grant: Grant, recoveryKey?: string): Promise<JsSdkPeer> {
    const peer = new JsSdkPeer(url, grant, recoveryKey);
    await peer.client.initRustCrypto({ useIndexedDB: false });
    await peer.client.startClient({ initialSyncLimit: 30 });
    await peer.until(() => (peer.client.getSyncState() === SyncState.Syncing ? true : undefined));
    return peer;
  }

  /** Makes an account by an invitation's token, with its cross-signing keys. */
  static async register(url: string, name: string, token: string): Promise<JsSdkPeer> {
    const body = { username: name, password: `${name} password`, initial_device_display_name: 'matrix-js-sdk' };
    const session = asString((await post(url, 'register', body))['session']);
    const auth = { type: 'm.login.registration_token', token, session: session ?? '' };
    const peer = await JsSdkPeer.#start(url, grantOf(await post(url, 'register', { ...body, auth })));
    await peer.crypto.bootstrapCrossSigning({ authUploadDeviceSigningKeys: (ask) => ask(null) });
    return peer;
  }

  /** The first device of an account that exists already, which makes its cross-signing keys. */
  static async enter(url: string, session: Grant): Promise<JsSdkPeer> {
    const peer = await JsSdkPeer.#start(url, session);
    await peer.crypto.bootstrapCrossSigning({ authUploadDeviceSigningKeys: (ask) => ask(null) });
    return peer;
  }

  /** A further device, which knows the recovery key. */
  static async signIn(url: string, account: { name: string; password: string }, key: string): Promise<JsSdkPeer> {
    const identifier = { type: 'm.id.user', user: account.name };
    const answer = await post(url, 'login', { type: 'm.login.password', identifier, password: account.password });
    return JsSdkPeer.#start(url, grantOf(answer), key);
  }

  get crypto() {
    const crypto = this.client.getCrypto();
    if (crypto === undefined) throw new Error('matrix-js-sdk has no crypto');
    return crypto;
  }

  stop(): void {
    this.client.stopClient();
  }

  /**
   * Resolves with the first answer that is not `undefined`; asks again whenever something has happened. After
   * 20 s it rejects, and says what was asked.
   */
  async until<T>(read: () => T | undefined | Promise<T | undefined>): Promise<T> {
    const limit = AbortSignal.timeout(WAIT_MS);
    for (;;) {
      let wake: () => void = ignore;
      const news = new Promise<void>((resolve) => (wake = resolve));
      for (const name of NEWS) this.client.on(name, wake);
      limit.addEventListener('abort', wake);
      const value = await read();
      if (value === undefined) await news;
      for (const name of NEWS) this.client.off(name, wake);
      limit.removeEventListener('abort', wake);
      if (value !== undefined) return value;
      if (limit.aborted) throw new Error(`matrix-js-sdk waited in vain for ${String(read)}`);
    }
  }

  #events(roomId: string): MatrixEvent[] {
    return this.client.getRoom(roomId)?.getLiveTimeline().getEvents() ?? [];
  }

  /** The newest readable message of a room whose content the condition accepts; it must have come encrypted. */
  message(roomId: string, accept: (content: JsonObject) => boolean): Promise<MatrixEvent> {
    return this.until(() =>
      this.#events(roomId).findLast(
        (event) =>
          event.isEncrypted() &&
          event.getType() === 'm.room.message' &&
          !event.isDecryptionFailure() &&
          accept(asObject(event.getContent()) ?? {}),
      ),
    );
  }

  text(roomId: string, text: string): Promise<MatrixEvent> {
    return this.message(roomId, (content) => content['body'] === text);
  }

  /** Somebody else's reaction to an event. */
  reaction(roomId: string, eventId: string, key: string): Promise<MatrixEvent> {
    return this.until(() =>
      this.#events(roomId).find((event) => {
        const relation = event.getRelation();
        const isTo = relation?.rel_type === RelationType.Annotation && relation.event_id === eventId;
        return isTo && relation.key === key && event.getSender() !== this.client.getUserId();
      }),
    );
  }

  async acceptInvitation(): Promise<string> {
    const room = await this.until(() => this.client.getRooms().find((one) => one.getMyMembership() === 'invite'));
    await this.client.joinRoom(room.roomId);
    await this.until(() => (this.client.getRoom(room.roomId)?.hasEncryptionStateEvent() === true ? true : undefined));
    return room.roomId;
  }

  async reply(roomId: string, eventId: string, text: string): Promise<string> {
    const relation = { 'm.relates_to': { 'm.in_reply_to': { event_id: eventId } } };
    const content = { msgtype: MsgType.Text as const, body: text, ...relation };
    return (await this.client.sendMessage(roomId, content)).event_id;
  }

  async edit(roomId: string, eventId: string, text: string): Promise<void> {
    const content = { msgtype: MsgType.Text as const, body: text };
    const relation = { 'm.relates_to': { rel_type: RelationType.Replace as const, event_id: eventId } };
    await this.client.sendMessage(roomId, { ...content, body: `* ${text}`, 'm.new_content': content, ...relation });
  }

  async react(roomId: string, eventId: string, key: string): Promise<void> {
    const relation = { rel_type: RelationType.Annotation as const, event_id: eventId, key };
    await this.client.sendEvent(roomId, EventType.Reaction, { 'm.relates_to': relation });
  }

  /** Sends a picture as other clients do: AES-CTR over the file, its key inside the encrypted event. */
  async sendImage(roomId: string, picture: { name: string; bytes: Buffer; width: number; height: number }) {
    const { name, bytes, width: w, height: h } = picture;
    const key = randomBytes(32);
    const iv = Buffer.concat([randomBytes(8), Buffer.alloc(8)]);
    const cipher = createCipheriv('aes-256-ctr', key, iv);
    const data = Buffer.concat([cipher.update(bytes), cipher.final()]);
    const { content_uri: url } = await this.client.uploadContent(data, { includeFilename: false });
    const file = {
      v: 'v2',
      url,
      key: {
        kty: 'oct' as const,
        alg: 'A256CTR',
        key_ops: ['encrypt', 'decrypt'],
        ext: true,
        k: key.toString('base64url'),
      },
      iv: unpadded(iv),
      hashes: { sha256: unpadded(createHash('sha256').update(data).digest()) },
    };
    const info = { mimetype: 'image/png', size: bytes.length, w, h };
    await this.client.sendMessage(roomId, { msgtype: MsgType.Image, body: name, file, info });
  }

  /** Fetches and opens the file of a message, after checking its hash. */
  async readFile(event: MatrixEvent): Promise<Buffer> {
    const file = asObject(field(event.getContent(), 'file'));
    const text = (value: unknown) => Buffer.from(asString(value) ?? '', 'base64');
    const key = text(field(asObject(field(file, 'key')), 'k'));
    const url = this.client.mxcUrlToHttp(
      asString(field(file, 'url')) ?? '',
      undefined,
      undefined,
      undefined,
      false,
      true,
      true,
    );
    const headers = { authorization: `Bearer ${this.client.getAccessToken()}` };
    const data = Buffer.from(await (await fetch(url ?? '', { headers })).arrayBuffer());
    const hash = createHash('sha256').update(data).digest();
    if (!hash.equals(text(field(asObject(field(file, 'hashes')), 'sha256'))))
      throw new Error('the file is not what was sent');
    const decipher = createDecipheriv('aes-256-ctr', key, text(field(file, 'iv')));
    return Buffer.concat([decipher.update(data), decipher.final()]);
  }

  /** A request for verification by another client. */
  verificationRequest(roomId: string, userId: string): Promise<VerificationRequest> {
    return this.until(() => this.crypto.findVerificationRequestDMInProgress(roomId, userId));
  }

  /** Opens the backup with the recovery key and signs this device; what it answers is the number of keys. */
  async restore(): Promise<number> {
    await this.crypto.bootstrapCrossSigning({});
    await this.crypto.checkKeyBackupAndEnable();
    await this.crypto.loadSessionBackupPrivateKeyFromSecretStorage();
    return (await this.crypto.restoreKeyBackup()).imported;
  }

  /** Throws the cross-signing keys away and makes new ones. */
  async resetIdentity(name: string): Promise<void> {
    const identifier = { type: 'm.id.user', user: name };
    const auth = { type: 'm.login.password', identifier, password: `${name} password` };
    await this.crypto.bootstrapCrossSigning({
      setupNewCrossSigning: true,
      authUploadDeviceSigningKeys: async (ask) => {
        try {
          return await ask(null);
        } catch (error) {
          if (!(error instanceof MatrixError)) throw error;
          return ask({ ...auth, session: asString(error.data['session']) ?? '' });
        }
      },
    });
  }

  /** Makes secret storage and a backup; the recovery key to both. */
  async createRecoveryKey(): Promise<string> {
    const made = await this.crypto.createRecoveryKeyFromPassphrase();
    await this.crypto.bootstrapSecretStorage({ createSecretStorageKey: async () => made, setupNewKeyBackup: true });
    return made.encodedPrivateKey ?? '';
  }

  /** How many room keys the backup of the server holds. */
  async countBackedUpKeys(): Promise<number> {
    // The library keeps what it was told when it made the backup: the server is asked itself.
    const headers = { authorization: `Bearer ${this.client.getAccessToken()}` };
    const answer = await fetch(`${this.client.baseUrl}/_matrix/client/v3/room_keys/version`, { headers });
    return asNumber(field(asObject(await answer.json()), 'count')) ?? 0;
  }
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
