/**
 * `/sync` (client-server API, "Syncing"): one answer for everything that changed after the client's token, or the
 * whole where there is none. Answers cost what changed: the change index tells which rooms those are.
 */
import type { DeviceId, UserId } from '../../matrix/ids.ts';
import { type SyncFilter, parseSyncFilter } from '../../rules/filters/filter.ts';
import type { JsonObject } from '../../matrix/json.ts';
import type { AccountDataRow, RoomNumber, StreamPosition } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import type { Keys } from '../keys/index.ts';
import type { Presence, PresenceState } from '../presence/index.ts';
import type { PushRules } from '../push-rules/index.ts';
import type { Rooms } from '../rooms/index.ts';
import type { Viewer } from '../timeline/index.ts';
import type { Typing } from '../typing/index.ts';
import { type AccountDataChanges, accountDataChanges, accountDataEvents } from './account-data.ts';
import type { ChangeIndex, RoomPlace, UserIndex } from './change-index.ts';
import type { DeviceLists, RoomMemberChanges } from './device-lists.ts';
import { presenceEvents } from './presence-subjects.ts';
import { formatSyncToken, parseSyncToken, type SyncToken } from './sync-token.ts';
import { acknowledgeToDevice, readToDevice } from './to-device-page.ts';
import type { RoomMembership, RoomRequest, V3Rooms } from './v3-room.ts';

export interface SyncRequest {
  readonly viewer: Viewer & { readonly device: DeviceId };
  readonly since: string | undefined;
  readonly filter: JsonObject | undefined;
  readonly fullState: boolean;
  readonly timeoutMs: number;
  readonly setPresence: PresenceState;
  readonly stateAfterName: string | undefined;
  readonly signal: AbortSignal;
}

export interface V3Parts {
  readonly context: Context;
  readonly rooms: Rooms;
  readonly index: ChangeIndex;
  readonly roomAnswers: V3Rooms;
  readonly deviceLists: DeviceLists;
  readonly keys: Keys;
  readonly typing: Typing;
  readonly presence: Presence;
  readonly pushRules: PushRules;
  readonly epoch: string;
}

const TIMEOUT_MAX_MS = 120_000;
const TO_DEVICE_MAX = 100;

interface Work {
  readonly request: SyncRequest;
  readonly since: SyncToken | undefined;
  readonly filter: SyncFilter;
  readonly to: number;
  readonly from: number;
}

interface Answer {
  readonly text: string;
  readonly isEmpty: boolean;
}

export class V3Sync {
  readonly #parts: V3Parts;

  constructor(parts: V3Parts) {
    this.#parts = parts;
  }

  /** Answers at once where there is news, else when there is some or the time is over. */
  async sync(request: SyncRequest): Promise<string> {
    const { context, index, presence, epoch } = this.#parts;
    const { viewer } = request;
    const since = request.since === undefined ? undefined : parseSyncToken(request.since, epoch);
    const filter = parseSyncFilter(request.filter ?? {});
    const endPresence = presence.beginSync(viewer.user, request.setPresence);
    try {
      if (since !== undefined) {
        await acknowledgeToDevice(context, await index.get(viewer.user), viewer.device, since.toDevice);
      }
      const deadline = context.clock.monotonic() + Math.min(Math.max(request.timeoutMs, 0), TIMEOUT_MAX_MS);
      for (;;) {
        const userIndex = await index.get(viewer.user);
        const to = context.store.position as number;
        const isOver = (): boolean => deadline <= context.clock.monotonic() || request.signal.aborted;
        if (request.fullState || since === undefined || !this.#isQuiet(userIndex, viewer, since) || isOver()) {
          const answer = await this.#answer({ request, since, filter, to, from: since?.position ?? 0 });
          if (!answer.isEmpty || since === undefined || request.fullState || isOver()) return answer.text;
        }
        // Something may have been committed while the answer was computed.
        if ((context.store.position as number) === to) {
          const timeoutMs = deadline - context.clock.monotonic();
          await index.wait({ ...viewer, timeoutMs, signal: request.signal });
        }
      }
    } finally {
      endPresence();
    }
  }

