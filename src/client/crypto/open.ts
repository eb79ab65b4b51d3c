/** Opens the crypto machine and puts its parts behind one face. The only way in; loaded when first needed. */
import {
  DeviceId,
  DeviceLists,
  initAsync,
  OlmMachine,
  StoreHandle,
  UserId,
  type RoomKeyInfo,
} from '@matrix-org/matrix-sdk-crypto-wasm';
import { getDevices } from '../../matrix/api/client-server/getDevices.ts';
import type { Api } from '../api/call.ts';
import type { ClientEnvironment } from '../environment.ts';
import { asString, field } from '../json.ts';
import { KeyBackup } from './backup.ts';
import { CryptoContext } from './context.ts';
import type { CryptoChange, CryptoFace, CryptoListener, OwnDevice, SecurityState } from './face.ts';
import { Identities } from './identities.ts';
import { Recovery } from './recovery.ts';
import { RoomMessages } from './room-messages.ts';
import { Verifications } from './verification.ts';

export interface CryptoOptions {
  readonly environment: ClientEnvironment;
  readonly api: Api;
  readonly userId: string;
  readonly deviceId: string;
  /** Name and key of the machine's own database; without it everything lives in memory. */
  readonly store?: { readonly name: string; readonly key: Uint8Array };
  readonly wasmUrl?: string;
  readonly listener: CryptoListener;
}

async function openMachine(options: CryptoOptions): Promise<OlmMachine> {
  await initAsync(options.wasmUrl);
  const [userId, deviceId] = [new UserId(options.userId), new DeviceId(options.deviceId)];
  if (options.store === undefined) return OlmMachine.initialize(userId, deviceId);
  const handle = await StoreHandle.openWithKey(options.store.name, options.store.key);
  return OlmMachine.initFromStore(userId, deviceId, handle);
}

function listen(machine: OlmMachine, options: CryptoOptions, parts: Parts): void {
  const { listener } = options;
  machine.registerRoomKeyUpdatedCallback(async (infos: RoomKeyInfo[]) => {
    listener.onRoomKeys(infos.map((info) => ({ roomId: info.roomId.toString(), sessionId: info.sessionId })));
    queueMicrotask(() => void parts.backup.upload().catch(() => undefined));
  });
  machine.registerReceiveSecretCallback(async (name: string, value: string) => {
    if (name !== 'm.megolm_backup.v1') return;
    queueMicrotask(
      () =>
        void parts.backup
          .open(value)
          .then(() => machine.deleteSecretsFromInbox(name))
          .then(() => listener.onSecurityChanged())
          .catch(() => undefined),
    );
  });
  machine.registerUserIdentityUpdatedCallback(async (userId: UserId) => {
    parts.identities.forget(userId.toString());
    listener.onSecurityChanged();
    listener.onPeopleChanged();
  });
  machine.registerDevicesUpdatedCallback(async (userIds: string[]) => {
    queueMicrotask(() => void parts.messages.readmit(userIds).catch(() => undefined));
    listener.onSecurityChanged();
    listener.onPeopleChanged();
  });
}

interface Parts {
  readonly context: CryptoContext;
  readonly backup: KeyBackup;
  readonly recovery: Recovery;
  readonly identities: Identities;
  readonly messages: RoomMessages;
  readonly verifications: Verifications;
}

async function receiveSync(parts: Parts, change: CryptoChange, sliding: boolean): Promise<void> {
  const { machine } = parts.context;
  const lists = new DeviceLists(
    change.changedUsers.map((id) => new UserId(id)),
    change.leftUsers.map((id) => new UserId(id)),
  );
  const events = JSON.stringify(change.toDevice);
  const counts = new Map(change.oneTimeKeyCounts);
  const unused = change.unusedFallbackKeys === undefined ? undefined : new Set(change.unusedFallbackKeys);
  if (sliding) await machine.receiveSyncChangesMsc4186(events, lists, counts, unused);
  else await machine.receiveSyncChanges(events, lists, counts, unused);
  const senders = change.toDevice.map((event) => asString(field(event, 'sender'))).filter((one) => one !== undefined);
  await parts.verifications.onSync(senders);
}

