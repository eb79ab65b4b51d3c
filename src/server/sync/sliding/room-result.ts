/** One room of a sliding-sync answer: everything at first, afterwards what changed. */
import { getString } from '../../../matrix/json.ts';
import type { StateReference } from '../../../ports/store/index.ts';
import type { Context } from '../../context.ts';
import type { Room, RoomEvent, Rooms } from '../../rooms/index.ts';
import { formatToken, type Presenter, RoomView, type Viewer } from '../../timeline/index.ts';
import type { RoomPlace } from '../change-index.ts';
import type { SyncMembers } from '../members.ts';
import { type RoomDelta, type RoomDeltas, statesUntil, withoutLearntMembers } from '../room-delta.ts';
import type { Unread } from '../unread.ts';
import type { SentRoom } from './connection.ts';
import { isRequired, type RequiredState, type RoomConfig } from './request.ts';

export interface ResultParts {
  readonly context: Context;
  readonly rooms: Rooms;
  readonly deltas: RoomDeltas;
  readonly members: SyncMembers;
  readonly unread: Unread;
  readonly presenter: Presenter;
}

export interface ResultRequest {
  readonly viewer: Viewer;
  readonly connection: string;
  readonly room: Room;
  readonly place: RoomPlace;
  readonly config: RoomConfig;
  readonly lists: readonly string[];
  readonly sent: SentRoom | undefined;
  readonly isDm: boolean;
  /** Everything up to here was answered before; 0 for a first answer. */
  readonly liveFrom: number;
  readonly to: number;
}

/** "Proper" activity, by which clients sort rooms. */
const BUMP_TYPES: ReadonlySet<string> = new Set([
  'm.room.create',
  'm.room.message',
  'm.room.encrypted',
  'm.sticker',
  'm.call.invite',
  'm.poll.start',
  'm.beacon_info',
]);
const BUMP_SCAN_MAX = 200;

export interface RoomResult {
  readonly text: string | undefined;
  /** The unread counts that it tells. */
  readonly counts: string;
  /** Whether the client begins anew with the room: then the extensions tell all they have of it. */
  readonly isInitial: boolean;
}

interface Material {
  readonly view: RoomView;
  readonly delta: RoomDelta;
  readonly state: readonly RoomEvent[];
  readonly members: readonly RoomEvent[];
  /** Types of the state that has changed, whether or not it is told. */
  readonly changed: ReadonlySet<string>;
  readonly isInitial: boolean;
  readonly isExpanded: boolean;
  /** Whether the room's members have become known since the client was last told of it. */
  readonly hasLearnt: boolean;
}

export class RoomResults {
  readonly #parts: ResultParts;
  /** Position of the newest proper event of a room, and up to where that is known. */
  readonly #bumps = new WeakMap<Room, { stamp: Promise<number>; knownTo: number }>();

  constructor(parts: ResultParts) {
    this.#parts = parts;
  }

  /** The result, its text `undefined` where there is nothing new to say. */
  async get(request: ResultRequest): Promise<RoomResult> {
    const { place, sent } = request;
    if (place.membership === 'invite' || place.membership === 'knock') {
      return { text: await this.#stripped(request), counts: '', isInitial: false };
    }
    const material = await this.#gather(request);
    const counts = await this.#counts(request);
    const isNews = isAnyNews(request, material) || counts !== sent?.counts;
    const { isInitial } = material;
    return { text: isNews ? await this.#text(request, material, counts) : undefined, counts, isInitial };
  }

  async #stripped({ viewer, room, place, lists, sent }: ResultRequest): Promise<string | undefined> {
    if (sent !== undefined && sent.position >= place.position) return undefined;
    const membership = await this.#parts.rooms.findMembership(viewer.user, room.number);
    const state = membership?.strippedState ?? '[]';
    const list = lists.length === 0 ? '' : `,"lists":${JSON.stringify(lists)}`;
    // Both names: MSC4186 says `stripped_state`, deployed clients read `invite_state`.
    const facts = `"initial":true,"membership":"${place.membership}","bump_stamp":${place.position}`;
    return `{${facts},"stripped_state":${state},"invite_state":${state}${list}}`;
  }

  async #gather(request: ResultRequest): Promise<Material> {
    const { context, rooms, deltas } = this.#parts;
    const { room, viewer, place, config, sent } = request;
    const view = await RoomView.open(room, viewer.user, { context, rooms }, place.position);
    const isJoined = place.membership === 'join';
    const isInitial =
      sent === undefined ||
      (isJoined && place.position > sent.position && !(await deltas.joinedSince(view, sent.position)));
    const isExpanded = !isInitial && sent !== undefined && config.timelineLimit > sent.timelineLimit;
    const to = isJoined ? request.to : Math.min(request.to, place.position);
    const from = isInitial || isExpanded ? 0 : (sent?.position ?? 0);
    const whole = await deltas.get({ view, from, to, limit: config.timelineLimit, matches: () => true });
    const delta = isJoined ? whole : statesUntil(whole, await view.lastLeave());
    const { state, members, changed } = (await view.everJoined())
      ? await this.#state(request, view, { delta, isInitial })
      : { state: [], members: [], changed: [] };
    const types = new Set(changed.map(({ pdu }) => pdu.type));
    const hasLearnt = sent !== undefined && room.wasPartialAt(sent.position) && !room.wasPartialAt(to);
    return { view, delta, state, members, changed: types, isInitial, isExpanded, hasLearnt };
  }

