/** Joining, leaving, inviting, kicking, banning, knocking, forgetting: changes of one user's membership. */
import { MatrixError } from '../../matrix/errors.ts';
import type { RoomId, ServerName, UserId } from '../../matrix/ids.ts';
import { asObject, getArray, getString, type JsonObject } from '../../matrix/json.ts';
import { joinRuleOf, powerLevelsOf } from '../../rules/auth/index.ts';
import type { RoomNumber } from '../../ports/store/index.ts';
import type { Accounts } from '../accounts/index.ts';
import type { Context } from '../context.ts';
import type { Room, Rooms } from '../rooms/index.ts';
import type { RemoteRooms } from '../remote-rooms/index.ts';
import type { EventDraft, Timeline } from '../timeline/index.ts';

export interface MembershipChange {
  readonly roomId: RoomId;
  readonly sender: UserId;
  readonly target: UserId;
  readonly reason: string | undefined;
}

export interface LifecycleParts {
  readonly context: Context;
  readonly accounts: Accounts;
  readonly rooms: Rooms;
  readonly timeline: Timeline;
  readonly remoteRooms: RemoteRooms;
}

export class Memberships {
  readonly #parts: LifecycleParts;

  constructor(parts: LifecycleParts) {
    this.#parts = parts;
  }

  /** The content of a member event: membership, the target's profile, and what else is given. */
  async memberContent(membership: string, user: UserId, more: JsonObject = {}): Promise<JsonObject> {
    const { displayName, avatarUrl } = await this.#parts.accounts.profiles.getShort(user);
    return {
      ...more,
      membership,
      ...(displayName !== undefined && { displayname: displayName }),
      ...(avatarUrl !== undefined && { avatar_url: avatarUrl }),
    };
  }