async function securityState(parts: Parts): Promise<SecurityState> {
  const { machine, userId, deviceId } = parts.context;
  const identity = await machine.getIdentity(new UserId(userId));
  const device = await machine.getDevice(new UserId(userId), new DeviceId(deviceId));
  return {
    ready: true,
    crossSigningExists: identity !== undefined,
    deviceVerified: device?.isCrossSignedByOwner() === true && identity?.isVerified() === true,
    recoveryExists: (await parts.recovery.findKey()) !== undefined,
    backup: parts.backup.state,
  };
}

async function listDevices(parts: Parts): Promise<OwnDevice[]> {
  const { machine, api, userId, deviceId } = parts.context;
  const { devices } = await api.call(getDevices);
  const known = await machine.getUserDevices(new UserId(userId), 1);
  return (devices ?? []).map((row) => {
    const device = known.get(new DeviceId(row.device_id));
    const fingerprint = device?.ed25519Key?.toBase64();
    return {
      deviceId: row.device_id,
      isCurrent: row.device_id === deviceId,
      isVerified: device?.isCrossSignedByOwner() === true,
      supportsEncryption: device !== undefined,
      ...(row.display_name === undefined ? {} : { displayName: row.display_name }),
      ...(row.last_seen_ts === undefined ? {} : { lastSeenMs: row.last_seen_ts }),
      ...(fingerprint === undefined ? {} : { fingerprint }),
    };
  });
}

async function isUserVerified(parts: Parts, userId: string): Promise<boolean> {
  const identity = await parts.context.machine.getIdentity(new UserId(userId));
  return identity?.isVerified() ?? false;
}

/** Opens the machine, uploads its device keys, and checks the backup. */
export async function openCrypto(options: CryptoOptions): Promise<CryptoFace> {
  const machine = await openMachine(options);
  const context = new CryptoContext({ ...options, machine });
  const backup = new KeyBackup(context);
  const recovery = new Recovery(context, backup);
  const identities = new Identities(context);
  const messages = new RoomMessages(context, identities);
  const verifications = new Verifications(context, (one) => options.listener.onVerification(one));
  const parts: Parts = { context, backup, recovery, identities, messages, verifications };
  listen(machine, options, parts);
  await machine.updateTrackedUsers([new UserId(options.userId)]);
  return face(parts, options.listener);
}

function face(parts: Parts, listener: CryptoListener): CryptoFace {
  const { context, backup, recovery, identities, messages, verifications } = parts;
  return {
    receiveSync: (change, { sliding }) => receiveSync(parts, change, sliding),
    forgetDeviceLists: () => context.machine.markAllTrackedUsersAsDirty(),
    decrypt: (event, roomId) => messages.decrypt(event, roomId),
    encrypt: (request) => messages.encrypt(request),
    listChangedIdentities: (userIds) => identities.listChanged(userIds),
    async acceptIdentity(userId) {
      await identities.accept(userId);
      listener.onPeopleChanged();
    },
    followRoom: (roomId, memberIds) => messages.follow(roomId, memberIds),
    async flush() {
      await context.flush();
      await backup.check();
      await backup.upload();
    },
    securityState: () => securityState(parts),
    async setUpRecovery(authenticate) {
      if (await recovery.identityExists()) return undefined;
      await recovery.bootstrap(authenticate, false);
      const key = await recovery.createStorage(await backup.create());
      listener.onSecurityChanged();
      return key;
    },
    async resetRecovery(authenticate) {
      await recovery.bootstrap(authenticate, true);
      await identities.forgetVerifications();
      const key = await recovery.createStorage(await backup.create());
      listener.onSecurityChanged();
      return key;
    },
    async unlock(recoveryKey) {
      const opened = await recovery.unlock(recoveryKey);
      if (opened) await identities.acceptOwn();
      listener.onSecurityChanged();
      return opened;
    },
    async restoreRoom(roomId) {
      const sessions = await backup.restoreRoom(roomId);
      listener.onRoomKeys(sessions.map((sessionId) => ({ roomId, sessionId })));
      return sessions.length;
    },
    listDevices: () => listDevices(parts),
    isUserVerified: (userId) => isUserVerified(parts, userId),
    startVerification: (target) => verifications.start(target),
    acceptVerification: (userId, flowId) => verifications.accept(userId, flowId),
    confirmVerification: (userId, flowId) => verifications.confirm(userId, flowId),
    cancelVerification: (userId, flowId) => verifications.cancel(userId, flowId),
    receiveRoomVerification: (event, roomId) => verifications.receiveInRoom(event, roomId),
    close: () => context.machine.close(),
  };
}
