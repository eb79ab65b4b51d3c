/** Devices and keys of this server's users. */
import { getObject, getStrings, type JsonObject } from '../../../../src/matrix/json.ts';
import { bodyOf, ok, param, Refusal } from '../requests.ts';
import type { Handler } from './handler.ts';

export const getUserDevices: Handler = (server, request) => {
  const user = server.users.get(param(request, 'userId'));
  if (user === undefined) throw new Refusal(404, 'M_NOT_FOUND', 'Unknown user');
  return ok(user.deviceList());
};

export const queryUserEncryptionKeys: Handler = (server, request) => {
  const asked = getObject(bodyOf(request), 'device_keys') ?? {};
  const answer = { device_keys: {} as JsonObject, master_keys: {} as JsonObject, self_signing_keys: {} as JsonObject };
  for (const id of Object.keys(asked)) {
    const user = server.users.get(id);
    if (user === undefined) continue;
    answer.device_keys[id] = user.keysOf(getStrings(asked, id) ?? []);
    if (user.masterKey !== undefined) answer.master_keys[id] = user.masterKey;
    if (user.selfSigningKey !== undefined) answer.self_signing_keys[id] = user.selfSigningKey;
  }
  return ok(answer);
};

export const claimUserEncryptionKeys: Handler = (server, request) => {
  const asked = getObject(bodyOf(request), 'one_time_keys') ?? {};
  const claimed: JsonObject = {};
  for (const [id, devices] of Object.entries(asked)) {
    const ofUser: JsonObject = {};
    for (const [device, algorithm] of Object.entries(devices as JsonObject)) {
      const key = server.users.get(id)?.claim(device, typeof algorithm === 'string' ? algorithm : '');
      if (key !== undefined) ofUser[device] = key;
    }
    if (Object.keys(ofUser).length > 0) claimed[id] = ofUser;
  }
  return ok({ one_time_keys: claimed });
};
