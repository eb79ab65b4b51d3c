/** Keys of users of other servers: kept where a room is shared, else asked for. The face of the folder. */
import { OperationError } from '../../../matrix/errors.ts';
import { type DeviceId, serverOf, type ServerName, type UserId } from '../../../matrix/ids.ts';
import { asObject, copyObject, emptyObject, getObject, type JsonObject } from '../../../matrix/json.ts';
import { parseTrusted } from '../../../matrix/json-parse.ts';
import type { Context } from '../../context.ts';
import { boundedMap } from '../../bounded-map.ts';
import { type Peers, RemoteError } from '../../peers/index.ts';
import { type KeyViewer, publicPart, withSignatures } from '../key-view.ts';
import { type ForeignList, readClaimedKey, readQueriedKeys, signingKeyOf } from './foreign-keys.ts';
import { RemoteDeviceLists } from './lists.ts';

export type DeviceWishes = ReadonlyMap<UserId, readonly string[]>;
export type ClaimWishes = ReadonlyMap<UserId, ReadonlyMap<DeviceId, string>>;

export interface RemoteAnswer {
  readonly lists: readonly ForeignList[];
  readonly failures: JsonObject;
}

/** "10 seconds is the recommended default." */
const TIMEOUT_DEFAULT_MS = 10_000;
const TIMEOUT_MAX_MS = 60_000;
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;
/** So many lists of one server are fetched one by one for a query; behind more, they are asked for together. */
const SINGLE_MAX = 20;
/** So many of those are kept, and fetched in the background. */
const ADOPTED_MAX = 200;
/** A server that has not answered is not asked again at once: nobody should wait for it with every message. */
const SILENT_MS = 30_000;
const SILENT_MAX = 10_000;
/** Servers that are asked at the same time for one request. */
const SERVERS_MAX = 1_000;

export class RemoteKeys {
  readonly lists: RemoteDeviceLists;
  readonly #context: Context;
  readonly #peers: Peers;
  /** When servers that did not answer were last asked. */
  readonly #silent = boundedMap<ServerName, number>(SILENT_MAX);

  constructor(context: Context, peers: Peers) {
    this.#context = context;
    this.#peers = peers;
    this.lists = new RemoteDeviceLists(context, peers);
    peers.onContact((server) => this.#silent.delete(server));
  }

  /** The keys of users and devices; an empty device list stands for all devices. Servers that fail are named. */
  async query(wishes: DeviceWishes, timeout: number | undefined): Promise<RemoteAnswer> {
    const timeoutMs = limited(timeout);
    const kept = await this.lists.findKept([...wishes.keys()]);
    const failures = emptyObject();
    const lists: ForeignList[] = [...kept.values()];
    const missing = [...wishes.keys()].filter((user) => !kept.has(user));
    const found = await this.#eachServer(missing, failures, (server, users) =>
      this.#queryServer(server, users, timeoutMs),
    );
    for (const some of found) lists.push(...some);
    const chosen = lists.map((list) => {
      const wanted = wishes.get(list.user) ?? [];
      const devices = wanted.length === 0 ? list.devices : list.devices.filter((row) => wanted.includes(row.device));
      return { ...list, devices };
    });
    return { lists: chosen, failures };
  }

  async #queryServer(server: ServerName, users: readonly UserId[], timeoutMs: number): Promise<ForeignList[]> {
    const shared: UserId[] = [];
    const others: UserId[] = [];
    for (const user of users) {
      const isFew = shared.length < SINGLE_MAX;
      (isFew && (await this.lists.isShared(user)) ? shared : others).push(user);
    }
    const [fetched, asked] = await Promise.all([
      Promise.all(shared.map((user) => this.#fetchOne(user, timeoutMs))),
      others.length === 0 ? [] : this.#ask(server, others, timeoutMs),
    ]);
    if (shared.length === SINGLE_MAX) for (const list of asked.slice(0, ADOPTED_MAX)) await this.lists.adopt(list);
    return [...fetched.flat(), ...asked];
  }

  async #fetchOne(user: UserId, timeoutMs: number): Promise<ForeignList[]> {
    try {
      return [await this.lists.fetch(user, timeoutMs)];
    } catch (error) {
      // There is no such user, or what is said of one is nothing: the server has not failed for the others.
      if (error instanceof OperationError && !error.temporary) return [];
      throw error;
    }
  }

