/** What a person does for their safety: recovery key, devices, verification. */
import { deleteDevice } from '../../matrix/api/client-server/deleteDevice.ts';
import { ServerError } from '../api/errors.ts';
import { asString, field } from '../json.ts';
import type { Account } from './account.ts';
import type { Commands } from './contract.ts';
import { findDirect } from './room-commands.ts';

type SecurityCommands = Pick<
  Commands,
  | 'listDevices'
  | 'removeDevice'
  | 'unlock'
  | 'showRecoveryKey'
  | 'confirmRecoveryKeySaved'
  | 'resetRecovery'
  | 'startVerification'
  | 'acceptVerification'
  | 'confirmVerification'
  | 'cancelVerification'
  | 'isUserVerified'
  | 'acceptIdentity'
>;

async function removeDevice(account: Account, deviceId: string, password: string): Promise<void> {
  const path = { deviceId };
  try {
    await account.api.call(deleteDevice, { path, body: {} });
  } catch (error) {
    if (!(error instanceof ServerError) || error.status !== 401) throw error;
    const auth = account.authenticate(password)(asString(field(error.body, 'session')));
    await account.api.call(deleteDevice, { path, body: { auth: { ...auth } } });
  }
}

async function startVerification(account: Account, target: { userId: string; deviceId?: string }): Promise<string> {
  const crypto = await account.crypto();
  const roomId = await findDirect(account, target.userId);
  if (roomId !== undefined && target.userId !== account.userId) account.followOpenRooms(roomId);
  return crypto.startVerification({ ...target, ...(roomId === undefined ? {} : { roomId }) });
}

/** The commands of safety; `account` gives the signed-in one or fails. */
export function securityCommands(account: () => Account): SecurityCommands {
  const crypto = () => account().crypto();
  return {
    listDevices: async () => (await crypto()).listDevices(),
    removeDevice: (deviceId, password) => removeDevice(account(), deviceId, password),
    async unlock(recoveryKey) {
      const opened = await (await crypto()).unlock(recoveryKey);
      if (opened) void account().restoreWaitingRooms();
      return opened;
    },
    showRecoveryKey: async () => (await account().findRecoveryKey()) ?? null,
    confirmRecoveryKeySaved: () => account().keepRecoveryKey(undefined),
    async resetRecovery(password) {
      const key = await (await crypto()).resetRecovery(account().authenticate(password));
      await account().keepRecoveryKey(key);
    },
    startVerification: (target) => startVerification(account(), target),
    acceptVerification: async (userId, flowId) => (await crypto()).acceptVerification(userId, flowId),
    confirmVerification: async (userId, flowId) => (await crypto()).confirmVerification(userId, flowId),
    cancelVerification: async (userId, flowId) => (await crypto()).cancelVerification(userId, flowId),
    isUserVerified: async (userId) => (await crypto()).isUserVerified(userId),
    acceptIdentity: async (userId) => (await crypto()).acceptIdentity(userId),
  };
}
