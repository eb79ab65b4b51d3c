/** The extensions of sliding sync: to-device messages, encryption, account data, receipts, typing, presence. */
import type { DeviceId, UserId } from '../../../matrix/ids.ts';
import { MatrixError } from '../../../matrix/errors.ts';
import type { RoomNumber, StreamPosition } from '../../../ports/store/index.ts';
import type { Context } from '../../context.ts';
import type { Keys } from '../../keys/index.ts';
import type { Presence } from '../../presence/index.ts';
import type { PushRules } from '../../push-rules/index.ts';
import type { Rooms } from '../../rooms/index.ts';
import { accountDataChanges, accountDataEvents } from '../account-data.ts';
import type { ChangedPlace, DeviceLists } from '../device-lists.ts';
import type { ChangeIndex, UserIndex } from '../change-index.ts';
import type { Ephemeral } from '../ephemeral.ts';
import { presenceEvents } from '../presence-subjects.ts';
import { acknowledgeToDevice, readToDevice } from '../to-device-page.ts';
import type { Serials } from './connection.ts';
import type { Extensions, ParsedRequest } from './request.ts';

export interface ExtensionParts {
  readonly context: Context;
  readonly rooms: Rooms;
  readonly keys: Keys;
  readonly presence: Presence;
  readonly pushRules: PushRules;
  readonly deviceLists: DeviceLists;
  readonly ephemeral: Ephemeral;
  readonly index: ChangeIndex;
}

export interface ExtensionRequest {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly parsed: ParsedRequest;
  readonly index: UserIndex;
  /** `undefined` at the beginning of a connection. */
  readonly from: number | undefined;
  readonly to: number;
  readonly serials: Serials;
  /** Rooms that the client follows: in a window or subscribed. */
  readonly followed: ReadonlySet<RoomNumber>;
  /** Rooms that are told for the first time. */
  readonly initial: ReadonlySet<RoomNumber>;
}

export interface ExtensionAnswer {
  readonly texts: readonly string[];
  /** Whether any of them is news. */
  readonly hasNews: boolean;
}

export class SlidingExtensions {
  readonly #parts: ExtensionParts;

  constructor(parts: ExtensionParts) {
    this.#parts = parts;
  }

  /** What the enabled extensions have to say. */
  async get(request: ExtensionRequest): Promise<ExtensionAnswer> {
    const { extensions } = request.parsed;
    const answers = [
      extensions.toDevice === undefined ? undefined : await this.#toDevice(request, extensions.toDevice),
      extensions.e2ee ? await this.#e2ee(request) : undefined,
      extensions.accountData ? await this.#accountData(request) : undefined,
      extensions.receipts ? await this.#receipts(request) : undefined,
      extensions.typing ? this.#typing(request) : undefined,
      extensions.presence ? await this.#presence(request) : undefined,
    ];
    const present = answers.filter((one) => one !== undefined);
    return { texts: present.map((one) => one.text), hasNews: present.some((one) => one.isNews) };
  }

