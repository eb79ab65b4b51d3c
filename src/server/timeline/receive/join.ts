/**
 * Entering a room with the state that a server in it has answered (`send_join`), once `intake.ts` has taken it in: the
 * room stands here with that state, and our join as its only forward extremity. Where the members were left out, the
 * room is open at once, and known to be partial until `complete.ts` has the rest.
 */
import { MatrixError } from '../../../matrix/errors.ts';
import { stateKeyOf, stateLookupOf } from '../../../matrix/events.ts';
import type { EventId, RoomId, ServerName } from '../../../matrix/ids.ts';
import type { ElementResult } from '../../../matrix/json-slice.ts';
import type { RoomVersionRules } from '../../../matrix/room-versions.ts';
import { present } from '../../../lib/assert.ts';
import type {
  PartialRoomRecord,
  RoomNumber,
  StateEntry,
  StreamPosition,
  Transaction,
} from '../../../ports/store/index.ts';
import type { Context } from '../../context.ts';
import { Room, type RoomEvent, type RoomHead } from '../../rooms/index.ts';
import { factOf, memberNewsOf, type StateChange } from '../state-change.ts';
import { writeEvent, writeExtremities } from './append.ts';
import { admit, type IncomingEvent } from './ingress.ts';
import type { EnterTools, TakenState } from './intake.ts';
import { judgeByAuthEvents, judgeByState, pairsToJudge, withClaims } from './judge.ts';
import { type JudgedEvent, provisional } from './judged-event.ts';
import { foundationsOf } from './order.ts';
import { placeAt } from './places.ts';
import { entriesOf } from './plan-writes.ts';
import {
  countsWith,
  currentState,
  differenceBetween,
  forgetToldServers,
  planReplacement,
  type Replacement,
  settleMembers,
  tellServers,
  writeReplacement,
} from './replace-state.ts';

export interface JoinAnswer {
  readonly rules: RoomVersionRules;
  readonly roomId: RoomId;
  /** Our join, as the resident server returned it or as we sent it. */
  readonly join: ElementResult;
  readonly joinId: EventId;
  /** "The resolved current room state prior to the join event", taken in. */
  readonly taken: TakenState;
  /** Where members are missing from the state: the servers in the room. */
  readonly servers: readonly ServerName[] | undefined;
}

/** Everything that entering the room writes. */
interface Entry {
  readonly room: Room;
  readonly judged: JudgedEvent;
  readonly answer: JoinAnswer;
  readonly replacement: Replacement;
  /** The state before the join, as what it differs in from what was here. */
  readonly before: readonly StateEntry[];
}

/**
 * Enters a room. Resolves when everything is durable. Throws `M_FORBIDDEN` where the join does not follow from the
 * state that came with it.
 */
export async function enterRoom(answer: JoinAnswer, tools: EnterTools): Promise<RoomNumber> {
  const { rooms } = tools;
  const { events } = await admit([answer.join], answer, tools);
  const [join] = events;
  if (join?.pdu.eventId !== answer.joinId)
    throw new MatrixError('M_UNKNOWN', 'The other server returned a join that is none', { status: 502 });
  const { room: number } = answer.taken;
  await rooms.exclusively(number, async (room) => {
    await room.settled;
    const known = await currentState(room, tools);
    const judged = await judgeJoin(room, join, answer, tools);
    const target = new Map(answer.taken.state).set(
      stateKeyOf('m.room.member', present(join.pdu.stateKey, 'a join is a state event')),
      judged.number,
    );
    const replacement = await planReplacement(room, [known, target], tools, provisional(judged, room));
    await write(
      { room, judged, answer, replacement, before: entriesOf(differenceBetween(known, answer.taken.state)) },
      tools,
    );
  });
  return number;
}

