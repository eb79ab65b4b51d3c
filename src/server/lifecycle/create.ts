/** Creating rooms: every first event, the alias and the directory entry in one transaction, or nothing. */
import { MatrixError } from '../../matrix/errors.ts';
import type { RoomAlias, RoomId, UserId } from '../../matrix/ids.ts';
import { ConflictError, type Transaction } from '../../ports/store/index.ts';
import { Room } from '../rooms/index.ts';
import { buildEvent, type PlanTools, RoomPlan } from '../timeline/index.ts';
import { createContent, firstState, type RoomWish } from './initial-state.ts';
import type { LifecycleParts, Memberships } from './membership.ts';

export interface CreateOptions {
  readonly isDirect: boolean;
  readonly published: boolean;
}

type WishedInvites = Pick<RoomWish, 'invitees' | 'creator'>;

/** Invitations in one request: more are made one by one. */
const INVITEES_MAX = 100;

export class Creation {
  readonly #parts: LifecycleParts;
  readonly #memberships: Memberships;
  #lastCreatedAt = 0;

  constructor(parts: LifecycleParts, memberships: Memberships) {
    this.#parts = parts;
    this.#memberships = memberships;
  }

  /**
   * Creates a room and returns its id. Throws `M_ROOM_IN_USE` for a taken alias, `M_INVALID_ROOM_STATE` where the
   * first events contradict each other, and what inviting throws.
   */
  async create(wish: RoomWish, options: CreateOptions): Promise<RoomId> {
    if (wish.invitees.length > INVITEES_MAX) {
      throw new MatrixError('M_INVALID_PARAM', `At most ${INVITEES_MAX} users are invited at once`);
    }
    for (const invitee of wish.invitees) await this.#memberships.requireInvitable(invitee);
    const { timeline, rooms } = this.#parts;
    const tools = this.#planTools();
    const room = this.#emptyRoom(wish, tools, options.published);
    const plan = new RoomPlan(room, tools);
    await this.#fill(plan, wish, options);
    rooms.admit(room);
    try {
      await timeline.commit(plan, (transaction) => this.#writeRoom(transaction, room, { wish, options }));
    } catch (error) {
      if (error instanceof ConflictError)
        throw new MatrixError('M_ROOM_IN_USE', 'The alias is taken', { cause: error });
      throw error;
    }
    await this.#inviteAbroad(room.roomId, wish, options);
    return room.roomId;
  }

  #invitees({ invitees, creator }: WishedInvites): UserId[] {
    return [...new Set(invitees)].filter((invitee) => invitee !== creator);
  }

  /** Users of other servers are invited once the room stands; one that cannot be reached does not undo it. */
  async #inviteAbroad(roomId: RoomId, wish: RoomWish, { isDirect }: CreateOptions): Promise<void> {
    const { accounts, context } = this.#parts;
    for (const target of this.#invitees(wish)) {
      if (accounts.isLocal(target)) continue;
      try {
        await this.#memberships.invite({ roomId, sender: wish.creator, target, reason: undefined }, isDirect);
      } catch (error) {
        if (!(error instanceof MatrixError)) throw error;
        context.log.warn('a user of another server could not be invited', { why: error.code });
      }
    }
  }

  /**
   * Tools whose time no other creation here has had: where a room's id is the hash of its create event, two rooms of
   * one user in one millisecond would be the same room.
   */
  #planTools(): PlanTools {
    const tools = this.#parts.timeline.planTools();
    this.#lastCreatedAt = Math.max(tools.now, this.#lastCreatedAt + 1);
    return { ...tools, now: this.#lastCreatedAt };
  }

  #emptyRoom(wish: RoomWish, tools: PlanTools, published: boolean): Room {
    const { context } = this.#parts;
    const record = {
      number: context.store.allocateRoom(),
      roomId: this.#roomId(wish, tools),
      version: wish.rules.version,
      mainLine: context.store.allocateLine(),
      mainHead: 0,
      joinedCount: 0,
      invitedCount: 0,
      lastPosition: 0,
      lastDepth: 0,
      completedPosition: 0,
      completedHead: 0,
      published,
    };
    return new Room(record, { rules: wish.rules, state: [], extremities: [], localJoined: [], complete: true });
  }

  #roomId(wish: RoomWish, tools: PlanTools): RoomId {
    const { context } = this.#parts;
    if (!wish.rules.roomIdIsCreateHash) {
      return `!${context.random.token(18).replaceAll(/[-_]/g, 'x')}:${context.serverName}` as RoomId;
    }
    // "The room ID is the event ID of the m.room.create event with the sigil `!`": built once to learn it.
    const create = buildEvent(
      {
        rules: wish.rules,
        roomId: undefined,
        sender: wish.creator,
        type: 'm.room.create',
        stateKey: '',
        content: createContent(wish),
        redacts: undefined,
        originServerTs: tools.now,
        depth: 1,
        authEvents: [],
        prevEvents: [],
      },
      tools,
    );
    return create.pdu.roomId;
  }

  async #fill(plan: RoomPlan, wish: RoomWish, options: CreateOptions): Promise<void> {
    const sender = wish.creator;
    const member = async (user: UserId, membership: string): Promise<void> => {
      const more = membership === 'invite' && options.isDirect ? { is_direct: true } : {};
      const content = await this.#memberships.memberContent(membership, user, more);
      plan.add({ sender, type: 'm.room.member', stateKey: user, content });
    };
    try {
      plan.add({ sender, type: 'm.room.create', stateKey: '', content: createContent(wish) });
      await member(sender, 'join');
      for (const { type, stateKey, content } of firstState(wish)) plan.add({ sender, type, stateKey, content });
      for (const invitee of this.#invitees(wish)) {
        if (this.#parts.accounts.isLocal(invitee)) await member(invitee, 'invite');
      }
    } catch (error) {
      if (!(error instanceof MatrixError) || error.code !== 'M_FORBIDDEN') throw error;
      throw new MatrixError('M_INVALID_ROOM_STATE', error.message, { cause: error });
    }
  }

  #writeRoom(
    transaction: Transaction,
    room: Room,
    { wish, options }: { wish: RoomWish; options: CreateOptions },
  ): void {
    const { number, roomId, version, mainLine } = room;
    transaction.rooms.createRoom({ number, roomId, version, mainLine });
    if (wish.alias !== undefined) transaction.rooms.createAlias(wish.alias as RoomAlias, number, wish.creator);
    if (options.published) transaction.rooms.setPublished(number, true);
  }
}
