/** One room of a v3 answer: joined, left, invited or knocked on. */
import type { SyncFilter } from '../../rules/filters/filter.ts';
import type { AccountDataRow, MembershipRecord } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import type { Room, RoomEvent, Rooms } from '../rooms/index.ts';
import { formatToken, type Presenter, RoomView, type Viewer } from '../timeline/index.ts';
import { accountDataEvents } from './account-data.ts';
import type { RoomMemberChanges } from './device-lists.ts';
import type { Ephemeral } from './ephemeral.ts';
import type { SyncMembers } from './members.ts';
import { type RoomDelta, type RoomDeltas, statesUntil, withoutLearntMembers } from './room-delta.ts';
import type { Unread } from './unread.ts';

export interface RoomRequest {
  readonly viewer: Viewer;
  readonly filter: SyncFilter;
  readonly from: number;
  readonly to: number;
  readonly typingFrom: number;
  readonly fullState: boolean;
  /** The name under which the client wants the state after the timeline; `undefined` for the classic `state`. */
  readonly stateAfterName: string | undefined;
}

export interface RoomParts {
  readonly context: Context;
  readonly rooms: Rooms;
  readonly deltas: RoomDeltas;
  readonly members: SyncMembers;
  readonly ephemeral: Ephemeral;
  readonly unread: Unread;
  readonly presenter: Presenter;
}

/** What an answer needs to know of the user's place in a room. */
export type RoomMembership = Omit<MembershipRecord, 'event' | 'sender'>;

export interface RoomAnswer {
  readonly text: string;
  /** Whether it says anything: a room without news is left out. */
  readonly isEmpty: boolean;
  readonly memberChanges: RoomMemberChanges;
}

const LIMIT_DEFAULT = 10;
const LIMIT_MAX = 500;

export class V3Rooms {
  readonly #parts: RoomParts;

  constructor(parts: RoomParts) {
    this.#parts = parts;
  }

  /** A joined room, or one that was left in the range: then the timeline ends with the leave event. */
  async joined(
    request: RoomRequest,
    membership: RoomMembership,
    accountData: readonly AccountDataRow[],
  ): Promise<RoomAnswer> {
    const { context, rooms, deltas } = this.#parts;
    const room = await rooms.get(membership.room);
    const view = await RoomView.open(room, request.viewer.user, { context, rooms }, membership.position);
    const isJoined = membership.membership === 'join';
    const { lazyLoadMembers } = request.filter.rooms.state;
    // Who is told of all members is told of the room once they are known, as of one just joined.
    if (isJoined && !lazyLoadMembers && room.partial !== undefined) return untold(room);
    const hasLearnt = isJoined && request.from > 0 && room.wasPartialAt(request.from) && !room.wasPartialAt(request.to);
    const newlyJoined =
      isJoined &&
      ((hasLearnt && !lazyLoadMembers) ||
        (membership.position > request.from && !(await deltas.joinedSince(view, request.from))));
    const from = newlyJoined ? 0 : request.from;
    // "full_state: … all state events will be returned … The timeline will still be limited by the since parameter."
    const stateFrom = request.fullState ? 0 : from;
    const to = isJoined ? request.to : Math.min(request.to, membership.position);
    const whole = await this.#delta({ ...request, to }, view, from);
    // Who has left and then been banned learns of the ban, but not of the state in between.
    const delta = isJoined ? whole : statesUntil(whole, await view.lastLeave());
    // Whoever only refused an invite learns nothing of the room's state, nor of its members.
    const mayKnow = isJoined || (await view.everJoined());
    const state = mayKnow ? await this.#state({ ...request, to }, view, { delta, from: stateFrom }) : [];
    const ephemeral = isJoined ? await this.#ephemeral(request, room, from) : [];
    const rows = newlyJoined && request.from !== 0 ? await this.#allData(request, room) : accountData;
    const data = accountDataEvents(rows.filter((one) => request.filter.rooms.accountData.matches({ type: one.type })));
    const changes = [...state, ...delta.timeline].filter(
      ({ pdu }) => pdu.type === 'm.room.member' && pdu.stateKey !== view.user,
    );
    const memberChanges = {
      room: room.number,
      newlyJoined: newlyJoined || request.from === 0,
      newlyLeft: !isJoined && mayKnow,
      members: from === 0 ? [] : await this.#allMemberChanges(view, { delta, from, known: changes, hasLearnt }),
    };
    const isEmpty = delta.timeline.length === 0 && state.length === 0 && ephemeral.length === 0 && data.length === 0;
    // A room that was left is told in any case: nothing of a declined invitation is visible.
    if (isEmpty && !hasLearnt && stateFrom !== 0 && isJoined) return { text: '', isEmpty, memberChanges };
    const isTouched = memberChanges.members.length > 0;
    const parts = { delta, state, ephemeral, data, isJoined, isTouched, from: stateFrom };
    const text = await this.#joinedText(request, view, parts);
    return { text, isEmpty: false, memberChanges };
  }

