/**
 * Completing a room that was joined without its members, once every event of the state before the join is here: that
 * state becomes a line of its own, everything that has arrived since is judged again from there on, in the order of its
 * arrival, and the state that comes out of it takes the place of the current one. A stop in between loses nothing: the
 * room is partial until the last transaction.
 */
import { splitStateKey, stateKeyOf } from '../../../matrix/events.ts';
import type { EventId } from '../../../matrix/ids.ts';
import type { LineNumber, RoomNumber } from '../../../ports/store/index.ts';
import type { Context } from '../../context.ts';
import type { Room, Rooms } from '../../rooms/index.ts';
import { memberNewsOf } from '../state-change.ts';
import { writeExtremities } from './append.ts';
import type { AppendTools } from './judged-event.ts';
import { judgePlaced } from './state-before.ts';
import { entriesOf } from './plan-writes.ts';
import { Replay } from './replay.ts';
import {
  countsWith,
  currentState,
  differenceBetween,
  forgetToldServers,
  planReplacement,
  settleMembers,
  type WholeState,
  writeReplacement,
} from './replace-state.ts';
import { toolsOf } from './room-tools.ts';

/** Entries of one transaction: others do not wait longer than for that. */
const WRITTEN_AT_ONCE = 1_000;

export interface CompleteTools {
  readonly context: Context;
  readonly rooms: Rooms;
}

export interface WholeAnswer {
  readonly room: RoomNumber;
  readonly joinEvent: EventId;
  /** The state before the join. */
  readonly state: WholeState;
}

/**
 * What came of it: the room is `whole`; the state is `contradictory`, and another server should be asked; or it is
 * `outdated`, because the room has been left or entered again meanwhile.
 */
export type Completion = 'whole' | 'contradictory' | 'outdated';

/** Completes a room; resolves when everything is durable. */
export async function completeRoom(answer: WholeAnswer, tools: CompleteTools): Promise<Completion> {
  const { context, rooms } = tools;
  const isSound = await rooms.exclusively(answer.room, async (room) => {
    await room.settled;
    return await allowsJoin(answer, await toolsOf(room, context, rooms));
  });
  if (!isSound) return 'contradictory';
  const line = await writeBase(answer, tools);
  const replay = new Replay(answer.joinEvent, line);
  for (;;) {
    // Between two stretches others have their turn: what they send is part of a later one.
    const outcome = await rooms.exclusively(answer.room, async (room): Promise<Completion | undefined> => {
      await room.settled;
      if (room.partial?.joinEvent !== answer.joinEvent || room.localJoined.size === 0) return 'outdated';
      const roomTools = await toolsOf(room, context, rooms);
      if (await replay.next(roomTools)) return undefined;
      await replaceState(room, replay, roomTools);
      return 'whole';
    });
    if (outcome !== undefined) return outcome;
  }
}

/** Whether the state is one that our join can have followed: of this room, and not against it. */
async function allowsJoin({ joinEvent, state }: WholeAnswer, tools: AppendTools): Promise<boolean> {
  const { room, events } = tools;
  const create = room.state('m.room.create', '');
  const join = await events.get([joinEvent]);
  const [pdu] = join.map((event) => event.pdu);
  if (create === undefined || pdu === undefined) return false;
  const isOfRoom = state.get(stateKeyOf('m.room.create', '')) === create.number;
  const before = { base: undefined, changes: state };
  return (
    isOfRoom && (await judgePlaced(pdu, { before, current: undefined, isPartial: false }, tools)).status === 'accepted'
  );
}

/** Writes the state before the join as a line of its own, at which nothing looks yet. */
async function writeBase({ room, state }: WholeAnswer, { context }: CompleteTools): Promise<LineNumber> {
  const line = context.store.allocateLine();
  await context.store.transact((transaction) => {
    transaction.rooms.openLine({ line, room, parent: undefined, head: 0 });
  });
  const entries = Array.from(state, ([key, event]) => ({ ...splitStateKey(key), event }));
  for (let at = 0; at < entries.length; at += WRITTEN_AT_ONCE) {
    const some = entries.slice(at, at + WRITTEN_AT_ONCE);
    await context.store.transact((transaction) => transaction.rooms.appendState(line, 0, some));
  }
  return line;
}

/** The one moment at which the room becomes whole. */
async function replaceState(room: Room, replay: Replay, tools: AppendTools): Promise<void> {
  const { context, rooms, places } = tools;
  const known = await currentState(room, tools);
  const target = await places.wholeAt(replay.current);
  const replacement = await planReplacement(room, [known, target], tools);
  const entries = entriesOf(differenceBetween(known, target));
  const { serverName } = context;
  const before = new Set(room.servers.list());
  const { extremities } = replay;
  const durable = context.store.transact((transaction) => {
    rooms.tie(room, transaction);
    const position = transaction.advance();
    const { mainLine, number } = room;
    const mainHead = room.head.mainHead + Number(entries.length > 0);
    if (entries.length > 0) transaction.rooms.appendState(mainLine, mainHead, entries);
    const counts = countsWith(replacement, room);
    writeReplacement(replacement, { transaction, room, serverName, position });
    forgetToldServers(room, transaction);
    writeExtremities(extremities, room, transaction);
    const head = { ...room.head, ...counts, mainHead, lastPosition: position };
    transaction.rooms.updateRoom({ number, mainLine, ...head });
    transaction.rooms.setCompleted(number, mainHead);
    transaction.federation.deletePartialRoom(number);
    room.head = head;
    room.extremities = extremities;
    const servers = room.servers.list().filter((server) => !before.has(server));
    const members = memberNewsOf(replacement.changes, serverName);
    transaction.onCommit(() => {
      settleMembers(replacement, room);
      room.complete(position, mainHead);
      rooms.partial.remove(number);
      context.stream.publish({ kind: 'state', position, room: number, members, servers });
    });
  });
  room.track(durable);
  await durable;
  const { changed } = replay;
  context.log.info('the state of a room is whole', { members: room.head.joinedCount, changedVerdicts: changed });
}
