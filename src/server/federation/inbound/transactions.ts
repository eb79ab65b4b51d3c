/** Transactions of other servers: each event judged in its room, each EDU handed on, and the answer remembered. */
import { MatrixError } from '../../../matrix/errors.ts';
import { parseRoomId, type RoomId, type ServerName } from '../../../matrix/ids.ts';
import { asObject, getString, type JsonObject } from '../../../matrix/json.ts';
import { JsonParseError } from '../../../matrix/json-parse.ts';
import { type ElementResult, parseElements, sliceMembers } from '../../../matrix/json-slice.ts';
import { serverAclOf } from '../../../rules/membership/server-acl.ts';
import type { Context } from '../../context.ts';
import type { Peers } from '../../peers/index.ts';
import { eventSource, type RemoteRooms } from '../../remote-rooms/index.ts';
import type { Rooms } from '../../rooms/index.ts';
import type { Receiver } from '../../timeline/index.ts';
import { Turns } from './turns.ts';

/** "Transactions … can have at most 50 PDUs and 100 EDUs." */
const PDUS_MAX = 50;
const EDUS_MAX = 100;
/** Servers that are asked for what is missing: the sender first, then others in the room. */
const HELPERS_MAX = 3;

/** Takes one EDU in; what is wrong with it is its own affair. */
type ReceiveEdu = (origin: ServerName, type: string, content: JsonObject) => Promise<void>;

export interface TransactionParts {
  readonly context: Context;
  readonly rooms: Rooms;
  readonly receiver: Receiver;
  readonly remoteRooms: Pick<RemoteRooms, 'untilJoined'>;
  readonly peers: Peers;
  readonly receiveEdu: ReceiveEdu;
}

interface Outcome {
  readonly error?: string;
}

export class InboundTransactions {
  readonly #parts: TransactionParts;
  readonly #turns: Turns;

  constructor(parts: TransactionParts) {
    this.#parts = parts;
    const { clock, metrics } = parts.context;
    const turns = new Turns(clock);
    this.#turns = turns;
    const [waiting, refused] = ['postern_inbound_transactions_waiting', 'postern_inbound_transactions_refused'];
    metrics.gauge(waiting, 'Transactions of other servers that wait for their turn.', () => turns.counts.waiting);
    metrics.gauge(refused, 'Transactions refused since the start as too many waited.', () => turns.counts.refused);
  }

  /**
   * `PUT /send/{txnId}`: the answer, the same for the same transaction. Throws `M_BAD_JSON` and `M_TOO_LARGE`, and
   * `M_LIMIT_EXCEEDED` where too many wait.
   */
  async receive(origin: ServerName, transactionId: string, bytes: Uint8Array): Promise<string> {
    const { context } = this.#parts;
    const { federation } = context.store;
    // Of one server nothing runs beside it: the same transaction a second time finds its answer.
    return await this.#turns.run(origin, bytes.length, async () => {
      const before = await federation.findInboundTransaction(origin, transactionId);
      if (before !== undefined) return before.response;
      const { pdus, edus } = readTransaction(bytes);
      const outcomes = await this.#receivePdus(origin, pdus);
      for (const edu of edus) await this.#receiveEdu(origin, edu);
      const response = JSON.stringify({ pdus: Object.fromEntries(outcomes) });
      const receivedAt = context.clock.now();
      await context.store.transact((transaction) => {
        transaction.federation.putInboundTransaction({ origin, transactionId, response, receivedAt });
      });
      return response;
    });
  }

  async #receivePdus(origin: ServerName, pdus: readonly ElementResult[]): Promise<Map<string, Outcome>> {
    const byRoom = new Map<RoomId, ElementResult[]>();
    for (const pdu of pdus) {
      const roomId = pdu.ok ? parseRoomId(getString(asObject(pdu.parsed.value), 'room_id') ?? '') : undefined;
      if (roomId === undefined) continue;
      byRoom.set(roomId, [...(byRoom.get(roomId) ?? []), pdu]);
    }
    const outcomes = new Map<string, Outcome>();
    await Promise.all(
      Array.from(byRoom, async ([roomId, elements]) => {
        for (const [id, outcome] of await this.#receiveInRoom(origin, roomId, elements)) outcomes.set(id, outcome);
      }),
    );
    return outcomes;
  }

  async #receiveInRoom(
    origin: ServerName,
    roomId: RoomId,
    elements: readonly ElementResult[],
  ): Promise<Map<string, Outcome>> {
    const { rooms, receiver, peers, context, remoteRooms } = this.#parts;
    await remoteRooms.untilJoined(roomId);
    const room = await rooms.find(roomId);
    const outcomes = new Map<string, Outcome>();
    if (room === undefined || room.localJoined.size === 0) return outcomes;
    if (!serverAclOf(room.lookup).allows(origin)) {
      for (const id of assignedIds(elements)) outcomes.set(id, { error: 'The room keeps your server out' });
      return outcomes;
    }
    const others = room.servers.list().filter((server) => server !== origin);
    const source = eventSource([origin, ...others.slice(0, HELPERS_MAX)], { peers, log: context.log });
    const { statuses, dropped } = await receiver.receive(room.number, elements, source);
    for (const [id, status] of statuses) outcomes.set(id, status === 'rejected' ? { error: 'Rejected' } : {});
    for (const { eventId, why } of dropped) if (eventId !== undefined) outcomes.set(eventId, { error: why });
    return outcomes;
  }

  async #receiveEdu(origin: ServerName, { parsed }: Extract<ElementResult, { ok: true }>): Promise<void> {
    const object = asObject(parsed.value);
    const [type, content] = [getString(object, 'edu_type'), asObject(object?.['content'])];
    if (type === undefined || content === undefined) return;
    try {
      await this.#parts.receiveEdu(origin, type, content);
    } catch (error) {
      // One EDU that cannot be used never harms the others, nor the transaction.
      if (!(error instanceof MatrixError)) throw error;
      this.#parts.context.log.debug('an EDU was dropped', { origin, type, why: error.code });
    }
  }
}

/** The parts of a transaction, each parsed alone. */
function readTransaction(bytes: Uint8Array): {
  pdus: readonly ElementResult[];
  edus: readonly Extract<ElementResult, { ok: true }>[];
} {
  try {
    const members = sliceMembers(bytes);
    const listOf = (name: string): readonly ElementResult[] => {
      const range = members.get(name);
      return range === undefined ? [] : parseElements(bytes, range);
    };
    const [pdus, edus] = [listOf('pdus'), listOf('edus')];
    if (pdus.length > PDUS_MAX || edus.length > EDUS_MAX) {
      throw new MatrixError('M_TOO_LARGE', `A transaction has at most ${PDUS_MAX} PDUs and ${EDUS_MAX} EDUs`);
    }
    return { pdus, edus: edus.filter((edu) => edu.ok) };
  } catch (error) {
    if (!(error instanceof JsonParseError)) throw error;
    throw new MatrixError('M_BAD_JSON', 'That is no transaction', { cause: error });
  }
}

/** Ids that events carry themselves, in room versions 1 and 2. */
function assignedIds(elements: readonly ElementResult[]): string[] {
  return elements.flatMap((one) => (one.ok ? (getString(asObject(one.parsed.value), 'event_id') ?? []) : []));
}
