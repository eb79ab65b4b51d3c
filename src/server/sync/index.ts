/** Sync: v3 and simplified sliding sync, both fed from the per-user change index. The face of the folder. */
import type { UserId } from '../../matrix/ids.ts';
import type { StreamPosition } from '../../ports/store/index.ts';
import type { AccountData } from '../account-data/index.ts';
import type { Context } from '../context.ts';
import type { Keys } from '../keys/index.ts';
import type { Presence } from '../presence/index.ts';
import type { PushRules } from '../push-rules/index.ts';
import type { Rooms } from '../rooms/index.ts';
import type { Presenter } from '../timeline/index.ts';
import type { Typing } from '../typing/index.ts';
import { ChangeIndex } from './change-index.ts';
import { type DeviceListChanges, DeviceLists } from './device-lists.ts';
import { Ephemeral } from './ephemeral.ts';
import { SyncMembers } from './members.ts';
import { RoomDeltas } from './room-delta.ts';
import { SlidingSync } from './sliding/index.ts';
import { parseSyncToken } from './sync-token.ts';
import { Unread } from './unread.ts';
import { V3Sync } from './v3.ts';
import { V3Rooms } from './v3-room.ts';

export type { SlidingRequest } from './sliding/index.ts';
export type { SyncRequest } from './v3.ts';

export interface SyncOptions {
  readonly context: Context;
  readonly rooms: Rooms;
  readonly presenter: Presenter;
  readonly keys: Keys;
  readonly typing: Typing;
  readonly presence: Presence;
  readonly pushRules: PushRules;
  readonly accountData: AccountData;
}

export class Sync {
  readonly v3: V3Sync;
  readonly sliding: SlidingSync;
  readonly unread: Unread;
  readonly #context: Context;
  readonly #deviceLists: DeviceLists;
  readonly #epoch: string;

  constructor(options: SyncOptions) {
    const { context, rooms, typing, pushRules } = options;
    this.#context = context;
    this.#epoch = context.random
      .token(12)
      .toLowerCase()
      .replaceAll(/[^0-9a-z]/g, 'x');
    const index = new ChangeIndex(context, rooms);
    const deltas = new RoomDeltas(context, rooms);
    const members = new SyncMembers(rooms);
    const ephemeral = new Ephemeral(context, typing, index);
    this.unread = new Unread({ context, rooms, pushRules, deltas });
    this.#deviceLists = new DeviceLists(context, rooms);
    const shared = {
      ...options,
      index,
      deltas,
      members,
      ephemeral,
      unread: this.unread,
      deviceLists: this.#deviceLists,
      epoch: this.#epoch,
    };
    this.v3 = new V3Sync({ ...shared, roomAnswers: new V3Rooms(shared) });
    this.sliding = new SlidingSync(shared);
  }

  /** "Gets a list of users who have updated their device identity keys since a previous sync token." */
  async deviceListChanges(user: UserId, from: string, to: string): Promise<DeviceListChanges> {
    const range = [from, to].map((token) => parseSyncToken(token, this.#epoch).position as StreamPosition);
    const upTo = Math.min(range[1] ?? 0, this.#context.store.position) as StreamPosition;
    return await this.#deviceLists.changesBetween(user, range[0] ?? (0 as StreamPosition), upTo);
  }
}