  /** All the user's data of a room: a client that comes back to one may have dropped what it had. */
  async #allData({ viewer }: RoomRequest, room: Room): Promise<AccountDataRow[]> {
    const { userData, position } = this.#parts.context.store;
    const rows = await userData.listAccountData(viewer.user, 0, position);
    return rows.filter((one) => one.room === room.number);
  }

  /** Member events that the timeline leaves out count for device lists and the summary too. */
  async #allMemberChanges(
    view: RoomView,
    { delta, from, known, hasLearnt }: { delta: RoomDelta; from: number; known: RoomEvent[]; hasLearnt: boolean },
  ): Promise<RoomEvent[]> {
    if (delta.isWhole && !hasLearnt) return known;
    const before = await this.#parts.deltas.stateAt(view.room, from);
    const all = await this.#parts.deltas.stateBetween(before, delta.stateAfter);
    return all.filter(({ pdu }) => pdu.type === 'm.room.member' && pdu.stateKey !== view.user);
  }

  async #delta(request: RoomRequest, view: RoomView, from: number): Promise<RoomDelta> {
    const { timeline } = request.filter.rooms;
    return await this.#parts.deltas.get({
      view,
      from,
      to: request.to,
      limit: Math.min(timeline.limit ?? LIMIT_DEFAULT, LIMIT_MAX),
      matches: (pdu) =>
        timeline.matches({ type: pdu.type, sender: pdu.sender, content: pdu.content, roomId: pdu.roomId }),
    });
  }

  /** The state that the client cannot learn from the timeline, or with `state_after` the state that has changed. */
  async #state(
    request: RoomRequest,
    view: RoomView,
    { delta, from }: { delta: RoomDelta; from: number },
  ): Promise<RoomEvent[]> {
    const { deltas, members } = this.#parts;
    const { state: filter } = request.filter.rooms;
    const target = request.stateAfterName !== undefined ? delta.stateAfter : delta.stateBefore;
    const before = from === 0 ? undefined : await deltas.stateAt(view.room, from);
    const all = await deltas.stateBetween(before, target);
    const learnt = { room: view.room, from, before };
    const changed = filter.lazyLoadMembers ? await withoutLearntMembers(all, learnt, this.#parts.context) : all;
    const matching = changed.filter(({ pdu }) =>
      filter.matches({ type: pdu.type, sender: pdu.sender, content: pdu.content }),
    );
    if (!filter.lazyLoadMembers) return matching;
    const connection = `${request.viewer.user} ${request.viewer.device}`;
    if (from === 0) members.reset(connection, view.room);
    const needed = new Set<string>(delta.timeline.map(({ pdu }) => pdu.sender));
    if (from === 0) needed.add(request.viewer.user);
    // Members that an unlimited timeline changes are told in any case, as are those that it speaks of.
    const told = matching.filter(({ pdu }) => pdu.type !== 'm.room.member' || (from !== 0 && !delta.limited));
    if (from !== 0 && delta.limited) told.push(...members.replacing(connection, view.room, matching));
    const inTimeline = request.stateAfterName !== undefined ? [] : delta.timeline;
    members.note(connection, view.room, [...told, ...inTimeline]);
    const { timeline } = delta;
    const fresh = await members.fresh(connection, view.room, {
      users: needed,
      timeline,
      redundant: filter.includeRedundantMembers,
    });
    const known = new Set([...told, ...inTimeline].map((one) => one.number));
    return [...told, ...fresh.filter((one) => !known.has(one.number))];
  }

  async #ephemeral(request: RoomRequest, room: Room, from: number): Promise<string[]> {
    const { ephemeral: filter } = request.filter.rooms;
    const { ephemeral } = this.#parts;
    const events: string[] = [];
    const receipts = filter.matches({ type: 'm.receipt', roomId: room.roomId })
      ? await ephemeral.receipts(room.number, request.viewer.user, from, request.to)
      : undefined;
    if (receipts !== undefined) events.push(`{"content":${JSON.stringify(receipts)},"type":"m.receipt"}`);
    const typing = filter.matches({ type: 'm.typing', roomId: room.roomId })
      ? ephemeral.typing(room.number, from === 0 ? 0 : request.typingFrom)
      : undefined;
    if (typing !== undefined) events.push(`{"content":${JSON.stringify(typing)},"type":"m.typing"}`);
    return events;
  }

  async #joinedText(
    request: RoomRequest,
    view: RoomView,
    parts: {
      delta: RoomDelta;
      state: RoomEvent[];
      ephemeral: string[];
      data: string[];
      isJoined: boolean;
      /** Whether other members have changed, told or not. */
      isTouched: boolean;
      from: number;
    },
  ): Promise<string> {
    const { delta, state, ephemeral, data, isJoined, isTouched, from } = parts;
    const { presenter } = this.#parts;
    const timeline = await presenter.present(view.room, delta.timeline, request.viewer, { withRoomId: false, view });
    const states = await presenter.present(view.room, state, request.viewer, { withRoomId: false, bundle: false });
    const stateName = request.stateAfterName ?? 'state';
    const place = `"limited":${delta.limited},"prev_batch":"${formatToken(delta.prevBatch)}"`;
    const members = [
      `"timeline":{"events":[${timeline.join(',')}],${place}}`,
      `"${stateName}":{"events":[${states.join(',')}]}`,
      `"account_data":{"events":[${data.join(',')}]}`,
    ];
    if (isJoined) {
      members.push(`"ephemeral":{"events":[${ephemeral.join(',')}]}`);
      members.push(...(await this.#counts(request, view)));
      const names = [...state, ...delta.timeline].some(({ pdu }) => SUMMARY_TYPES.has(pdu.type));
      if (from === 0 || isTouched || names) members.push(`"summary":${await this.#summary(view)}`);
    }
    return `{${members.join(',')}}`;
  }

  async #counts(request: RoomRequest, view: RoomView): Promise<string[]> {
    const counts = await this.#parts.unread.count(request.viewer.user, view.room, request.to);
    const text = (one: { notifications: number; highlights: number }): string =>
      `{"highlight_count":${one.highlights},"notification_count":${one.notifications}}`;
    // "If … unread_thread_notifications … the counts of threads are left out of the room's."
    if (!request.filter.rooms.timeline.unreadThreadNotifications) {
      return [`"unread_notifications":${text(counts.total)}`];
    }
    const main = counts.threads.get('main') ?? { notifications: 0, highlights: 0 };
    const threads = [...counts.threads].filter(([thread]) => thread !== 'main');
    const inner = threads.map(([thread, one]) => `${JSON.stringify(thread)}:${text(one)}`);
    return [`"unread_notifications":${text(main)}`, `"unread_thread_notifications":{${inner.join(',')}}`];
  }

  async #summary(view: RoomView): Promise<string> {
    const { room, user } = view;
    const heroes = await this.#parts.members.heroes(room, user);
    return JSON.stringify({
      ...(heroes !== undefined && { 'm.heroes': heroes.map((one) => one.user) }),
      'm.joined_member_count': room.head.joinedCount,
      'm.invited_member_count': room.head.invitedCount,
    });
  }

  /** A room that the user is invited to or has knocked on: stripped state only. */
  stripped(membership: RoomMembership): string {
    const name = membership.membership === 'invite' ? 'invite_state' : 'knock_state';
    return `{"${name}":{"events":${membership.strippedState ?? '[]'}}}`;
  }
}

/** Nothing of a room yet. */
function untold({ number }: Room): RoomAnswer {
  const memberChanges = { room: number, newlyJoined: false, newlyLeft: false, members: [] };
  return { text: '', isEmpty: true, memberChanges };
}

/** Changes of these change a room's summary. */
const SUMMARY_TYPES: ReadonlySet<string> = new Set(['m.room.member', 'm.room.name', 'm.room.canonical_alias']);
