/**
 * The planning phase of sending: builds events one after another over a room's current state, judges each, and
 * changes nothing. What is planned becomes real in `commit.ts`, all of it or none.
 */
import { assert } from '../../lib/assert.ts';
import type { Pdu, StateKey, StateLookup } from '../../matrix/events.ts';
import { DEPTH_MAX, stateKeyOf } from '../../matrix/events.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { EventId, UserId } from '../../matrix/ids.ts';
import type { JsonObject } from '../../matrix/json.ts';
import { authEventKeys, checkAuth, findUnreadableLevel } from '../../rules/auth/index.ts';
import type { VerifySignature } from '../../rules/signatures/verify.ts';
import type { EventNumber, StateReference, StoredEvent } from '../../ports/store/index.ts';
import type { Extremity, Room } from '../rooms/index.ts';
import { type BuildTools, type BuiltEvent, buildEvent } from './build-event.ts';

/** An event that somebody here wants to send. */
export interface EventDraft {
  readonly sender: UserId;
  readonly type: string;
  readonly stateKey?: string;
  readonly content: JsonObject;
  readonly redacts?: EventId;
  /** The event that a redaction names, as stored, when it is here. */
  readonly redactionTarget?: StoredEvent;
}

export interface PlanTools extends BuildTools {
  readonly allocateEvent: () => EventNumber;
  readonly verify: VerifySignature;
  readonly now: number;
}

export interface PlannedEvent {
  readonly number: EventNumber;
  readonly built: BuiltEvent;
  readonly stateBefore: StateReference;
  /** The state event that this one replaces. */
  readonly replaces: Pdu | undefined;
  readonly redactionTarget: StoredEvent | undefined;
  /** The event with every signature that it needs, where ours alone does not do; else the writer signs. */
  readonly signed?: string;
}

/** "prev_events … at most 20": ten are enough to tie a room together. */
export const PREV_EVENTS_MAX = 10;

export class RoomPlan {
  readonly room: Room;
  readonly events: PlannedEvent[] = [];
  readonly #tools: PlanTools;
  readonly #changed = new Map<StateKey, Pdu>();
  #linePosition: number;
  #extremities: readonly Extremity[];

  constructor(room: Room, tools: PlanTools) {
    this.room = room;
    this.#tools = tools;
    this.#linePosition = room.head.mainHead;
    this.#extremities = room.extremities;
  }

  /** The state as it will be after what has been planned. */
  readonly lookup: StateLookup = (type, stateKey) =>
    this.#changed.get(stateKeyOf(type, stateKey)) ?? this.room.lookup(type, stateKey);

  /** The events that nothing cites once the plan is carried out. */
  get extremities(): readonly Extremity[] {
    return this.#extremities;
  }

  /** Head of the main line once the plan is carried out. */
  get linePosition(): number {
    return this.#linePosition;
  }

  /** Builds, judges and adds an event. Throws `M_FORBIDDEN` with the rule's reason, or the error for its form. */
  add(draft: EventDraft): PlannedEvent {
    const built = this.#build(draft);
    const { pdu } = built;
    const verdict = checkAuth({ rules: this.room.rules, event: pdu, state: this.lookup, verify: this.#tools.verify });
    if (!verdict.accept) throw new MatrixError('M_FORBIDDEN', `Not allowed in this room: ${verdict.why}`);
    const planned: PlannedEvent = {
      number: this.#tools.allocateEvent(),
      built,
      stateBefore: { line: this.room.mainLine, position: this.#linePosition },
      replaces: pdu.stateKey === undefined ? undefined : this.lookup(pdu.type, pdu.stateKey),
      redactionTarget: draft.redactionTarget,
    };
    if (pdu.stateKey !== undefined) {
      this.#changed.set(stateKeyOf(pdu.type, pdu.stateKey), pdu);
      this.#linePosition += 1;
    }
    const cited = new Set(pdu.prevEvents);
    const left = this.#extremities.filter(({ eventId }) => !cited.has(eventId));
    this.#extremities = [...left, { eventId: pdu.eventId, number: planned.number, depth: pdu.depth }];
    this.events.push(planned);
    return planned;
  }

  /** Gives a planned event its signatures, so that the writer need not. */
  setSigned(planned: PlannedEvent, signed: string): void {
    const index = this.events.indexOf(planned);
    assert(index >= 0, 'the event is part of the plan');
    this.events[index] = { ...planned, signed };
  }

  #build(draft: EventDraft): BuiltEvent {
    const { rules } = this.room;
    checkContent(draft, this.room);
    const subject = { type: draft.type, sender: draft.sender, stateKey: draft.stateKey, content: draft.content };
    const authEvents = authEventKeys(subject, rules).flatMap(({ type, stateKey }) => this.lookup(type, stateKey) ?? []);
    const prevEvents = this.#extremities.slice(0, PREV_EVENTS_MAX);
    const deepest = prevEvents.reduce((depth, one) => Math.max(depth, one.depth), 0);
    const isCreate = draft.type === 'm.room.create' && draft.stateKey === '';
    return buildEvent(
      {
        rules,
        roomId: isCreate && rules.roomIdIsCreateHash ? undefined : this.room.roomId,
        sender: draft.sender,
        type: draft.type,
        stateKey: draft.stateKey,
        content: draft.content,
        redacts: draft.redacts,
        originServerTs: this.#tools.now,
        depth: Math.min(deepest + 1, DEPTH_MAX),
        authEvents: authEvents.map((pdu) => ({ eventId: pdu.eventId, pdu })),
        prevEvents: prevEvents.map((one) => this.#cited(one)),
      },
      this.#tools,
    );
  }

  #cited({ eventId }: Extremity): { eventId: EventId; pdu?: Pdu } {
    const planned = this.events.find((one) => one.built.pdu.eventId === eventId);
    const pdu = planned?.built.pdu ?? this.room.recent(eventId)?.pdu;
    return pdu === undefined ? { eventId } : { eventId, pdu };
  }
}

/** What a well-meaning client should be told of before an auth rule or a peer trips over it. */
function checkContent(draft: EventDraft, room: Room): void {
  if (draft.type === 'm.room.power_levels' && draft.stateKey === '') {
    const unreadable = findUnreadableLevel(draft.content, room.rules);
    if (unreadable !== undefined) throw new MatrixError('M_BAD_JSON', `${unreadable} is no power level`);
  }
  if (draft.type === 'm.room.member' && typeof draft.content['membership'] !== 'string') {
    throw new MatrixError('M_BAD_JSON', 'membership is a string');
  }
}
