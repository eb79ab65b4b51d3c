/**
 * Entering a room with the state that a server in it has answered (`send_join`): every event of it passes the ingress
 * and the auth rules; then the room stands here with that state, and our join as its only forward extremity.
 */
import { MatrixError } from '../../../matrix/errors.ts';
import { type StateKey, stateKeyOf, stateKeyOfEvent, stateLookupOf } from '../../../matrix/events.ts';
import type { EventId, RoomId } from '../../../matrix/ids.ts';
import { getString } from '../../../matrix/json.ts';
import type { ElementResult } from '../../../matrix/json-slice.ts';
import type { RoomVersionRules } from '../../../matrix/room-versions.ts';
import type { RoomNumber } from '../../../ports/store/index.ts';
import type { Context } from '../../context.ts';
import { Room, type RoomEvent, type Rooms } from '../../rooms/index.ts';
import type { EnsureKeys } from './source.ts';
import { admit, type IncomingEvent } from './ingress.ts';
import { judgeByAuthEvents, judgeByState } from './judge.ts';
import { foundationsOf, sortByFoundation } from './order.ts';
import { storeOutliers } from './outliers.ts';
import { toolsOf } from './room-tools.ts';
import { appendJudged } from './append.ts';
import { placeAt, placeWith, type Place } from './places.ts';

export interface JoinAnswer {
  readonly roomId: RoomId;
  readonly rules: RoomVersionRules;
  /** Our join, as the resident server returned it or as we sent it. */
  readonly join: ElementResult;
  /** "The resolved current room state prior to the join event." */
  readonly state: readonly ElementResult[];
  readonly authChain: readonly ElementResult[];
}

export interface EnterTools {
  readonly context: Context;
  readonly rooms: Rooms;
  readonly ensureKeys: EnsureKeys;
}

/** What of an answer has passed: the join, and what it stands on. */
interface CheckedAnswer {
  readonly join: IncomingEvent;
  readonly events: ReadonlyMap<EventId, IncomingEvent>;
  readonly state: ReadonlyMap<StateKey, EventId>;
}

/**
 * Enters a room. Resolves when everything is durable. Throws `M_FORBIDDEN` where the join does not follow from the
 * state that came with it, and an error for a state without a create event of that room version.
 */
export async function enterRoom(answer: JoinAnswer, tools: EnterTools): Promise<RoomNumber> {
  const checked = await checkAnswer(answer, tools);
  const { context, rooms } = tools;
  const number = (await rooms.findNumber(answer.roomId)) ?? (await createEmptyRoom(answer, tools));
  return await rooms.exclusively(number, async (room) => {
    await room.settled;
    const roomTools = await toolsOf(room, context, rooms);
    const known = new Set((await rooms.events.get([...checked.events.keys()])).map(({ eventId }) => eventId));
    const fresh = new Map([...checked.events].filter(([id]) => !known.has(id)));
    await storeOutliers(
      sortByFoundation(fresh, ({ pdu }) => foundationsOf(pdu, room.rules)),
      roomTools,
    );
    const { appended } = await appendJoin(room, checked, tools);
    await appended;
    return number;
  });
}

/** Our own member event over the state that came with it. */
async function appendJoin(
  room: Room,
  { join, state }: CheckedAnswer,
  { context, rooms }: EnterTools,
): Promise<{ appended: Promise<RoomEvent> }> {
  const tools = await toolsOf(room, context, rooms);
  const events = await rooms.events.get([...state.values()]);
  const accepted = events.filter((event) => event.room === room.number && event.status !== 'rejected');
  const cited = new Map(
    (await rooms.events.get(foundationsOf(join.pdu, room.rules))).map((event) => [event.eventId, event]),
  );
  const verify = (key: Uint8Array, text: string, signature: Uint8Array): boolean =>
    context.crypto.ed25519Verify(key, text, signature);
  const { rules } = room;
  const objection =
    judgeByAuthEvents(join.pdu, cited, { rules, verify }) ??
    judgeByState(join.pdu, stateLookupOf(accepted.map(({ pdu }) => pdu)), { rules, verify, step: 6 });
  if (objection !== undefined) throw new MatrixError('M_FORBIDDEN', `The join was not allowed: ${objection.why}`);
  let before: Place = placeAt(undefined);
  for (const event of accepted) {
    const key = stateKeyOfEvent(event.pdu);
    if (key !== undefined) before = placeWith(before, key, event.number);
  }
  const stored = (await context.store.events.getEvents([join.pdu.eventId]))[0];
  const { durable } = await appendJudged(
    {
      incoming: join,
      number: stored?.number ?? context.store.allocateEvent(),
      isStored: stored !== undefined,
      status: 'accepted',
      why: undefined,
      before,
      redaction: undefined,
      // What was here of the room before we left it is history: the state that came with the join stands for it.
      startsAnew: true,
    },
    tools,
  );
  return { appended: durable };
}

async function checkAnswer(answer: JoinAnswer, tools: EnterTools): Promise<CheckedAnswer> {
  const [joined, state, chain] = await Promise.all([
    admit([answer.join], answer, tools),
    admit(answer.state, answer, tools),
    admit(answer.authChain, answer, tools),
  ]);
  const [join] = joined.events;
  if (join === undefined)
    throw new MatrixError('M_UNKNOWN', 'The other server returned a join that is none', { status: 502 });
  const events = new Map([...chain.events, ...state.events].map((event) => [event.pdu.eventId, event]));
  const byKey = new Map<StateKey, EventId>();
  for (const { pdu } of state.events) {
    const key = stateKeyOfEvent(pdu);
    if (key !== undefined) byKey.set(key, pdu.eventId);
  }
  checkCreateEvent(answer, byKey, events);
  return { join, events, state: byKey };
}

/** The room version comes from the verified create event, never from what the peer says beside it (adv-045). */
function checkCreateEvent(
  { roomId, rules }: JoinAnswer,
  state: ReadonlyMap<StateKey, EventId>,
  events: ReadonlyMap<EventId, IncomingEvent>,
): void {
  const id = state.get(stateKeyOf('m.room.create', ''));
  const create = id === undefined ? undefined : events.get(id)?.pdu;
  const version = getString(create?.content, 'room_version') ?? '1';
  if (create === undefined || version !== rules.version || create.roomId !== roomId) {
    throw new MatrixError('M_UNKNOWN', 'The other server answered with another room', { status: 502 });
  }
}

/** A room without events: what follows fills it. */
export async function createEmptyRoom(
  { roomId, rules }: Pick<JoinAnswer, 'roomId' | 'rules'>,
  { context, rooms }: Pick<EnterTools, 'context' | 'rooms'>,
): Promise<RoomNumber> {
  const { store } = context;
  await rooms.untilUnhidden(roomId);
  const number = store.allocateRoom();
  const mainLine = store.allocateLine();
  await store.transact((transaction) => {
    transaction.rooms.createRoom({ number, roomId, version: rules.version, mainLine });
  });
  const record = { number, roomId, version: rules.version, mainLine, published: false };
  const empty = { mainHead: 0, joinedCount: 0, invitedCount: 0, lastPosition: 0, lastDepth: 0 };
  rooms.admit(new Room({ ...record, ...empty }, { rules, state: [], extremities: [], localJoined: [] }));
  return number;
}
