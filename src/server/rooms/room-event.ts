/** An event as the services use it: parsed once, with the text of its content kept for answers. */
import type { Pdu } from '../../matrix/events.ts';
import { typePdu } from '../../matrix/events.ts';
import type { EventId, RoomId } from '../../matrix/ids.ts';
import { asObject, copyObject, omitKeys } from '../../matrix/json.ts';
import { parseTrusted } from '../../matrix/json-parse.ts';
import { present } from '../../lib/assert.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import type { EventNumber, EventStatus, RoomNumber, StateReference, StoredEvent } from '../../ports/store/index.ts';

export interface RoomEventFields {
  readonly number: EventNumber;
  readonly room: RoomNumber;
  readonly position: number;
  readonly status: EventStatus;
  readonly stateBefore: StateReference | undefined;
  readonly mainHead?: number | undefined;
  readonly redactedBy: EventId | undefined;
  readonly pdu: Pdu;
  /** The canonical JSON of the content, as it was hashed. */
  readonly contentText: string;
}

export class RoomEvent {
  readonly number: EventNumber;
  readonly room: RoomNumber;
  readonly position: number;
  readonly status: EventStatus;
  readonly stateBefore: StateReference | undefined;
  readonly #mainHead: number | undefined;
  readonly redactedBy: EventId | undefined;
  readonly pdu: Pdu;
  readonly contentText: string;
  #clientText: string | undefined;

  constructor(fields: RoomEventFields) {
    this.number = fields.number;
    this.room = fields.room;
    this.position = fields.position;
    this.status = fields.status;
    this.stateBefore = fields.stateBefore;
    this.#mainHead = fields.mainHead;
    this.redactedBy = fields.redactedBy;
    this.pdu = fields.pdu;
    this.contentText = fields.contentText;
  }

  get eventId(): EventId {
    return this.pdu.eventId;
  }

  get isState(): boolean {
    return this.pdu.stateKey !== undefined;
  }

  /** The state after this event; `undefined` for an outlier whose place is not known. */
  get stateAfter(): StateReference | undefined {
    const { stateBefore } = this;
    // A state event is the entry that follows its state on the same line (timeline/receive/placement.ts).
    if (stateBefore === undefined || !this.isState || this.status === 'rejected') return stateBefore;
    return { line: stateBefore.line, position: stateBefore.position + 1 };
  }

  /** Where the main line stood, if that is not what the event's own state says. */
  get ownMainHead(): number | undefined {
    return this.#mainHead;
  }

  /** The same event, of which it is known where the main line stood. */
  withMainHead(mainHead: number): RoomEvent {
    const { number, room, position, status, stateBefore, redactedBy, pdu, contentText } = this;
    return new RoomEvent({ number, room, position, status, stateBefore, mainHead, redactedBy, pdu, contentText });
  }

  /** The same event, of which it is known what state it follows, and where it stands in the stream. */
  placedAt(stateBefore: StateReference | undefined, position: number): RoomEvent {
    const { number, room, status, redactedBy, pdu, contentText } = this;
    return new RoomEvent({ number, room, position, status, stateBefore, redactedBy, pdu, contentText });
  }

  /** The same event with another verdict, and where that has put it. */
  rejudged(place: Pick<RoomEventFields, 'position' | 'status' | 'stateBefore' | 'mainHead'>): RoomEvent {
    const { number, room, redactedBy, pdu, contentText } = this;
    return new RoomEvent({ number, room, redactedBy, pdu, contentText, ...place });
  }

  /** The head of the room's main line once this event was in. */
  get mainHead(): number | undefined {
    return this.#mainHead ?? this.stateAfter?.position;
  }

  /** Roughly what it takes in memory, in bytes. */
  get sizeBytes(): number {
    return 600 + this.contentText.length * 4;
  }

  /**
   * The members that every answer shows of the event, as the inside of a JSON object without `room_id` and
   * `unsigned`. Made once: answers splice it (PERFORMANCE: events are serialised once).
   */
  get clientText(): string {
    this.#clientText ??= clientTextOf(this.pdu, this.contentText);
    return this.#clientText;
  }
}

function clientTextOf(pdu: Pdu, contentText: string): string {
  const { stateKey, type, redacts } = pdu;
  let content = contentText;
  let top = '';
  if (type === 'm.room.redaction') {
    // "For improved compatibility with older clients, servers should add a `redacts` property to the top level of
    // `m.room.redaction` events in this version", and with newer clients "to the content … in older room versions".
    if (redacts !== undefined) top = `,"redacts":${JSON.stringify(redacts)}`;
    // In both places stands what the room version means: clients look into either, and nobody may redact by the other.
    if (pdu.content['redacts'] !== redacts) {
      const rest = omitKeys(pdu.content, 'redacts');
      content = JSON.stringify(redacts === undefined ? rest : copyObject(rest, { redacts }));
    }
  }
  const state = stateKey === undefined ? '' : `,"state_key":${JSON.stringify(stateKey)}`;
  return (
    `"content":${content},"event_id":${JSON.stringify(pdu.eventId)},"origin_server_ts":${pdu.originServerTs}` +
    `${top},"sender":${JSON.stringify(pdu.sender)}${state},"type":${JSON.stringify(type)}`
  );
}

/** Parses a stored event; `room` tells the id and the version of the room it belongs to. */
export function loadRoomEvent(stored: StoredEvent, room: { roomId: RoomId; rules: RoomVersionRules }): RoomEvent {
  const json = present(asObject(parseTrusted(stored.json)), 'a stored event is a JSON object');
  return new RoomEvent({
    number: stored.number,
    room: stored.room,
    position: stored.position,
    status: stored.status,
    stateBefore: stored.stateBefore,
    mainHead: stored.mainHead,
    redactedBy: stored.redactedBy,
    pdu: typePdu(json, stored.eventId, room.rules),
    contentText: stored.json.slice(stored.contentStart, stored.contentEnd),
  });
}
