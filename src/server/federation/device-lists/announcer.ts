/**
 * Tells other servers of changes of our users' devices and identities (server-server API, "Device Management"). What
 * is told waits in the store; how far that has got stands there too, so that a stop loses nothing.
 */
import { getObject, type JsonObject, omitKeys } from '../../../matrix/json.ts';
import { requireCanonical } from '../../../matrix/json-input.ts';
import { type DeviceId, serverOf, type ServerName, type UserId } from '../../../matrix/ids.ts';
import type { RoomNumber, StreamPosition } from '../../../ports/store/index.ts';
import type { Context } from '../../context.ts';
import type { Keys } from '../../keys/index.ts';
import type { Peers } from '../../peers/index.ts';
import { SteadyQueue } from './steady-queue.ts';

export interface AnnouncerParts {
  readonly context: Context;
  readonly keys: Keys;
  readonly peers: Peers;
}

/** The position up to which changes have been told. */
const CURSOR = 'device_lists_told';
/** Of a user without devices, the update names one that never was. */
const NO_DEVICE = 'NONE';

export class DeviceListAnnouncer {
  readonly #parts: AnnouncerParts;
  readonly #queue: SteadyQueue;

  constructor(parts: AnnouncerParts) {
    this.#parts = parts;
    this.#queue = new SteadyQueue(parts.context);
    const { context } = parts;
    context.stream.listen((change) => {
      if (change.kind !== 'device-list' || serverOf(change.user) !== context.serverName) return;
      const { user, device, position } = change;
      this.#later(() => (device === undefined ? this.#tellIdentity(user, position) : this.#tellDevice(change, device)));
    });
  }

  /** Tells what changed and was not told before the program ended. */
  async start(): Promise<void> {
    const { store, serverName } = this.#parts.context;
    const told = await store.accounts.findServerValue(CURSOR);
    const to = store.position;
    this.#queue.open();
    if (told !== undefined) {
      const changed = await store.federation.listLocalDeviceListChanges(serverName, Number(told), to);
      for (const user of changed) this.#later(() => this.#tellAnew(user));
    }
    this.#later(() => store.transact((one) => one.accounts.setServerValue(CURSOR, String(to))));
  }

  /** Resolves when what has begun is done. */
  async close(): Promise<void> {
    await this.#queue.close();
  }

  /**
   * A user of ours has joined a room. Servers "which are not already receiving updates for that user's device list"
   * hear where it stands; all of them, or those named.
   */
  joined(user: UserId, room: RoomNumber, among?: readonly ServerName[]): void {
    this.#later(async () => {
      const { federation } = this.#parts.context.store;
      const already = new Set(await federation.listServersSharingRooms(user, room));
      const inRoom = among ?? (await federation.listServersInRoom(room));
      await this.#tellAnew(
        user,
        inRoom.filter((server) => !already.has(server)),
      );
    });
  }

  #later(task: () => Promise<void>): void {
    // What is told moves the cursor, so nothing may overtake what waits for the disk.
    this.#queue.add(task, 'a change of devices was not told to other servers');
  }

  async #tellDevice({ user, position }: { user: UserId; position: StreamPosition }, device: DeviceId): Promise<void> {
    const servers = await this.#serversOf(user);
    if (servers.length === 0) return;
    const before = await this.#parts.context.store.federation.findDeviceListPosition(user, position);
    const content = {
      ...(await this.#deviceContent(user, device)),
      stream_id: position,
      prev_id: before ? [before] : [],
    };
    await this.#put(servers, 'm.device_list_update', content, position);
  }

  async #deviceContent(user: UserId, device: string): Promise<JsonObject> {
    const answer = await this.#parts.keys.queryFor(new Map([[user, [device]]]));
    const keys = getObject(getObject(answer.device_keys, user), device);
    const about = { user_id: user, device_id: device };
    return keys === undefined ? { ...about, deleted: true } : { ...about, keys: omitKeys(keys, 'unsigned') };
  }

  async #tellIdentity(user: UserId, position: StreamPosition): Promise<void> {
    const servers = await this.#serversOf(user);
    if (servers.length === 0) return;
    const answer = await this.#parts.keys.queryFor(new Map([[user, []]]));
    const [master, selfSigning] = [answer.master_keys[user], answer.self_signing_keys[user]];
    if (master === undefined) return;
    const selfSigned = selfSigning !== undefined && { self_signing_key: selfSigning };
    await this.#put(servers, 'm.signing_key_update', { user_id: user, master_key: master, ...selfSigned }, position);
  }

  /**
   * Lets servers fetch the whole list, unless they have it: the update says that it follows the newest change, which
   * those that have missed something do not know.
   */
  async #tellAnew(user: UserId, servers?: readonly ServerName[]): Promise<void> {
    const told = servers?.filter((server) => this.#parts.peers.allows(server)) ?? (await this.#serversOf(user));
    const position = await this.#parts.context.store.federation.findDeviceListPosition(user);
    if (position === undefined || told.length === 0) return;
    const answer = await this.#parts.keys.queryFor(new Map([[user, []]]));
    const [device = NO_DEVICE] = Object.keys(getObject(answer.device_keys, user) ?? {});
    const content = { ...(await this.#deviceContent(user, device)), stream_id: position, prev_id: [position] };
    await this.#put(told, 'm.device_list_update', content, undefined);
  }

  async #serversOf(user: UserId): Promise<ServerName[]> {
    const servers = await this.#parts.context.store.federation.listServersSharingRooms(user);
    return servers.filter((server) => this.#parts.peers.allows(server));
  }

  async #put(
    servers: readonly ServerName[],
    type: string,
    content: JsonObject,
    told: StreamPosition | undefined,
  ): Promise<void> {
    const { store, stream } = this.#parts.context;
    const json = requireCanonical({ content, edu_type: type });
    await store.transact((one) => {
      for (const server of servers) {
        one.federation.putOutboundEdu(server, json);
        one.onCommit(() => stream.publish({ kind: 'outbound-edu', server }));
      }
      if (told !== undefined) one.accounts.setServerValue(CURSOR, String(told));
    });
  }
}