  async #ask(server: ServerName, users: readonly UserId[], timeoutMs: number): Promise<ForeignList[]> {
    const body = { device_keys: Object.fromEntries(users.map((user) => [user, []])) };
    const path = '/_matrix/federation/v1/user/keys/query';
    const request = { method: 'POST', path, body, timeoutMs, bytesMax: ANSWER_BYTES_MAX } as const;
    const answer = await this.#peers.request(server, request);
    return users.map((user) => readQueriedKeys(answer, user, this.lists.verify));
  }

  /** Claims a key of each device; keys that are not signed by their device are left out. */
  async claim(wishes: ClaimWishes, timeout: number | undefined): Promise<{ keys: JsonObject; failures: JsonObject }> {
    const timeoutMs = limited(timeout);
    const failures = emptyObject();
    const keys = emptyObject();
    const known = await this.lists.findKept([...wishes.keys()]);
    const answers = await this.#eachServer([...wishes.keys()], failures, async (server, users) => {
      const path = '/_matrix/federation/v1/user/keys/claim';
      const body = {
        one_time_keys: Object.fromEntries(users.map((user) => [user, Object.fromEntries(wishes.get(user) ?? [])])),
      };
      const request = { method: 'POST', path, body, timeoutMs, bytesMax: ANSWER_BYTES_MAX } as const;
      const answer = getObject(await this.#peers.request(server, request), 'one_time_keys');
      return users.map((user) => ({ user, told: getObject(answer, user) }));
    });
    for (const { user, told } of answers.flat()) {
      const ofUser = this.#checkClaimed(user, told, { wishes, known });
      if (Object.keys(ofUser).length > 0) keys[user] = ofUser;
    }
    return { keys, failures };
  }

  #checkClaimed(
    user: UserId,
    told: JsonObject | undefined,
    { wishes, known }: { readonly wishes: ClaimWishes; readonly known: ReadonlyMap<UserId, ForeignList> },
  ): JsonObject {
    const ofUser = emptyObject();
    for (const [device, algorithm] of wishes.get(user) ?? []) {
      const row = known.get(user)?.devices.find((one) => one.device === device);
      const deviceKeys = row?.json === undefined ? undefined : asObject(parseTrusted(row.json));
      const publicKey = deviceKeys && signingKeyOf(deviceKeys, device);
      const check = { publicKey, verify: this.lists.verify };
      const key = readClaimedKey(getObject(told, device), { user, device, algorithm }, check);
      if (key !== undefined) ofUser[device] = key;
    }
    return ofUser;
  }

  /** Asks each server for its users at the same time; those that do not answer stand in `failures`. */
  async #eachServer<T>(
    users: readonly UserId[],
    failures: JsonObject,
    ask: (server: ServerName, users: readonly UserId[]) => Promise<T>,
  ): Promise<T[]> {
    const byServer = new Map<ServerName, UserId[]>();
    for (const user of users) {
      const server = serverOf(user);
      if (server === undefined) continue;
      const some = byServer.get(server);
      if (some === undefined) byServer.set(server, [user]);
      else some.push(user);
    }
    const answers = await Promise.all(
      Array.from(byServer, async ([server, some], index) => {
        if (index >= SERVERS_MAX || !this.#peers.allows(server) || this.#isSilent(server)) {
          return this.#fail(server, failures);
        }
        try {
          return [await ask(server, some)];
        } catch (error) {
          if (!(error instanceof OperationError)) throw error;
          const { clock, log } = this.#context;
          log.debug('keys could not be had', { server, why: error.kind });
          if (error.temporary && !(error instanceof RemoteError)) this.#silent.set(server, clock.monotonic());
          return this.#fail(server, failures);
        }
      }),
    );
    return answers.flat();
  }

  #isSilent(server: ServerName): boolean {
    const since = this.#silent.get(server);
    return since !== undefined && this.#context.clock.monotonic() - since < SILENT_MS;
  }

  /** "failures: If any remote homeservers could not be reached, they are recorded here." */
  #fail(server: ServerName, failures: JsonObject): [] {
    failures[server] = { errcode: 'M_UNKNOWN', error: 'The server cannot be reached' };
    return [];
  }

  /** A list as a client sees it, with the signatures that the client's user has made. */
  async show(answer: RemoteAnswer, into: ForeignView, viewer: KeyViewer): Promise<void> {
    const users = answer.lists.map((one) => one.user);
    const signatures = viewer.visible(await this.#context.store.keys.getKeySignatures(users));
    for (const { user, devices, identity } of answer.lists) {
      const shown = emptyObject();
      for (const { device, json, displayName } of devices) {
        if (json === undefined) continue;
        const unsigned = displayName === undefined ? {} : { device_display_name: displayName };
        shown[device] = copyObject(asObject(parseTrusted(json)) ?? {}, { unsigned });
      }
      into.device_keys[user] = shown;
      for (const [usage, json] of identity) {
        const target = { target: user, targetKey: publicPart(json) };
        into[`${usage}_keys`][user] = withSignatures(json, signatures, target);
      }
    }
  }
}

export interface ForeignView {
  readonly device_keys: JsonObject;
  readonly master_keys: JsonObject;
  readonly self_signing_keys: JsonObject;
}

function limited(timeout: number | undefined): number {
  return Math.min(Math.max(timeout ?? TIMEOUT_DEFAULT_MS, 1), TIMEOUT_MAX_MS);
}
