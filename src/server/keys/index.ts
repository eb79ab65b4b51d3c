/** Keys of end-to-end encryption that the server keeps for its users. The face of the folder. */
import { type DeviceId, serverOf, type UserId } from '../../matrix/ids.ts';
import { asObject, getObject, type JsonObject, omitKeys } from '../../matrix/json.ts';
import type { Context } from '../context.ts';
import type { Peers } from '../peers/index.ts';
import { Backups } from './backup.ts';
import { CrossSigning } from './cross-signing.ts';
import { DehydratedDevices } from './dehydrated.ts';
import { DeviceKeys, type QueryAnswer } from './device-keys.ts';
import { KeyViewer } from './key-view.ts';
import { RemoteKeys } from './remote/index.ts';

export type { BackupKey } from './backup.ts';
export type { CrossSigningUpload } from './cross-signing.ts';

const EVERYBODY = new KeyViewer(undefined);

export class Keys {
  readonly deviceKeys: DeviceKeys;
  readonly crossSigning: CrossSigning;
  readonly backups: Backups;
  readonly dehydrated: DehydratedDevices;
  readonly remote: RemoteKeys;
  readonly #context: Context;

  constructor(context: Context, peers: Peers) {
    this.#context = context;
    this.deviceKeys = new DeviceKeys(context);
    this.crossSigning = new CrossSigning(context);
    this.backups = new Backups(context);
    this.dehydrated = new DehydratedDevices(context, this.deviceKeys);
    this.remote = new RemoteKeys(context, peers);
  }

  /** The keys of users of any server as one of ours sees them. */
  async query(
    asker: UserId,
    wishes: ReadonlyMap<UserId, readonly string[]>,
    timeoutMs: number | undefined,
  ): Promise<QueryAnswer & { readonly failures: JsonObject }> {
    const viewer = new KeyViewer(asker);
    const { local, foreign } = this.#divided(wishes);
    const [answer, told] = await Promise.all([
      this.deviceKeys.query(viewer, local),
      this.remote.query(foreign, timeoutMs),
    ]);
    await this.remote.show(told, answer, viewer);
    return { ...answer, failures: told.failures };
  }

  /** A key of each device to begin a conversation with, whatever server it is of. */
  async claim(
    wishes: ReadonlyMap<UserId, ReadonlyMap<DeviceId, string>>,
    timeoutMs: number | undefined,
  ): Promise<{ readonly one_time_keys: JsonObject; readonly failures: JsonObject }> {
    const { local, foreign } = this.#divided(wishes);
    const [ours, { keys, failures }] = await Promise.all([
      this.deviceKeys.claim(local),
      this.remote.claim(foreign, timeoutMs),
    ]);
    return { one_time_keys: { ...ours, ...keys }, failures };
  }

  /** What other servers see of the keys of users of this one; others are left out (adv-057). */
  async queryFor(
    wishes: ReadonlyMap<UserId, readonly string[]>,
  ): Promise<Pick<QueryAnswer, 'device_keys' | 'master_keys' | 'self_signing_keys'>> {
    const { user_signing_keys: _, ...answer } = await this.deviceKeys.query(EVERYBODY, this.#divided(wishes).local);
    return answer;
  }

  /** Keys that other servers claim of devices of this one. */
  async claimFor(wishes: ReadonlyMap<UserId, ReadonlyMap<DeviceId, string>>): Promise<JsonObject> {
    return await this.deviceKeys.claim(this.#divided(wishes).local);
  }

  /** A user's devices as other servers see them. */
  async listDevicesFor(user: UserId): Promise<JsonObject> {
    // Before the devices are read: what changes meanwhile is told by an update that follows this position.
    const position = await this.#context.store.federation.findDeviceListPosition(user);
    const answer = await this.queryFor(new Map([[user, []]]));
    const devices = Object.entries(getObject(answer.device_keys, user) ?? {});
    const [master, selfSigning] = [answer.master_keys[user], answer.self_signing_keys[user]];
    return {
      user_id: user,
      stream_id: position ?? 0,
      devices: devices.map(([device_id, keys]) => ({ device_id, keys: omitKeys(asObject(keys) ?? {}, 'unsigned') })),
      ...(master !== undefined && { master_key: master }),
      ...(selfSigning !== undefined && { self_signing_key: selfSigning }),
    };
  }

  #divided<T>(wishes: ReadonlyMap<UserId, T>): { local: Map<UserId, T>; foreign: Map<UserId, T> } {
    const isLocal = ([user]: [UserId, T]): boolean => serverOf(user) === this.#context.serverName;
    const entries = [...wishes];
    return { local: new Map(entries.filter(isLocal)), foreign: new Map(entries.filter((one) => !isLocal(one))) };
  }
}