async function judgeJoin(
  room: Room,
  join: IncomingEvent,
  { taken, servers }: JoinAnswer,
  { context, rooms }: EnterTools,
): Promise<JudgedEvent> {
  const { rules } = room;
  const { pdu } = join;
  const verify = (key: Uint8Array, text: string, signature: Uint8Array): boolean =>
    context.crypto.ed25519Verify(key, text, signature);
  const cited = new Map((await rooms.events.get(foundationsOf(pdu, rules))).map((event) => [event.eventId, event]));
  const numbers = pairsToJudge(pdu, rules).flatMap(
    (pair) => taken.state.get(stateKeyOf(pair.type, pair.stateKey)) ?? [],
  );
  const state = stateLookupOf((await rooms.events.getByNumber(numbers)).map((event) => event.pdu));
  const objection =
    judgeByAuthEvents(pdu, cited, { rules, verify }) ??
    judgeByState(pdu, servers === undefined ? state : withClaims(state, cited), { rules, verify, step: 6 });
  if (objection !== undefined) throw new MatrixError('M_FORBIDDEN', `The join was not allowed: ${objection.why}`);
  const [stored] = await context.store.events.getEventFacts([pdu.eventId]);
  return {
    incoming: join,
    number: stored?.number ?? context.store.allocateEvent(),
    isStored: stored !== undefined,
    status: 'accepted',
    why: undefined,
    before: placeAt(undefined),
    redaction: undefined,
  };
}

async function write(entry: Entry, tools: EnterTools): Promise<void> {
  const { context, rooms } = tools;
  const { room, replacement } = entry;
  const record = recordOf(entry, context);
  await rooms.partial.all();
  const durable = context.store.transact((transaction) => {
    rooms.tie(room, transaction);
    const { event, changes, position } = writeJoin(entry, record, { transaction, context });
    rooms.events.put(event);
    room.remember(event);
    transaction.onCommit(() => {
      settleMembers(replacement, room);
      room.partial = record === undefined ? undefined : { joinEvent: record.joinEvent };
      if (record === undefined) rooms.partial.remove(room.number);
      else rooms.partial.note(record);
      const members = memberNewsOf(changes, context.serverName);
      context.stream.publish({ kind: 'event', position, room: room.number, event: event.number, members });
    });
  });
  room.track(durable);
  await durable;
}

/** What is remembered of a room whose members are still to be fetched. */
function recordOf({ room, answer }: Entry, { clock }: Context): PartialRoomRecord | undefined {
  const { servers, joinId } = answer;
  if (servers === undefined) return undefined;
  const now = clock.now();
  const attempts = { attempts: 0, retryAt: now, since: now, intervalMs: 0, nextServer: 0 };
  return { room: room.number, joinEvent: joinId, servers, ...attempts };
}

function writeJoin(
  { room, judged, replacement, before }: Entry,
  record: PartialRoomRecord | undefined,
  { transaction, context }: { readonly transaction: Transaction; readonly context: Context },
): { event: RoomEvent; changes: readonly StateChange[]; position: StreamPosition } {
  const { serverName } = context;
  const { pdu } = judged.incoming;
  const position = transaction.advance();
  const { mainLine } = room;
  const { mainHead } = room.head;
  const event = provisional(judged, room).placedAt({ line: mainLine, position: mainHead + 1 }, position);
  writeEvent(judged, event, transaction);
  // Everything that came with the join is the next position of the main line, the join itself the one behind it. What
  // was here of the room before we left it is history.
  transaction.rooms.appendState(mainLine, mainHead + 1, before);
  const entry = { type: pdu.type, stateKey: present(pdu.stateKey, 'a join is a state event'), event: event.number };
  transaction.rooms.appendState(mainLine, mainHead + 2, [entry]);
  if (record !== undefined) tellServers(room, record.servers, transaction);
  const counts = countsWith(replacement, room);
  const placed = replacement.changes.map((change) =>
    change.event.number === event.number ? { ...change, event: factOf(event) } : change,
  );
  writeReplacement({ ...replacement, changes: placed }, { transaction, room, serverName, position });
  if (record === undefined) {
    forgetToldServers(room, transaction);
    transaction.federation.deletePartialRoom(room.number);
  } else transaction.federation.putPartialRoom(record);
  for (const id of pdu.prevEvents) transaction.federation.addBackwardExtremity(room.number, id, pdu.depth - 1);
  const extremities = [{ eventId: pdu.eventId, number: event.number, depth: pdu.depth }];
  writeExtremities(extremities, room, transaction);
  const head: RoomHead = { ...counts, mainHead: mainHead + 2, lastPosition: position, lastDepth: pdu.depth };
  transaction.rooms.updateRoom({ number: room.number, mainLine, ...head });
  room.head = head;
  room.extremities = extremities;
  return { event, changes: placed, position };
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
  const head = { mainHead: 0, joinedCount: 0, invitedCount: 0, lastPosition: 0, lastDepth: 0 };
  const whole = { completedPosition: 0, completedHead: 0 };
  rooms.admit(new Room({ ...record, ...head, ...whole }, { rules, state: [], extremities: [], localJoined: [] }));
  return number;
}
