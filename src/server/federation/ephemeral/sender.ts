/** Tells other servers who types, who has read what and who is online: the latest of each, which may be lost. */
import { serverOf, type ServerName, type UserId } from '../../../matrix/ids.ts';
import type { RoomNumber } from '../../../ports/store/index.ts';
import { boundedMap } from '../../bounded-map.ts';
import type { Context } from '../../context.ts';
import type { Presence } from '../../presence/index.ts';
import type { Room, Rooms } from '../../rooms/index.ts';
import type { Change } from '../../stream/index.ts';
import type { Typing, TypingNews } from '../../typing/index.ts';
import type { Outbound } from '../outbound/index.ts';
import { presenceEdu, receiptEdu, typingEdu } from './edus.ts';

export interface EphemeralSenderParts {
  readonly context: Context;
  readonly rooms: Rooms;
  readonly typing: Typing;
  readonly presence: Presence;
  readonly outbound: Pick<Outbound, 'sendEphemeral'>;
  /** `typing.federate` and `presence.federate` */
  readonly tells: { readonly typing: boolean; readonly presence: boolean };
}

/** Whoever goes on typing is told of again after so long: other servers forget it by themselves. */
const TYPING_AGAIN_MS = 20_000;
const TYPING_USERS_MAX = 10_000;

export class EphemeralSender {
  readonly #parts: EphemeralSenderParts;
  /** When other servers were last told that a user types in a room. */
  readonly #toldAt = boundedMap<string, number>(TYPING_USERS_MAX);
  readonly #running = new Set<Promise<void>>();
  #isClosed = false;

  constructor(parts: EphemeralSenderParts) {
    this.#parts = parts;
    const { context, typing, tells } = parts;
    if (tells.typing) typing.listen((news) => this.#onTyping(news));
    context.stream.listen((change) => {
      if (change.kind === 'receipt') this.#onReceipt(change);
      else if (change.kind === 'presence' && tells.presence) this.#onPresence(change.user);
    });
  }

  /** Resolves when nobody is being told any more. News of later, as from the timers of users, go unheard. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#running);
  }

  #isOurs(user: UserId): boolean {
    return serverOf(user) === this.#parts.context.serverName;
  }

  #onTyping({ room, user, typing }: TypingNews): void {
    if (!this.#isOurs(user)) return;
    const key = `${room} ${user}`;
    const now = this.#parts.context.clock.monotonic();
    if (typing && now - (this.#toldAt.get(key) ?? Number.NEGATIVE_INFINITY) < TYPING_AGAIN_MS) return;
    if (typing) this.#toldAt.set(key, now);
    else this.#toldAt.delete(key);
    this.#toRoom(room, `typing ${key}`, ({ roomId }) => typingEdu({ roomId, user, typing }));
  }

  #onReceipt(change: Extract<Change, { kind: 'receipt' }>): void {
    const { room, user, thread, hidden } = change;
    // "m.read.private … is not shared with … other servers".
    if (hidden || !this.#isOurs(user)) return;
    this.#toRoom(room, `receipt ${room} ${user} ${thread ?? ''}`, ({ roomId }) => receiptEdu({ ...change, roomId }));
  }

  #onPresence(user: UserId): void {
    if (!this.#isOurs(user)) return;
    const { context, presence } = this.#parts;
    this.#inBackground(async () => {
      const servers = await context.store.federation.listServersSharingRooms(user);
      if (servers.length > 0) this.#send(servers, `presence ${user}`, presenceEdu(user, presence.contentOf(user)));
    });
  }

  #toRoom(number: RoomNumber, key: string, edu: (room: Room) => string): void {
    this.#inBackground(async () => {
      const room = await this.#parts.rooms.get(number);
      if (room.servers.size > 0) this.#send(room.servers.list(), key, edu(room));
    });
  }

  #send(servers: readonly ServerName[], key: string, json: string): void {
    for (const server of servers) this.#parts.outbound.sendEphemeral(server, key, json);
  }

  #inBackground(task: () => Promise<void>): void {
    if (this.#isClosed) return;
    const { log } = this.#parts.context;
    const told = task()
      .catch((error: unknown) => log.error('other servers were not told of news', error))
      .finally(() => this.#running.delete(told));
    this.#running.add(told);
  }
}
