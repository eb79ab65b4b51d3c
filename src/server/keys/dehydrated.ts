/** Dehydrated devices (MSC3814): a device that waits, encrypted, for its owner's next login. */
import { jsonText } from '../../matrix/json-input.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { type DeviceId, type UserId, utf8Length } from '../../matrix/ids.ts';
import { getString, type JsonObject } from '../../matrix/json.ts';
import { parseTrusted } from '../../matrix/json-parse.ts';
import type { StreamPosition } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import { noteDeviceChanges } from '../devices/index.ts';
import { checkUpload, type DeviceKeys, type KeyUpload } from './device-keys.ts';

export interface Dehydration extends KeyUpload {
  readonly device: DeviceId;
  readonly deviceData: JsonObject;
  readonly displayName: string | undefined;
}

const DATA_BYTES_MAX = 1_048_576;
const EVENTS_PAGE = 100;

export class DehydratedDevices {
  readonly #context: Context;
  readonly #deviceKeys: DeviceKeys;

  constructor(context: Context, deviceKeys: DeviceKeys) {
    this.#context = context;
    this.#deviceKeys = deviceKeys;
  }

  /** Stores a dehydrated device; "the dehydrated device will get replaced whenever a new device gets uploaded". */
  async put(user: UserId, dehydration: Dehydration): Promise<DeviceId> {
    const { store, clock } = this.#context;
    const { device } = dehydration;
    const data = jsonText(dehydration.deviceData);
    if (getString(dehydration.deviceData, 'algorithm') === undefined) {
      throw new MatrixError('M_INVALID_PARAM', 'device_data names no algorithm');
    }
    if (utf8Length(data) > DATA_BYTES_MAX) throw new MatrixError('M_TOO_LARGE', 'device_data are too large');
    const checked = checkUpload(user, device, dehydration);
    if (checked.deviceKeys === undefined) throw new MatrixError('M_MISSING_PARAM', 'device_keys are missing');
    await this.#deviceKeys.exclusively(user, async () => {
      const before = await store.keys.findDehydratedDevice(user);
      const existing = await store.accounts.findDevice(user, device);
      if (existing !== undefined && before?.device !== device) {
        throw new MatrixError('M_INVALID_PARAM', 'A device of that id has a session');
      }
      const write = await this.#deviceKeys.planUpload(user, device, checked);
      await store.transact((one) => {
        if (before !== undefined && before.device !== device) one.accounts.deleteDevices(user, [before.device]);
        one.accounts.putDevice({
          user,
          device,
          displayName: dehydration.displayName,
          createdAt: clock.now(),
          lastSeenAt: undefined,
          dehydrated: true,
        });
        one.keys.setDehydratedDevice(user, device, data);
        write?.(one);
      });
    });
    return device;
  }

  /** Throws `M_NOT_FOUND`. */
  async require(user: UserId): Promise<{ device: DeviceId; deviceData: JsonObject }> {
    const row = await this.#context.store.keys.findDehydratedDevice(user);
    if (row === undefined) throw new MatrixError('M_NOT_FOUND', 'There is no dehydrated device');
    return { device: row.device, deviceData: parseTrusted(row.dataJson) as JsonObject };
  }

  async delete(user: UserId): Promise<DeviceId> {
    const { device } = await this.require(user);
    const { store, stream } = this.#context;
    await store.transact((one) => {
      one.keys.deleteDehydratedDevice(user);
      one.accounts.deleteDevices(user, [device]);
      noteDeviceChanges(user, [device], { transaction: one, stream });
    });
    return device;
  }

  /** A page of the device's messages. "the server should not delete any to-device messages delivered." */
  async events(
    user: UserId,
    device: DeviceId,
    nextBatch: string | undefined,
  ): Promise<{ events: string[]; nextBatch: string }> {
    const row = await this.#context.store.keys.findDehydratedDevice(user);
    // "If the given `device_id` is not the dehydrated device ID, the server responds with … M_FORBIDDEN".
    if (row?.device !== device) throw new MatrixError('M_FORBIDDEN', 'That is not the dehydrated device');
    const after = nextBatch === undefined ? 0 : Number(/^d([0-9]{1,15})$/.exec(nextBatch)?.[1] ?? Number.NaN);
    if (Number.isNaN(after)) throw new MatrixError('M_INVALID_PARAM', 'That is no next_batch token');
    const { store } = this.#context;
    const rows = await store.keys.listToDevice(user, device, {
      after: after as StreamPosition,
      to: store.position,
      limit: EVENTS_PAGE,
    });
    return { events: rows.map((one) => one.json), nextBatch: `d${rows.at(-1)?.position ?? after}` };
  }
}
