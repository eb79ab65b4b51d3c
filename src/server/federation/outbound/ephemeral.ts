/** Typing, read receipts and presence of our users for other servers: the newest of each, dropped where it fails. */
import { canonicalJson } from '../../../matrix/canonical-json.ts';
import { type RoomId, type ServerName, serverOf, type UserId } from '../../../matrix/ids.ts';
import type { JsonObject } from '../../../matrix/json.ts';
import type { RoomNumber } from '../../../ports/store/index.ts';
import type { Context } from '../../context.ts';
import type { Presence } from '../../presence/index.ts';
import type { Change } from '../../stream/index.ts';
import type { Typing } from '../../typing/index.ts';

export interface EphemeralOptions {
  /** The sender. */
  readonly outbound: { sendEphemeral(server: ServerName, key: string, json: string): void };
  readonly typing: Pick<Typing, 'changesAfter'>;
  readonly presence: Pick<Presence, 'contentOf'>;
  /** Which of them other servers are told. */
  readonly tells: { readonly typing: boolean; readonly presence: boolean };
}

/** What waits to be looked at: more is dropped. */
const JOBS_MAX = 1000;

type Receipt = Extract<Change, { kind: 'receipt' }>;

export class EphemeralNews {
  readonly #context: Context;
  readonly #options: EphemeralOptions;
  /** By what they are about: a second change of the same thing before its turn adds nothing. */
  readonly #jobs = new Map<string, () => Promise<void>>();
  /** Our users of whom other servers have been told that they are typing. */
  readonly #typing = new Map<RoomNumber, ReadonlySet<UserId>>();
  #isRunning = false;

  constructor(context: Context, options: EphemeralOptions) {
    this.#context = context;
    this.#options = options;
    context.stream.listen((change) => this.#onChange(change));
  }

  #onChange(change: Change): void {
    const { tells } = this.#options;
    if (change.kind === 'typing' && tells.typing) {
      this.#queue(`typing ${change.room}`, () => this.#tellTyping(change.room));
    } else if (change.kind === 'presence' && tells.presence && this.#isOurs(change.user)) {
      this.#queue(`presence ${change.user}`, () => this.#tellPresence(change.user));
    } else if (change.kind === 'receipt' && !change.hidden && this.#isOurs(change.user)) {
      const key = `receipt ${change.room} ${change.user} ${change.thread ?? ''}`;
      this.#queue(key, () => this.#tellReceipt(change, key));
    }
  }

  #isOurs(user: UserId): boolean {
    return serverOf(user) === this.#context.serverName;
  }

  #queue(key: string, job: () => Promise<void>): void {
    if (this.#jobs.size >= JOBS_MAX && !this.#jobs.has(key)) return;
    this.#jobs.set(key, job);
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (const [key, job] of this.#jobs) {
      this.#jobs.delete(key);
      // One that fails is dropped, and the others go on.
      await job().catch((error: unknown) => this.#context.log.error('an EDU could not be made', error));
    }
    this.#isRunning = false;
  }

  async #tellTyping(room: RoomNumber): Promise<void> {
    const before = this.#typing.get(room) ?? new Set<UserId>();
    const everybody = this.#options.typing.changesAfter(room, -1) ?? [];
    const now = new Set(everybody.filter((user) => this.#isOurs(user)));
    if (now.size === 0) this.#typing.delete(room);
    else this.#typing.set(room, now);
    const changed = [...[...now].filter((user) => !before.has(user)), ...[...before].filter((user) => !now.has(user))];
    if (changed.length === 0) return;
    const servers = await this.#context.store.federation.listServersInRoom(room);
    const roomId = servers.length === 0 ? undefined : await this.#roomIdOf(room);
    if (roomId === undefined) return;
    for (const user of changed) {
      const content = { room_id: roomId, user_id: user, typing: now.has(user) };
      this.#send(servers, `typing ${room} ${user}`, { edu_type: 'm.typing', content });
    }
  }

  async #tellReceipt({ room, user, thread }: Receipt, key: string): Promise<void> {
    const { store } = this.#context;
    const servers = await store.federation.listServersInRoom(room);
    const roomId = servers.length === 0 ? undefined : await this.#roomIdOf(room);
    if (roomId === undefined) return;
    const own = await store.userData.getOwnReceipts(user, room);
    const receipt = own.find((one) => one.type === 'm.read' && one.thread === thread);
    if (receipt === undefined) return;
    const data = { ts: receipt.sentAt, ...(thread !== undefined && { thread_id: thread }) };
    const content = { [roomId]: { 'm.read': { [user]: { event_ids: [receipt.event], data } } } };
    this.#send(servers, key, { edu_type: 'm.receipt', content });
  }

  async #tellPresence(user: UserId): Promise<void> {
    const { store } = this.#context;
    const servers = new Set<ServerName>();
    for (const { room } of await store.rooms.listMemberships(user, ['join'])) {
      for (const server of await store.federation.listServersInRoom(room)) servers.add(server);
    }
    if (servers.size === 0) return;
    // The specification requires `last_active_ago`, also of somebody who has not been seen yet.
    const update = { last_active_ago: 0, ...this.#options.presence.contentOf(user), user_id: user };
    this.#send(servers, `presence ${user}`, { edu_type: 'm.presence', content: { push: [update] } });
  }

  async #roomIdOf(room: RoomNumber): Promise<RoomId | undefined> {
    const [record] = await this.#context.store.rooms.getRooms([room]);
    return record?.roomId;
  }

  #send(servers: Iterable<ServerName>, key: string, edu: JsonObject): void {
    const json = canonicalJson(edu);
    for (const server of servers) this.#options.outbound.sendEphemeral(server, key, json);
  }
}
