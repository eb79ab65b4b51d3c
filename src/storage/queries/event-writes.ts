import type { EventId } from '../../matrix/ids.ts';
import type {
  AdoptedEvent,
  EventNumber,
  EventWrites,
  NewEvent,
  RoomNumber,
  TransactionKey,
} from '../../ports/store/index.ts';
import { orNull, type StatementSink } from '../database.ts';
import { eventIdBytes } from '../event-id-code.ts';
import { statusCode } from './codes.ts';
import type { StateKeys } from './state-keys.ts';

const COLUMNS = `number, event_id, room, position, depth, origin_server_ts, line, line_position, content_start,
  content_end, status, rejected_why, main_head`;
const ADD_MESSAGE = `INSERT INTO events (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const ADD_STATE = `INSERT INTO events (${COLUMNS}, state_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
  (SELECT key FROM state_keys WHERE type = ? AND state_key = ?))`;
const PLACE =
  'UPDATE events SET position = ?, line = ?, line_position = ?, status = ?, rejected_why = ?, main_head = ?';
const ADOPT = `${PLACE} WHERE number = ? AND status = 3`;
const REJUDGE = `${PLACE} WHERE number = ? AND status <> 3`;
const ADD_JSON = 'INSERT INTO event_json (number, json) VALUES (?, ?)';
const ADD_RELATION = `INSERT INTO event_relations (child, room, parent, rel_type, relation_key, sender, type, position)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const ADD_EXTREMITY = 'INSERT INTO forward_extremities (room, event) VALUES (?, ?) ON CONFLICT DO NOTHING';
const REMOVE_EXTREMITY = 'DELETE FROM forward_extremities WHERE room = ? AND event = ?';
const REDACT = 'UPDATE events SET content_start = ?, content_end = ?, redacted_by = ? WHERE number = ?';
const REDACT_JSON = 'UPDATE event_json SET json = ? WHERE number = ?';
const REMOVE_RELATION = 'DELETE FROM event_relations WHERE child = ?';
const FORGET_PENDING = 'DELETE FROM pending_redactions WHERE target = (SELECT event_id FROM events WHERE number = ?)';
const EXPECT_REDACTION =
  'INSERT INTO pending_redactions (target, redaction) VALUES (?, ?) ON CONFLICT (target) DO NOTHING';
const RECORD_TRANSACTION = `INSERT INTO transactions (event, user_id, device, scope, transaction_id, sent_at)
  SELECT number, CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT)
  FROM events WHERE event_id = ?`;
// Numbers grow with time: whatever stands before the first row that is young enough is too old.
const DELETE_TRANSACTIONS = `DELETE FROM transactions WHERE event < coalesce(
  (SELECT event FROM transactions WHERE sent_at >= ? ORDER BY event LIMIT 1), 9007199254740991)`;

const REL_TYPE_LENGTH_MAX = 255;

/** Writes of events, extremities, redactions and transaction ids. */
export class EventStatements implements EventWrites {
  readonly #sink: StatementSink;
  readonly #stateKeys: StateKeys;

  constructor(sink: StatementSink, stateKeys: StateKeys) {
    this.#sink = sink;
    this.#stateKeys = stateKeys;
  }

  append(event: NewEvent): void {
    const { sign, statePair, json, contentStart, contentEnd } = event;
    const columns = [
      event.number,
      eventIdBytes(event.eventId),
      event.room,
      event.position,
      event.depth,
      event.originServerTs,
      orNull<number>(event.stateBefore?.line),
      orNull(event.stateBefore?.position),
      contentStart,
      contentEnd,
      statusCode(event.status),
      orNull(event.rejectedWhy),
      orNull(event.mainHead),
    ];
    if (statePair === undefined) {
      this.#sink.run(ADD_MESSAGE, ...columns);
    } else {
      this.#stateKeys.intern(this.#sink, statePair);
      this.#sink.run(ADD_STATE, ...columns, statePair.type, statePair.stateKey);
    }
    if (sign === undefined) this.#sink.run(ADD_JSON, event.number, json);
    else this.#sink.runSigned(ADD_JSON, event.number, { ...sign, json, contentStart, contentEnd });
    this.#relate(event);
  }

  adopt(event: AdoptedEvent): void {
    this.#place(ADOPT, event);
    this.#relate(event);
  }

  rejudge(event: AdoptedEvent): void {
    this.#place(REJUDGE, event);
    this.#sink.run(REMOVE_RELATION, event.number);
    this.#relate(event);
  }

  #place(text: string, event: AdoptedEvent): void {
    this.#sink.runOne(
      text,
      event.position,
      orNull<number>(event.stateBefore?.line),
      orNull(event.stateBefore?.position),
      statusCode(event.status),
      orNull(event.rejectedWhy),
      orNull(event.mainHead),
      event.number,
    );
  }

  #relate(event: AdoptedEvent): void {
    const { relation } = event;
    // What the timeline does not show relates to nothing, and no relation has a name that fills an index page.
    if (relation !== undefined && event.status === 'accepted' && relation.relType.length <= REL_TYPE_LENGTH_MAX) {
      this.#sink.run(
        ADD_RELATION,
        event.number,
        event.room,
        eventIdBytes(relation.parent),
        relation.relType,
        orNull(relation.key),
        relation.sender,
        relation.type,
        event.position,
      );
    }
  }

  setForwardExtremities(room: RoomNumber, add: readonly EventNumber[], remove: readonly EventNumber[]): void {
    for (const event of remove) this.#sink.run(REMOVE_EXTREMITY, room, event);
    for (const event of add) this.#sink.run(ADD_EXTREMITY, room, event);
  }

  redact(event: {
    number: EventNumber;
    json: string;
    contentStart: number;
    contentEnd: number;
    redactedBy: EventId;
  }): void {
    const { number } = event;
    this.#sink.runOne(REDACT, event.contentStart, event.contentEnd, eventIdBytes(event.redactedBy), number);
    this.#sink.erase(REDACT_JSON, event.json, number);
    this.#sink.run(REMOVE_RELATION, number);
    this.#sink.run(FORGET_PENDING, number);
  }

  expectRedaction(target: EventId, redaction: EventId): void {
    this.#sink.run(EXPECT_REDACTION, eventIdBytes(target), eventIdBytes(redaction));
  }

  recordTransaction(row: TransactionKey & { readonly event: EventId; readonly sentAt: number }): void {
    // Deferred: the event may be appended later in the same transaction.
    this.#sink.defer(() =>
      this.#sink.runOne(
        RECORD_TRANSACTION,
        row.user,
        row.device,
        row.scope,
        row.transactionId,
        row.sentAt,
        eventIdBytes(row.event),
      ),
    );
  }

  deleteTransactionsBefore(sentAt: number): void {
    this.#sink.run(DELETE_TRANSACTIONS, sentAt);
  }
}
