/** A user's devices: listing, naming, deleting. The face of the folder. */
import { boundedMap } from '../bounded-map.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { DeviceId, UserId } from '../../matrix/ids.ts';
import type { DeviceRecord, Transaction } from '../../ports/store/index.ts';
import type { Accounts } from '../accounts/index.ts';
import type { Context } from '../context.ts';
import type { Stream } from '../stream/index.ts';

export type DeviceFacts = DeviceRecord;

/** A device name longer than this is refused. */
const DEVICE_NAME_MAX = 100;
const DAY_MS = 86_400_000;

/**
 * Marks devices of a user as changed, or where one is `undefined` the identity: each at a position of its own, as other
 * servers are told of them one by one.
 */
export function noteDeviceChanges(
  user: UserId,
  devices: readonly (DeviceId | undefined)[],
  { transaction, stream }: { readonly transaction: Transaction; readonly stream: Stream },
): void {
  for (const [index, device] of devices.entries()) {
    const position = index === 0 ? transaction.position : transaction.advance();
    transaction.keys.noteDeviceListChange(user);
    transaction.onCommit(() => stream.publish({ kind: 'device-list', position, user, device }));
  }
}

export class Devices {
  readonly #context: Context;
  readonly #accounts: Accounts;
  readonly #seen = boundedMap<string, number>(100_000);

  constructor(context: Context, accounts: Accounts) {
    this.#context = context;
    this.#accounts = accounts;
  }

  /** The devices that can log in; a dehydrated device is not among them. */
  async list(user: UserId): Promise<DeviceRecord[]> {
    const devices = await this.#context.store.accounts.listDevices(user);
    return devices.filter((one) => !one.dehydrated);
  }

  /** Throws `M_NOT_FOUND`. */
  async require(user: UserId, device: DeviceId): Promise<DeviceRecord> {
    const record = await this.#context.store.accounts.findDevice(user, device);
    if (record === undefined) throw new MatrixError('M_NOT_FOUND', 'There is no such device');
    return record;
  }

  /** Names a device; other users who encrypt to it learn the name. */
  async rename(user: UserId, device: DeviceId, displayName: string | undefined): Promise<void> {
    if (displayName !== undefined && displayName.length > DEVICE_NAME_MAX) {
      throw new MatrixError('M_INVALID_PARAM', `A device name has at most ${DEVICE_NAME_MAX} characters`);
    }
    await this.require(user, device);
    const { store, stream } = this.#context;
    await store.transact((one) => {
      one.accounts.setDeviceName(user, device, displayName);
      noteDeviceChanges(user, [device], { transaction: one, stream });
    });
  }

  /** Ends the sessions of the devices and deletes their keys and pending messages. Unknown ones are ignored. */
  async delete(user: UserId, devices: readonly DeviceId[]): Promise<void> {
    const { store, stream } = this.#context;
    const known = new Set((await store.accounts.listDevices(user)).map((one) => one.device));
    const doomed = devices.filter((one) => known.has(one));
    if (doomed.length === 0) return;
    await store.transact((one) => {
      one.accounts.deleteDevices(user, doomed);
      one.onCommit(() => {
        for (const device of doomed) {
          this.#accounts.tokens.forget(user, device);
          stream.publish({ kind: 'session-ended', user, device });
        }
      });
      noteDeviceChanges(user, doomed, { transaction: one, stream });
    });
  }

  /** Ends every session of the user. */
  async deleteAll(user: UserId): Promise<void> {
    const devices = await this.list(user);
    await this.delete(
      user,
      devices.map((one) => one.device),
    );
  }

  /** Notes that the device was used today. Written at most once a day and in the background. */
  noteSeen(user: UserId, device: DeviceId): void {
    const { clock, store, log } = this.#context;
    const today = Math.floor(clock.now() / DAY_MS) * DAY_MS;
    const key = `${user} ${device}`;
    if (this.#seen.get(key) === today) return;
    this.#seen.set(key, today);
    store
      .transact((one) => one.accounts.setDeviceSeen(user, device, today))
      .catch((error: unknown) => log.error('the day of a device was not written', error));
  }
}