  /** Required state that the client does not have, and the members that lazy loading adds. */
  async #state(
    request: ResultRequest,
    view: RoomView,
    { delta, isInitial }: { delta: RoomDelta; isInitial: boolean },
  ): Promise<{ state: RoomEvent[]; members: RoomEvent[]; changed: readonly RoomEvent[] }> {
    const { deltas, members: lazyMembers } = this.#parts;
    const { room, config, sent, connection } = request;
    const required = config.requiredState;
    const isWanted = ({ pdu }: RoomEvent): boolean => isRequired(required, pdu.type, pdu.stateKey ?? '');
    const before = isInitial || sent === undefined ? undefined : await deltas.stateAt(room, sent.position);
    const changed = isInitial
      ? await this.#initialState(view, required, delta.stateAfter)
      : await this.#changesSince(request, { before, delta });
    const state = changed.filter(isWanted);
    // "If a room has an expanded required_state then … that state is included in the response."
    const expands = !isInitial && sent !== undefined && sent.requiredState !== stateText(required);
    if (expands) state.push(...(await this.#initialState(view, required, delta.stateAfter)).filter(isWanted));
    const known = new Map(state.map((one) => [one.number, one]));
    if (!required.lazyMembers) return { state: [...known.values()], members: [], changed };
    const replaced = lazyMembers.replacing(connection, room, changed);
    if (isInitial) lazyMembers.reset(connection, room);
    lazyMembers.note(connection, room, state);
    const targets = delta.timeline.flatMap(({ pdu }) => (pdu.type === 'm.room.member' ? [pdu.stateKey ?? ''] : []));
    const users = new Set([...delta.timeline.map(({ pdu }) => pdu.sender), ...targets]);
    const fresh = await lazyMembers.fresh(connection, room, { users, timeline: delta.timeline, redundant: false });
    // "All membership updates since the last sync when `limited` is false."
    const isMember = ({ pdu }: RoomEvent): boolean => pdu.type === 'm.room.member';
    const updates = isInitial ? [] : delta.limited ? replaced : changed.filter(isMember);
    lazyMembers.note(connection, room, updates);
    const members = new Map([...fresh, ...updates].map((one) => [one.number, one]));
    const others = [...members.values()].filter((one) => !known.has(one.number));
    return { state: [...known.values()], members: others, changed };
  }

  async #changesSince(
    { room, config, sent }: ResultRequest,
    { before, delta }: { before: StateReference | undefined; delta: RoomDelta },
  ): Promise<readonly RoomEvent[]> {
    const changed = await this.#parts.deltas.stateBetween(before, delta.stateAfter);
    if (!config.requiredState.lazyMembers) return changed;
    return await withoutLearntMembers(changed, { room, from: sent?.position ?? 0, before }, this.#parts.context);
  }

  /** State by reference; without reading thousands of members that nobody asked for. */
  async #initialState(view: RoomView, required: RequiredState, at: StateReference | undefined): Promise<RoomEvent[]> {
    const { deltas, rooms } = this.#parts;
    const { room } = view;
    const isCurrent = at?.line === room.mainLine && at.position === room.head.mainHead;
    const wantsMembers = required.include.some(
      (one) => one.stateKey === undefined && (one.type === undefined || one.type === 'm.room.member'),
    );
    if (!isCurrent || (wantsMembers && !required.lazyMembers)) return await deltas.stateBetween(undefined, at);
    const named = required.include.flatMap((one) => (one.stateKey?.startsWith('@') === true ? [one.stateKey] : []));
    await rooms.ensureMembers(room, named);
    const members = named.flatMap((user) => room.state('m.room.member', user) ?? []);
    return [...room.stateWithoutMembers(), ...members];
  }

  async #text(request: ResultRequest, material: Material, counts: string): Promise<string> {
    const { viewer, room, place, lists, isDm, sent, to } = request;
    const { view, delta, state, members, isInitial, isExpanded } = material;
    const { presenter } = this.#parts;
    const timeline = await presenter.present(room, delta.timeline, viewer, { withRoomId: false, view });
    const states = await presenter.present(room, [...state, ...members], viewer, { withRoomId: false, bundle: false });
    const live = delta.timeline.filter((one) => one.position > request.liveFrom).length;
    const parts = [
      `"membership":"${place.membership}"`,
      `"required_state":[${states.join(',')}]`,
      `"timeline":[${timeline.join(',')}]`,
      `"prev_batch":"${formatToken(delta.prevBatch)}"`,
      `"limited":${delta.limited}`,
      `"num_live":${request.liveFrom === 0 ? 0 : live}`,
      `"bump_stamp":${place.membership === 'join' ? await this.#bumpStamp(room, to) : place.position}`,
      ...(isInitial ? ['"initial":true'] : []),
      ...(isExpanded ? ['"expanded_timeline":true,"unstable_expanded_timeline":true'] : []),
      ...(isDm || sent?.isDm === true ? [`"is_dm":${isDm}`] : []),
      ...(lists.length > 0 ? [`"lists":${JSON.stringify(lists)}`] : []),
      ...(await this.#summary(view, material)),
      ...(counts === '' ? [] : [counts]),
    ];
    return `{${parts.join(',')}}`;
  }

  /** Name, avatar, heroes and counts: at first all of them, afterwards those that may have changed. */
  async #summary(view: RoomView, { changed, isInitial, hasLearnt }: Material): Promise<string[]> {
    const { room, user } = view;
    const text = (type: string, key: string): string | undefined => getString(room.state(type, '')?.pdu.content, key);
    const parts: string[] = [];
    const name = text('m.room.name', 'name') || text('m.room.canonical_alias', 'alias');
    if (isInitial ? name !== undefined : changed.has('m.room.name') || changed.has('m.room.canonical_alias')) {
      parts.push(`"name":${JSON.stringify(name ?? null)}`);
    }
    const avatar = text('m.room.avatar', 'url');
    if (isInitial ? avatar !== undefined : changed.has('m.room.avatar'))
      parts.push(`"avatar":${JSON.stringify(avatar ?? null)}`);
    if (!isInitial && !hasLearnt && !changed.has('m.room.member') && !changed.has('m.room.name')) return parts;
    parts.push(`"joined_count":${room.head.joinedCount}`, `"invited_count":${room.head.invitedCount}`);
    const heroes = await this.#parts.members.heroes(room, user);
    if (heroes !== undefined) {
      const list = heroes.map((one) => ({
        user_id: one.user,
        ...(one.displayName !== undefined && { displayname: one.displayName }),
        ...(one.avatarUrl !== undefined && { avatar_url: one.avatarUrl }),
      }));
      parts.push(`"heroes":${JSON.stringify(list)}`);
    }
    return parts;
  }

  /** The unread counts of a joined room: they change by receipts and redactions too, with nothing else to tell. */
  async #counts({ viewer, room, place, to }: ResultRequest): Promise<string> {
    if (place.membership !== 'join') return '';
    const { total } = await this.#parts.unread.count(viewer.user, room, to);
    return `"notification_count":${total.notifications},"highlight_count":${total.highlights}`;
  }

  #bumpStamp(room: Room, to: number): Promise<number> {
    const known = this.#bumps.get(room);
    const end = Math.min(to, room.head.lastPosition);
    if (known !== undefined && known.knownTo >= end) return known.stamp;
    // Kept as a promise: everybody who is woken by an event asks in the same moment.
    const stamp = this.#scanBumps(room, { from: known?.knownTo ?? 0, to: end, before: known?.stamp });
    this.#bumps.set(room, { stamp, knownTo: end });
    stamp.catch(() => this.#bumps.delete(room));
    return stamp;
  }

  /** The position of the newest proper event of (from, to], or what was known before. */
  async #scanBumps(
    room: Room,
    { from, to, before }: { from: number; to: number; before: Promise<number> | undefined },
  ): Promise<number> {
    const rows = await this.#parts.context.store.events.pageTimeline({
      room: room.number,
      from: to + 1,
      to: from + 1,
      direction: 'backwards',
      limit: BUMP_SCAN_MAX,
    });
    const events = await this.#parts.rooms.events.load(rows);
    const newest = events.find(({ pdu }) => BUMP_TYPES.has(pdu.type));
    return newest?.position ?? (await before) ?? events.at(-1)?.position ?? 0;
  }
}

function isAnyNews({ place, sent, isDm }: ResultRequest, material: Material): boolean {
  const { delta, state, members, changed, isInitial, isExpanded, hasLearnt } = material;
  if (isInitial || isExpanded || isDm !== sent?.isDm) return true;
  if (delta.timeline.length > 0 || state.length > 0 || members.length > 0) return true;
  // The count of a room whose members have become known.
  if (hasLearnt) return true;
  // Of a declined invitation nothing is visible but that it is over; of other members' joins perhaps only the count.
  return place.position > sent.position || changed.has('m.room.member');
}

/** A required state as a text to compare: equal wishes have equal texts. */
export function stateText(required: RequiredState): string {
  const wish = ({ type, stateKey }: { type: string | undefined; stateKey: string | undefined }): string =>
    `${type ?? '*'}|${stateKey ?? '*'}`;
  const texts = [required.include, required.exclude].map((wishes) => wishes.map(wish).toSorted().join(' '));
  return `${texts.join(' - ')}${required.lazyMembers ? ' lazy' : ''}`;
}
