/** The people of a scripted server, their devices and their keys. */
import type { JsonObject } from '../../../src/matrix/json.ts';

export interface RemoteDevice {
  readonly deviceKeys: JsonObject;
  readonly displayName?: string;
  /** By `<algorithm>:<key id>`, in the order in which they are given out. */
  readonly oneTimeKeys: Map<string, JsonObject>;
  readonly fallbackKeys: Map<string, JsonObject>;
}

export class RemoteUser {
  readonly id: string;
  profile: JsonObject = {};
  readonly devices = new Map<string, RemoteDevice>();
  masterKey: JsonObject | undefined;
  selfSigningKey: JsonObject | undefined;
  /** Counts the changes of the device list. */
  streamId = 1;

  constructor(id: string) {
    this.id = id;
  }

  /** Adds or replaces a device. */
  setDevice(
    deviceId: string,
    deviceKeys: JsonObject,
    more: {
      readonly displayName?: string;
      readonly oneTimeKeys?: Readonly<Record<string, JsonObject>>;
      readonly fallbackKeys?: Readonly<Record<string, JsonObject>>;
    } = {},
  ): void {
    this.streamId += 1;
    this.devices.set(deviceId, {
      deviceKeys,
      ...(more.displayName !== undefined && { displayName: more.displayName }),
      oneTimeKeys: new Map(Object.entries(more.oneTimeKeys ?? {})),
      fallbackKeys: new Map(Object.entries(more.fallbackKeys ?? {})),
    });
  }

  /** "The returned key is a one-time key if one is available, and otherwise a fallback key." */
  claim(deviceId: string, algorithm: string): JsonObject | undefined {
    const device = this.devices.get(deviceId);
    for (const keys of device === undefined ? [] : [device.oneTimeKeys, device.fallbackKeys]) {
      for (const [id, key] of keys) {
        if (!id.startsWith(`${algorithm}:`)) continue;
        if (keys === device?.oneTimeKeys) keys.delete(id);
        return { [id]: key };
      }
    }
    return undefined;
  }

  #crossSigning(): JsonObject {
    return {
      ...(this.masterKey !== undefined && { master_key: this.masterKey }),
      ...(this.selfSigningKey !== undefined && { self_signing_key: this.selfSigningKey }),
    };
  }

  /** The answer of `GET /user/devices`. */
  deviceList(): JsonObject {
    const devices = [...this.devices].map(([deviceId, device]) => ({
      device_id: deviceId,
      keys: device.deviceKeys,
      ...(device.displayName !== undefined && { device_display_name: device.displayName }),
    }));
    return { user_id: this.id, stream_id: this.streamId, devices, ...this.#crossSigning() };
  }

  /** The keys of some devices, of all where none is named. */
  keysOf(deviceIds: readonly string[]): JsonObject {
    const found: JsonObject = {};
    for (const [deviceId, { deviceKeys, displayName }] of this.devices) {
      if (deviceIds.length > 0 && !deviceIds.includes(deviceId)) continue;
      const unsigned = displayName === undefined ? {} : { unsigned: { device_display_name: displayName } };
      found[deviceId] = { ...deviceKeys, ...unsigned };
    }
    return found;
  }
}
