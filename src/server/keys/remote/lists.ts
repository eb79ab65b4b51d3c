/**
 * Device lists of users of other servers, kept for those who share a room with somebody here (server-server API,
 * "Device Management").
 */
import { present } from '../../../lib/assert.ts';
import { KeyedQueue } from '../../../lib/queue.ts';
import { MatrixError, OperationError } from '../../../matrix/errors.ts';
import { parseDeviceId, parseUserId, serverOf, type ServerName, type UserId } from '../../../matrix/ids.ts';
import { getArray, getBoolean, getInteger, getString, type JsonObject } from '../../../matrix/json.ts';
import type { CrossSigningUsage, RemoteDeviceRow, Transaction } from '../../../ports/store/index.ts';
import type { VerifySignature } from '../../../rules/signatures/verify.ts';
import type { Context } from '../../context.ts';
import { type Peers, RemoteError } from '../../peers/index.ts';
import {
  type ForeignIdentity,
  type ForeignList,
  readDeviceKeys,
  readDisplayName,
  readForeignList,
  readIdentity,
} from './foreign-keys.ts';
import { StaleLists } from './stale-lists.ts';

/** A list is some kilobytes for each device. */
const LIST_BYTES_MAX = 16 * 1024 * 1024;
const BACKGROUND_TIMEOUT_MS = 10_000;

interface Fetching {
  readonly list: Promise<ForeignList>;
  /** An update came meanwhile, which the answer may lack. */
  isOvertaken: boolean;
}

export class RemoteDeviceLists {
  readonly #context: Context;
  readonly #peers: Peers;
  /** What is known of one user is changed by one at a time. */
  readonly #queue = new KeyedQueue<UserId>();
  readonly #fetching = new Map<UserId, Fetching>();
  readonly #stale: StaleLists;
  readonly #closing = new AbortController();
  readonly verify: VerifySignature;

  constructor(context: Context, peers: Peers) {
    this.#context = context;
    this.#peers = peers;
    this.verify = (publicKey, text, signature) => context.crypto.ed25519Verify(publicKey, text, signature);
    this.#stale = new StaleLists(context, (user) => this.#settle(user));
    peers.onContact((server) => this.#stale.wake(server));
  }

  /** Takes up the lists that were to be fetched when the run before ended. */
  async start(): Promise<void> {
    this.#stale.start(await this.#context.store.federation.listStaleDeviceLists());
  }

  /** Ends what is on its way. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#stale.close();
  }

  /** Whether somebody here shares a room with the user: only then is the list kept, and told of by its server. */
  async isShared(user: UserId): Promise<boolean> {
    return (await this.#context.store.federation.listRoomsWithRemoteUser(user)).length > 0;
  }

  /** The lists that are kept and not stale. */
  async findKept(users: readonly UserId[]): Promise<Map<UserId, ForeignList>> {
    const { federation, keys } = this.#context.store;
    const records = (await federation.getRemoteDeviceLists(users)).filter((one) => !one.stale);
    const kept = records.map((one) => one.user);
    const identities = await keys.getCrossSigningKeys(kept);
    const devices = await federation.getRemoteDevices(kept);
    const byUser = new Map(kept.map((user) => [user, new Array<RemoteDeviceRow>()]));
    for (const row of devices) byUser.get(row.user)?.push(row);
    return new Map(
      records.map(({ user, streamId }) => {
        const identity = publicKeysOf(identities.get(user));
        return [user, { user, streamId, devices: byUser.get(user) ?? [], identity }];
      }),
    );
  }

  /** Fetches a list; it is kept where somebody shares a room. Callers at the same time share one request. */
  async fetch(user: UserId, timeoutMs: number): Promise<ForeignList> {
    const running = this.#fetching.get(user);
    if (running !== undefined) return await running.list;
    const fetching: Fetching = { list: this.#fetch(user, timeoutMs), isOvertaken: false };
    this.#fetching.set(user, fetching);
    try {
      const list = await fetching.list;
      await this.#queue.run(user, () => this.#keep(list, fetching));
      return list;
    } finally {
      this.#fetching.delete(user);
    }
  }

  async #fetch(user: UserId, timeoutMs: number): Promise<ForeignList> {
    const server = present(serverOf(user), 'a user id names a server');
    const path = `/_matrix/federation/v1/user/devices/${encodeURIComponent(user)}`;
    const answer = await this.#peers.request(server, {
      method: 'GET',
      path,
      timeoutMs,
      bytesMax: LIST_BYTES_MAX,
      signal: this.#closing.signal,
    });
    const list = readForeignList(answer, user, this.verify);
    if (list === undefined) throw new OperationError('bad answer', { temporary: false, server });
    return list;
  }