  async #toDevice({ device, to, index }: ExtensionRequest, { since, limit }: NonNullable<Extensions['toDevice']>) {
    const { context } = this.#parts;
    const after = since === undefined ? 0 : Number(/^d?([0-9]{1,15})$/.exec(since)?.[1] ?? Number.NaN);
    if (Number.isNaN(after)) throw new MatrixError('M_INVALID_PARAM', 'That is no to-device token');
    if (after > 0) await acknowledgeToDevice(context, index, device, after);
    const { events, upTo } = await readToDevice(context, index, device, { after, to, limit });
    const text = `"to_device":{"events":[${events.join(',')}],"next_batch":"d${upTo}"}`;
    return { text, isNews: events.length > 0 };
  }

  async #e2ee({ user, device, from, to, index }: ExtensionRequest) {
    const { counts, fallback } = await this.#parts.keys.deviceKeys.summary(user, device);
    const parts = [`"device_one_time_keys_count":${counts}`, `"device_unused_fallback_key_types":${fallback}`];
    let isNews = false;
    if (from !== undefined && (this.#parts.index.deviceListPosition > from || index.hasChangedAfter(from))) {
      const places: ChangedPlace[] = [...index.changedAfter(from)].flatMap((room) => {
        const place = index.places.get(room);
        return place === undefined ? [] : [{ room, ...place }];
      });
      const range = { from: from as StreamPosition, to: to as StreamPosition };
      const lists = await this.#parts.deviceLists.changesIn(user, { ...range, places });
      isNews = lists.changed.length + lists.left.length > 0;
      if (isNews) parts.push(`"device_lists":${JSON.stringify(lists)}`);
    }
    return { text: `"e2ee":{${parts.join(',')}}`, isNews };
  }

  async #accountData({ user, index, from, to, followed, initial }: ExtensionRequest) {
    const { context, pushRules, rooms } = this.#parts;
    if (from !== undefined && index.accountDataPosition <= from && initial.size === 0) return undefined;
    // A room that is told for the first time brings all its data, so everything is read once then.
    const start = initial.size > 0 ? 0 : (from ?? 0);
    const changes = await accountDataChanges(context, pushRules, { user, from: start, to });
    const global = changes.global.filter((one) => from === undefined || one.position > from);
    const texts: string[] = [];
    for (const [number, rows] of changes.rooms) {
      const fresh = initial.has(number) ? rows : rows.filter((one) => from === undefined || one.position > from);
      if (!followed.has(number) || fresh.length === 0) continue;
      const room = await rooms.get(number);
      texts.push(`${JSON.stringify(room.roomId)}:[${accountDataEvents(fresh).join(',')}]`);
    }
    if (global.length === 0 && texts.length === 0) return undefined;
    return {
      text: `"account_data":{"global":[${accountDataEvents(global).join(',')}],"rooms":{${texts.join(',')}}}`,
      isNews: true,
    };
  }

  async #receipts({ user, index, from, to, followed, initial }: ExtensionRequest) {
    const { rooms, ephemeral } = this.#parts;
    const texts: string[] = [];
    for (const number of followed) {
      const start = initial.has(number) ? 0 : (from ?? 0);
      if (start > 0 && index.positionOf(number) <= start) continue;
      if (index.places.get(number)?.membership !== 'join') continue;
      const content = await ephemeral.receipts(number, user, start, to);
      if (content === undefined) continue;
      const room = await rooms.get(number);
      texts.push(`${JSON.stringify(room.roomId)}:{"content":${JSON.stringify(content)},"type":"m.receipt"}`);
    }
    return texts.length === 0 ? undefined : { text: `"receipts":{"rooms":{${texts.join(',')}}}`, isNews: true };
  }

  #typing({ followed, serials, user, initial }: ExtensionRequest) {
    const { rooms, ephemeral } = this.#parts;
    const texts: string[] = [];
    for (const number of followed) {
      if (rooms.residentMembers(number)?.has(user) !== true) continue;
      const content = ephemeral.typing(number, initial.has(number) ? 0 : serials.typing);
      const roomId = content === undefined ? undefined : rooms.residentId(number);
      if (roomId !== undefined)
        texts.push(`${JSON.stringify(roomId)}:{"content":${JSON.stringify(content)},"type":"m.typing"}`);
    }
    return texts.length === 0 ? undefined : { text: `"typing":{"rooms":{${texts.join(',')}}}`, isNews: true };
  }

  async #presence({ user, serials, index }: ExtensionRequest) {
    const { presence, rooms } = this.#parts;
    if (presence.serial <= serials.presence) return undefined;
    const events = await presenceEvents(
      { user, after: serials.presence, wants: () => true },
      { presence, rooms, index },
    );
    return events.length === 0 ? undefined : { text: `"presence":{"events":[${events.join(',')}]}`, isNews: true };
  }
}