  /** Whether memory alone tells that nothing has happened since the token: no answer needs to be made to know it. */
  #isQuiet(userIndex: UserIndex, { device }: SyncRequest['viewer'], since: SyncToken): boolean {
    const { index, typing, presence } = this.#parts;
    const toDevice = userIndex.toDevice.get(device);
    return (
      !userIndex.hasChangedAfter(since.position) &&
      userIndex.accountDataPosition <= since.position &&
      index.deviceListPosition <= since.position &&
      toDevice !== undefined &&
      toDevice.newest <= since.toDevice &&
      typing.serial === since.typing &&
      presence.serial === since.presence
    );
  }

  async #answer(work: Work): Promise<Answer> {
    const { context, index, typing, presence, epoch } = this.#parts;
    const { request, since, filter, to } = work;
    const serials = { typing: typing.serial, presence: presence.serial };
    const data = await this.#accountData(work);
    const { texts, changes } = await this.#rooms(work, data.rooms);
    const global = accountDataEvents(data.global.filter((one) => filter.accountData.matches({ type: one.type })));
    const { user, device } = request.viewer;
    const page = { after: since?.toDevice ?? 0, to, limit: TO_DEVICE_MAX };
    const toDevice = await readToDevice(context, await index.get(user), device, page);
    const presences = await this.#presence(work);
    const lists = since === undefined ? { changed: [], left: [] } : await this.#deviceLists(work, changes);
    const isEmpty =
      [...texts.values()].every((one) => one.length === 0) &&
      global.length + toDevice.events.length + presences.length + lists.changed.length + lists.left.length === 0;
    const token = formatSyncToken({ position: to, toDevice: toDevice.upTo, ...serials, epoch });
    const rooms = [...texts].flatMap(([name, entries]) =>
      entries.length === 0 ? [] : [`"${name}":{${entries.join(',')}}`],
    );
    const members = [
      `"next_batch":"${token}"`,
      ...(rooms.length > 0 ? [`"rooms":{${rooms.join(',')}}`] : []),
      ...(presences.length > 0 ? [`"presence":{"events":[${presences.join(',')}]}`] : []),
      ...(global.length > 0 ? [`"account_data":{"events":[${global.join(',')}]}`] : []),
      ...(toDevice.events.length > 0 ? [`"to_device":{"events":[${toDevice.events.join(',')}]}`] : []),
      ...(lists.changed.length + lists.left.length > 0 ? [`"device_lists":${JSON.stringify(lists)}`] : []),
      ...(await this.#keyCounts(request.viewer)),
    ];
    return { text: `{${members.join(',')}}`, isEmpty };
  }

  async #accountData({ request, from, to }: Work): Promise<AccountDataChanges> {
    const { context, pushRules, index } = this.#parts;
    const { user } = request.viewer;
    const userIndex = await index.get(user);
    const after = request.fullState ? 0 : from;
    const newest = userIndex.accountDataPosition;
    if (newest <= after) return { global: [], rooms: new Map<RoomNumber, AccountDataRow[]>() };
    const changes = await accountDataChanges(context, pushRules, { user, from: after, to });
    // Everything up to here has been looked at: until something new comes nobody needs to look again.
    const isNothing = after > 0 && changes.global.length === 0 && changes.rooms.size === 0;
    if (isNothing && userIndex.accountDataPosition === newest) userIndex.accountDataPosition = after;
    return changes;
  }

  async #rooms(
    work: Work,
    data: ReadonlyMap<RoomNumber, Parameters<V3Rooms['joined']>[2]>,
  ): Promise<{ texts: Map<string, string[]>; changes: RoomMemberChanges[] }> {
    const texts = new Map<string, string[]>([
      ['join', []],
      ['invite', []],
      ['knock', []],
      ['leave', []],
    ]);
    const changes: RoomMemberChanges[] = [];
    for (const membership of await this.#memberships(work)) {
      if (!work.filter.rooms.matches(membership.roomId)) continue;
      const entry = await this.#room(work, membership, data.get(membership.room) ?? []);
      if (entry === undefined) continue;
      if (entry.changes !== undefined) changes.push(entry.changes);
      if (entry.text !== '') texts.get(entry.section)?.push(`${JSON.stringify(membership.roomId)}:${entry.text}`);
    }
    return { texts, changes };
  }

  async #room(
    { request, since, filter, from, to }: Work,
    membership: RoomMembership,
    data: Parameters<V3Rooms['joined']>[2],
  ): Promise<{ section: string; text: string; changes?: RoomMemberChanges } | undefined> {
    const { roomAnswers } = this.#parts;
    const isNew = membership.position > from;
    if (membership.membership === 'invite' || membership.membership === 'knock') {
      return isNew ? { section: membership.membership, text: roomAnswers.stripped(membership) } : undefined;
    }
    const roomRequest: RoomRequest = {
      viewer: request.viewer,
      filter,
      from,
      to,
      typingFrom: since?.typing ?? 0,
      fullState: request.fullState,
      stateAfterName: request.stateAfterName,
    };
    const isJoined = membership.membership === 'join';
    if (!isJoined && !this.#showsLeft(membership, { filter, since, isNew })) return undefined;
    // Left and forgotten since the token: the client must learn that the room is gone, and no more.
    if (membership.forgotten) return { section: 'leave', text: '{}' };
    const answer = await roomAnswers.joined(roomRequest, membership, data);
    const section = isJoined ? 'join' : 'leave';
    return { section, text: answer.isEmpty ? '' : answer.text, changes: answer.memberChanges };
  }

  /** "include_leave: Include rooms that the user has left"; what was left since the token is always told. */
  #showsLeft(
    membership: RoomMembership,
    { filter, since, isNew }: { filter: SyncFilter; since: SyncToken | undefined; isNew: boolean },
  ): boolean {
    if (since !== undefined) return isNew;
    return filter.rooms.includeLeave && !membership.forgotten;
  }

  /** The memberships of the rooms that changed; of all rooms where the client has nothing. */
  async #memberships({ request, since, from }: Work): Promise<readonly RoomMembership[]> {
    const { context, index, rooms, typing } = this.#parts;
    const { user } = request.viewer;
    if (since === undefined || request.fullState) return await rooms.listMemberships(user);
    const numbers = new Set((await index.get(user)).changedAfter(from));
    if (typing.serial > since.typing) {
      for (const number of typing.roomsChangedAfter(since.typing)) {
        if (rooms.residentMembers(number)?.has(user) === true) numbers.add(number);
      }
    }
    const { places } = await index.get(user);
    const found: RoomMembership[] = [];
    for (const number of numbers) {
      const place = places.get(number);
      // Of joined rooms everything is in memory; the others need their row.
      const membership =
        place?.membership === 'join'
          ? await this.#joinedMembership(user, number, place)
          : await context.store.rooms.findMembership(user, number);
      if (membership !== undefined) found.push(membership);
    }
    return found;
  }

  async #joinedMembership(user: UserId, room: RoomNumber, { position }: RoomPlace): Promise<RoomMembership> {
    const { roomId } = await this.#parts.rooms.get(room);
    return { user, room, roomId, membership: 'join', position, forgotten: false, strippedState: undefined };
  }

  async #presence({ request, filter, since }: Work): Promise<string[]> {
    const { presence, rooms, index } = this.#parts;
    const { user } = request.viewer;
    const wants = (sender: UserId): boolean => filter.presence.matches({ type: 'm.presence', sender });
    if (!filter.presence.matchesType('m.presence')) return [];
    return await presenceEvents(
      { user, after: since?.presence ?? 0, wants },
      { presence, rooms, index: await index.get(user) },
    );
  }

  async #deviceLists({ request, from, to }: Work, changes: readonly RoomMemberChanges[]) {
    const { deviceLists, index } = this.#parts;
    const isQuiet =
      index.deviceListPosition <= from &&
      changes.every((one) => !one.newlyJoined && !one.newlyLeft && one.members.length === 0);
    if (isQuiet) return { changed: [], left: [] };
    return await deviceLists.changes(request.viewer.user, from as StreamPosition, to as StreamPosition, changes);
  }

  /** "device_one_time_keys_count" and "device_unused_fallback_key_types", in every answer. */
  async #keyCounts({ user, device }: SyncRequest['viewer']): Promise<string[]> {
    const { deviceKeys } = this.#parts.keys;
    const { counts, fallback } = await deviceKeys.summary(user, device);
    return [`"device_one_time_keys_count":${counts}`, `"device_unused_fallback_key_types":${fallback}`];
  }
}