  /**
   * Joins a room, by one of the servers in `via` where this one is not in it. Throws `M_FORBIDDEN`, `M_NOT_FOUND`,
   * and what the other servers answered in our words.
   */
  async join(
    roomId: RoomId,
    user: UserId,
    { reason, via = [] }: { reason?: string | undefined; via?: readonly ServerName[] } = {},
  ): Promise<void> {
    const content = await this.memberContent('join', user, reasonOf(reason));
    const { rooms, remoteRooms } = this.#parts;
    const known = await rooms.find(roomId);
    if (known?.isResident !== true && (await remoteRooms.join({ roomId, user, content }, via))) return;
    const room = await rooms.require(roomId);
    const authorisers = await this.#authorisers(room);
    await this.#change(room.number, [user, ...authorisers], async (current) => {
      const before = current.membershipOf(user);
      if (before === 'join') return undefined;
      if (before === 'ban') throw new MatrixError('M_FORBIDDEN', 'You are banned from this room');
      const restricted = before !== 'invite' && isRestricted(current);
      const authoriser = restricted ? await this.#authoriserFor(current, user, authorisers) : undefined;
      const full = authoriser === undefined ? content : { ...content, join_authorised_via_users_server: authoriser };
      return { sender: user, type: 'm.room.member', stateKey: user, content: full };
    });
  }

  /** Local members who could vouch for a restricted join. */
  async #authorisers(room: Room): Promise<UserId[]> {
    return isRestricted(room) ? [...room.localJoined] : [];
  }

  /**
   * "the user must be joined to one of the rooms listed in the `allow` condition"; then any local member who may
   * invite vouches for the join. Throws `M_FORBIDDEN` where the condition is not met.
   */
  async #authoriserFor(room: Room, user: UserId, authorisers: readonly UserId[]): Promise<UserId> {
    if (!(await this.#meetsCondition(room, user))) {
      throw new MatrixError('M_FORBIDDEN', 'You are not in a room that lets you join this one');
    }
    const levels = powerLevelsOf(room.lookup, room.rules);
    const authoriser = authorisers.find(
      (one) => room.membershipOf(one) === 'join' && levels.powerLevelOf(one) >= levels.level('invite'),
    );
    if (authoriser === undefined) {
      throw new MatrixError('M_UNABLE_TO_GRANT_JOIN', 'Nobody on this server may let you into the room');
    }
    return authoriser;
  }

  async #meetsCondition(room: Room, user: UserId): Promise<boolean> {
    const rules = room.state('m.room.join_rules', '')?.pdu.content;
    for (const entry of getArray(rules, 'allow') ?? []) {
      const condition = asObject(entry);
      if (getString(condition, 'type') !== 'm.room_membership') continue;
      const other = await this.#parts.rooms.findNumber((getString(condition, 'room_id') ?? '') as RoomId);
      const membership = other === undefined ? undefined : await this.#parts.rooms.findMembership(user, other);
      if (membership?.membership === 'join') return true;
    }
    return false;
  }

  /** Leaves a room, or refuses its invite. */
  async leave(roomId: RoomId, user: UserId, reason: string | undefined): Promise<void> {
    const { rooms, remoteRooms } = this.#parts;
    const number = await rooms.requireMember(user, roomId);
    const place = await rooms.findMembership(user, number);
    if (!(await rooms.get(number)).isResident && (place?.membership === 'invite' || place?.membership === 'knock')) {
      const content = { ...reasonOf(reason), membership: 'leave' };
      await remoteRooms.leave({ roomId, user, content }, number);
      return;
    }
    await this.#change(number, [user], async (room) => {
      const before = room.membershipOf(user);
      if (before === 'leave') return undefined;
      if (before === 'ban') throw new MatrixError('M_FORBIDDEN', 'You are banned from this room');
      return {
        sender: user,
        type: 'm.room.member',
        stateKey: user,
        content: { ...reasonOf(reason), membership: 'leave' },
      };
    });
  }

  /** Invites a user; one of another server once that server has signed the invite. */
  async invite(change: MembershipChange, isDirect = false): Promise<void> {
    const { sender, target, reason } = change;
    await this.requireInvitable(target);
    const { number } = await this.#parts.rooms.requireJoined(sender, change.roomId);
    const content = await this.memberContent('invite', target, {
      ...reasonOf(reason),
      ...(isDirect && { is_direct: true }),
    });
    const draft = async (room: Room): Promise<EventDraft | undefined> => {
      const before = room.membershipOf(target);
      if (before === 'join' || before === 'ban') {
        throw new MatrixError(
          'M_FORBIDDEN',
          before === 'join' ? 'The user is already in the room' : 'The user is banned',
        );
      }
      return before === 'invite' ? undefined : { sender, type: 'm.room.member', stateKey: target, content };
    };
    if (this.#parts.accounts.isLocal(target)) await this.#change(number, [sender, target], draft);
    else await this.#inviteAbroad(number, [sender, target], draft);
  }

  async #inviteAbroad(
    number: RoomNumber,
    users: readonly UserId[],
    draft: (room: Room) => Promise<EventDraft | undefined>,
  ): Promise<void> {
    const { timeline, remoteRooms } = this.#parts;
    const planned = await timeline.draft(number, users, async (plan, room) => {
      const event = await draft(room);
      return event === undefined ? undefined : plan.add(event);
    });
    if (planned !== undefined) await remoteRooms.invite(number, planned.built);
  }

  /** Throws where nobody of that name can be invited. */
  async requireInvitable(target: UserId): Promise<void> {
    const { accounts } = this.#parts;
    if (!accounts.isLocal(target)) {
      this.#parts.remoteRooms.requireReachable(target);
      return;
    }
    const account = await accounts.findByName(target);
    if (account === undefined || account.deactivated) throw new MatrixError('M_NOT_FOUND', 'There is no such user');
  }

  /** Kicks a member, or takes an invite back. */
  async kick(change: MembershipChange): Promise<void> {
    await this.#setByOther(change, 'leave', (before) => {
      if (before === 'leave' || before === 'ban') throw new MatrixError('M_FORBIDDEN', 'The user is not in the room');
    });
  }

  async ban(change: MembershipChange): Promise<void> {
    await this.#setByOther(change, 'ban', () => {});
  }

  async unban(change: MembershipChange): Promise<void> {
    await this.#setByOther(change, 'leave', (before) => {
      if (before !== 'ban') throw new MatrixError('M_FORBIDDEN', 'The user is not banned');
    });
  }

  async #setByOther(change: MembershipChange, membership: string, check: (before: string) => void): Promise<void> {
    const { sender, target, reason } = change;
    const { number } = await this.#parts.rooms.requireJoined(sender, change.roomId);
    await this.#change(number, [sender, target], async (room) => {
      const before = room.membershipOf(target);
      check(before);
      if (before === membership) return undefined;
      return { sender, type: 'm.room.member', stateKey: target, content: { ...reasonOf(reason), membership } };
    });
  }

  /** Asks to be let in, by one of the servers in `via` where this one is not in the room. */
  async knock(
    roomId: RoomId,
    user: UserId,
    { reason, via = [] }: { reason?: string | undefined; via?: readonly ServerName[] } = {},
  ): Promise<void> {
    const content = await this.memberContent('knock', user, reasonOf(reason));
    const room = await this.#parts.rooms.find(roomId);
    if (room === undefined || !room.isResident) {
      await this.#parts.remoteRooms.knock({ roomId, user, content }, via);
      return;
    }
    await this.#change(room.number, [user], async (current) =>
      current.membershipOf(user) === 'knock'
        ? undefined
        : { sender: user, type: 'm.room.member', stateKey: user, content },
    );
  }

  /** "This API stops a user remembering about a particular room": only after having left it. */
  async forget(roomId: RoomId, user: UserId): Promise<void> {
    const { rooms, context } = this.#parts;
    const number = await rooms.requireMember(user, roomId);
    const membership = await rooms.findMembership(user, number);
    if (membership?.membership !== 'leave' && membership?.membership !== 'ban') {
      throw new MatrixError('M_UNKNOWN', 'You are still in this room', { status: 400 });
    }
    const { store, stream } = context;
    await store.transact((one) => {
      one.rooms.setForgotten(user, number);
      one.onCommit(() => stream.publish({ kind: 'forgotten', user, room: number }));
    });
  }

  /** Plans and commits one member event; `draft` answers `undefined` where there is nothing to do. */
  async #change(
    room: RoomNumber,
    users: readonly UserId[],
    draft: (room: Room) => Promise<EventDraft | undefined>,
  ): Promise<void> {
    await this.#parts.timeline.append(room, users, async (plan, current) => {
      const event = await draft(current);
      if (event !== undefined) plan.add(event);
    });
  }
}

function reasonOf(reason: string | undefined): JsonObject {
  return reason === undefined ? {} : { reason };
}

function isRestricted(room: Room): boolean {
  const rule = joinRuleOf(room.lookup);
  return (
    (rule === 'restricted' && room.rules.allowsRestrictedJoins) ||
    (rule === 'knock_restricted' && room.rules.allowsKnockRestricted)
  );
}