  /** Keeps what was fetched, and tells those who know an older list. */
  async #keep(list: ForeignList, fetching: Fetching): Promise<void> {
    const { user, streamId } = list;
    if (!(await this.isShared(user))) return;
    const { store } = this.#context;
    const isKnown = (await store.federation.getRemoteDeviceLists([user])).length > 0;
    const isNews = isKnown && !(await this.#isSame(list));
    const stale = fetching.isOvertaken;
    await store.transact((one) => {
      one.federation.putRemoteDeviceList({ user, streamId, stale });
      one.federation.replaceRemoteDevices(user, list.devices);
      putIdentity(user, list.identity, one);
      if (isNews) this.#tell(user, one);
    });
    if (stale) this.#stale.add(user);
  }

  /** Keeps what was told without a `stream_id`, until the list itself is fetched in the background. */
  async adopt(list: ForeignList): Promise<void> {
    const { user } = list;
    await this.#queue.run(user, async () => {
      const { store } = this.#context;
      const known = await store.federation.getRemoteDeviceLists([user]);
      if (known.length > 0 || !(await this.isShared(user))) return;
      await store.transact((one) => {
        one.federation.putRemoteDeviceList({ user, streamId: undefined, stale: true });
        one.federation.replaceRemoteDevices(user, list.devices);
        putIdentity(user, list.identity, one);
      });
      this.#stale.add(user);
    });
  }

  async #isSame({ user, devices, identity }: ForeignList): Promise<boolean> {
    const { federation, keys } = this.#context.store;
    const before = await federation.getRemoteDevices([user]);
    const text = (rows: readonly RemoteDeviceRow[]): string =>
      JSON.stringify(rows.map(({ device, json, displayName }) => [device, json, displayName]).toSorted(byFirst));
    const usages = (map: ReadonlyMap<string, string> | undefined): string =>
      JSON.stringify([...(map ?? [])].toSorted(byFirst));
    const identityBefore = (await keys.getCrossSigningKeys([user])).get(user);
    return text(before) === text(devices) && usages(identityBefore) === usages(identity);
  }

  /** Sync tells those who share a room that they have to ask again. */
  #tell(user: UserId, transaction: Transaction): void {
    const { stream } = this.#context;
    transaction.keys.noteDeviceListChange(user);
    const { position } = transaction;
    transaction.onCommit(() => stream.publish({ kind: 'device-list', position, user }));
  }

  /** In the background: true where the list is as it should be, or no longer needed. */
  async #settle(user: UserId): Promise<boolean> {
    const [record] = await this.#context.store.federation.getRemoteDeviceLists([user]);
    if (record?.stale !== true) return true;
    if (!(await this.isShared(user))) {
      await this.forget(user);
      return true;
    }
    try {
      await this.fetch(user, BACKGROUND_TIMEOUT_MS);
      return true;
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      if (!(error instanceof RemoteError) || error.status !== 404) return false;
      // The user is no more: clients hear that by asking.
      await this.#queue.run(user, () => this.#drop(user, true));
      return true;
    }
  }

  /** Forgets a list: nobody shares a room any more. */
  async forget(user: UserId): Promise<void> {
    await this.#queue.run(user, async () => {
      const known = await this.#context.store.federation.getRemoteDeviceLists([user]);
      if (known.length > 0 && !(await this.isShared(user))) await this.#drop(user, false);
    });
  }

  async #drop(user: UserId, isNews: boolean): Promise<void> {
    await this.#context.store.transact((one) => {
      one.federation.deleteRemoteDeviceList(user);
      if (isNews) this.#tell(user, one);
    });
  }

  /** What is kept may have been overtaken while nobody shared a room: it is fetched before it is used. */
  async distrust(user: UserId): Promise<void> {
    await this.#queue.run(user, async () => {
      const [record] = await this.#context.store.federation.getRemoteDeviceLists([user]);
      if (record === undefined) return;
      await this.#context.store.transact((one) => one.federation.putRemoteDeviceList({ ...record, stale: true }));
      this.#stale.add(user);
    });
  }

  /** Takes in an `m.device_list_update`. */
  async receiveUpdate(origin: ServerName, content: JsonObject): Promise<void> {
    const user = requireUserOf(origin, content);
    const device = parseDeviceId(getString(content, 'device_id') ?? '');
    const streamId = getInteger(content, 'stream_id');
    if (device === undefined || streamId === undefined) {
      throw new MatrixError('M_INVALID_PARAM', 'A device list update names a device and a stream_id');
    }
    await this.#queue.run(user, async () => {
      const { store } = this.#context;
      const [record] = await store.federation.getRemoteDeviceLists([user]);
      // A list that is being fetched may lack this, also where it is the first; one that is stale is fetched anyway.
      const fetching = this.#fetching.get(user);
      if (fetching !== undefined) fetching.isOvertaken = true;
      if (record === undefined) return await this.#tellOfUnknown(user);
      const isOld = record.streamId !== undefined && streamId <= record.streamId;
      if (fetching === undefined && isOld && !record.stale) return;
      // "If a server receives an EDU which refers to a `prev_id` it does not recognise, it must resynchronise".
      const follows = (getArray(content, 'prev_id') ?? []).every((one) => one === record.streamId);
      const row = readUpdate(content, { user, device }, this.verify);
      if (fetching !== undefined || record.stale || !follows || row === 'malformed') {
        await store.transact((one) => one.federation.putRemoteDeviceList({ ...record, stale: true }));
        this.#stale.add(user);
        return;
      }
      await store.transact((one) => {
        if (row === undefined) one.federation.deleteRemoteDevice(user, device);
        else one.federation.putRemoteDevice(row);
        one.federation.putRemoteDeviceList({ user, streamId, stale: false });
        this.#tell(user, one);
      });
    });
  }

  /** Takes in an `m.signing_key_update`. */
  async receiveIdentity(origin: ServerName, content: JsonObject): Promise<void> {
    const user = requireUserOf(origin, content);
    const told = { master: content['master_key'], selfSigning: content['self_signing_key'] };
    const identity = readIdentity(told, user, this.verify);
    await this.#queue.run(user, async () => {
      const { store } = this.#context;
      const [record] = await store.federation.getRemoteDeviceLists([user]);
      const fetching = this.#fetching.get(user);
      if (fetching !== undefined) fetching.isOvertaken = true;
      if (record === undefined) return await this.#tellOfUnknown(user);
      // Half an identity, or none: the server is asked what it is.
      const isWhole = identity.size === 2 && fetching === undefined;
      await store.transact((one) => {
        if (isWhole) {
          putIdentity(user, identity, one);
          this.#tell(user, one);
        } else one.federation.putRemoteDeviceList({ ...record, stale: true });
      });
      if (!isWhole) this.#stale.add(user);
    });
  }

  /** Nothing is kept of the user: those who share a room ask, and then something is. */
  async #tellOfUnknown(user: UserId): Promise<void> {
    if (await this.isShared(user)) await this.#context.store.transact((one) => this.#tell(user, one));
  }
}

/** Of other servers' users only these are ever kept. */
function publicKeysOf(keys: ReadonlyMap<CrossSigningUsage, string> | undefined): ForeignIdentity {
  const identity = new Map<'master' | 'self_signing', string>();
  for (const [usage, json] of keys ?? []) if (usage !== 'user_signing') identity.set(usage, json);
  return identity;
}

function putIdentity(user: UserId, identity: ForeignIdentity, transaction: Transaction): void {
  transaction.keys.deleteCrossSigningKeys(user);
  for (const [usage, json] of identity) transaction.keys.setCrossSigningKey(user, usage, json);
}

/** The user that an EDU is about. Throws `M_INVALID_PARAM` where it is none of the server that sent it. */
function requireUserOf(origin: ServerName, content: JsonObject): UserId {
  const user = parseUserId(getString(content, 'user_id') ?? '');
  if (user !== undefined && serverOf(user) === origin) return user;
  throw new MatrixError('M_INVALID_PARAM', 'That is about a user of another server');
}

/** The device as the update tells it; `undefined` where it is gone. */
function readUpdate(
  content: JsonObject,
  about: Pick<RemoteDeviceRow, 'user' | 'device'>,
  verify: VerifySignature,
): RemoteDeviceRow | 'malformed' | undefined {
  // "keys: … May be absent if the device has no E2E keys defined."
  if (getBoolean(content, 'deleted') === true || content['keys'] === undefined) return undefined;
  const json = readDeviceKeys(content['keys'], about, verify);
  if (json === undefined) return 'malformed';
  return { ...about, json, displayName: readDisplayName(content['device_display_name']) };
}

function byFirst(left: readonly unknown[], right: readonly unknown[]): number {
  return String(left[0]) < String(right[0]) ? -1 : 1;
}
