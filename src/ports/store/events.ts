import type { EventId, UserId } from '../../matrix/ids.ts';
import type { EventNumber, RoomNumber, StatePair, StateReference, StreamPosition } from './types.ts';

/** What became of an event when it was judged. */
export type EventStatus = 'accepted' | 'soft-failed' | 'rejected' | 'outlier';

/** An event as stored. */
export interface StoredEvent {
  readonly number: EventNumber;
  readonly eventId: EventId;
  readonly room: RoomNumber;
  /**
   * Order in the room: the stream position it arrived at; below zero for history fetched later; 0 for an
   * outlier, which stands in no timeline.
   */
  readonly position: number;
  /** The canonical JSON of the PDU with its signatures; the redacted form once it has been redacted. */
  readonly json: string;
  /** Where the value of `content` stands in `json`, as UTF-16 offsets: from `contentStart` up to `contentEnd`. */
  readonly contentStart: number;
  readonly contentEnd: number;
  readonly status: EventStatus;
  /** The state before this event; absent for outliers. */
  readonly stateBefore: StateReference | undefined;
  /**
   * Head of the room's main line once this event was in, where that is not what {@link stateBefore} says: after a
   * fork or a merge. The current state at a place of the timeline is the main line up to there.
   */
  readonly mainHead: number | undefined;
  /** The event that redacted this one. */
  readonly redactedBy: EventId | undefined;
}

/** An event of ours on its way to the store: the writer makes the signature and splices it in. */
export interface SignRequest {
  readonly keyId: string;
  readonly serverName: string;
  /** Where `,"signatures":{…}` is inserted into `json`, which is given without it: a UTF-16 offset. */
  readonly insertAt: number;
  /** The redacted value of `content`, which replaces [contentStart, contentEnd) in the bytes that are signed. */
  readonly redactedContent: string;
  /** The text to sign, where it is not `json` with the redacted content: a redaction's `redacts` is not signed. */
  readonly signedText?: string;
}

export interface NewEvent {
  readonly number: EventNumber;
  readonly eventId: EventId;
  readonly room: RoomNumber;
  readonly position: number;
  readonly json: string;
  readonly contentStart: number;
  readonly contentEnd: number;
  readonly status: EventStatus;
  readonly rejectedWhy?: string;
  readonly stateBefore: StateReference | undefined;
  /** See {@link StoredEvent.mainHead}. */
  readonly mainHead?: number | undefined;
  /** Set for a state event. */
  readonly statePair?: { readonly type: string; readonly stateKey: string };
  readonly depth: number;
  readonly originServerTs: number;
  /** Set when the writer is to sign it (PERFORMANCE: the signature stands behind the append). */
  readonly sign?: SignRequest;
  readonly relation?: NewRelation;
}

/** What an outlier becomes once its place in the room is known. */
export type AdoptedEvent = Pick<
  NewEvent,
  'number' | 'eventId' | 'room' | 'position' | 'status' | 'rejectedWhy' | 'stateBefore' | 'mainHead' | 'relation'
>;

/** What is known of an event without reading it. */
export interface EventFacts {
  readonly number: EventNumber;
  readonly eventId: EventId;
  readonly room: RoomNumber;
  readonly status: EventStatus;
  /** Of a state event. */
  readonly statePair: StatePair | undefined;
}

export interface NewRelation {
  readonly parent: EventId;
  readonly relType: string;
  readonly key?: string;
  readonly sender: UserId;
  readonly type: string;
}

/** One direction of a room's timeline, by position; exclusive of `from`, inclusive of `to` where given. */
export interface PageRequest {
  readonly room: RoomNumber;
  readonly from: number;
  readonly to?: number;
  readonly direction: 'backwards' | 'forwards';
  readonly limit: number;
}

export interface RelationsRequest {
  readonly room: RoomNumber;
  readonly parent: EventId;
  readonly relType?: string;
  readonly type?: string;
  readonly from?: number;
  readonly to?: number;
  readonly direction: 'backwards' | 'forwards';
  readonly limit: number;
}

export interface ThreadSummaryRow {
  readonly root: EventId;
  readonly count: number;
  readonly latest: StoredEvent;
  /** Whether the viewer has replied in the thread. */
  readonly participated: boolean;
}

/** "The scope of a transaction ID is for a single device, and a single HTTP endpoint." */
export interface TransactionKey {
  readonly user: UserId;
  readonly device: string;
  readonly scope: string;
  readonly transactionId: string;
}

export interface EventReads {
  /** The events that are stored, in no promised order; those that are not are left out. */
  getEvents(ids: readonly EventId[]): Promise<StoredEvent[]>;
  getEventsByNumber(numbers: readonly EventNumber[]): Promise<StoredEvent[]>;
  /** As {@link getEvents}, without the events themselves. */
  getEventFacts(ids: readonly EventId[]): Promise<EventFacts[]>;
  /** Events of a room that arrived after `after`, in the order of their arrival, whatever became of them. */
  listArrivals(room: RoomNumber, after: number, limit: number): Promise<StoredEvent[]>;
  /** Accepted events of the timeline in the order of `direction`. Soft-failed, rejected and outliers never appear. */
  pageTimeline(request: PageRequest): Promise<StoredEvent[]>;
  /** The nearest accepted event to `timestamp` (milliseconds) in the given direction. */
  findByTimestamp(
    room: RoomNumber,
    timestamp: number,
    direction: 'backwards' | 'forwards',
  ): Promise<StoredEvent | undefined>;
  /** Children by relation, in order of position. */
  pageRelations(request: RelationsRequest): Promise<StoredEvent[]>;
  /** The latest `m.replace` child by each parent's own sender, where there is one. */
  getReplacements(room: RoomNumber, parents: readonly EventId[]): Promise<Map<EventId, StoredEvent>>;
  /** Threads that start at one of `roots`. */
  getThreadSummaries(
    room: RoomNumber,
    roots: readonly EventId[],
    viewer: UserId,
  ): Promise<Map<EventId, ThreadSummaryRow>>;
  /** Roots of a room's threads, the one with the newest reply first, before `from` (a position). */
  pageThreadRoots(
    room: RoomNumber,
    options: { from?: number; limit: number; participant?: UserId },
  ): Promise<{ root: EventId; latestPosition: number }[]>;
  /** Events that nothing cites yet: the next event's `prev_events`. */
  getForwardExtremities(room: RoomNumber): Promise<{ eventId: EventId; number: EventNumber; depth: number }[]>;
  /** The event that this device sent under this transaction id; `scope` names the endpoint and the room. */
  findByTransaction(key: TransactionKey): Promise<EventId | undefined>;
  /** Up to `limit` transaction ids that this device has used, in no order. */
  listTransactions(
    user: UserId,
    device: string,
    limit: number,
  ): Promise<readonly Pick<TransactionKey, 'scope' | 'transactionId'>[]>;
  /** Which of `ids` were sent by this device, and under which transaction id. */
  getTransactionIds(user: UserId, device: string, ids: readonly EventId[]): Promise<Map<EventId, string>>;
  /** Redactions that arrived before the event they redact. */
  getPendingRedactions(ids: readonly EventId[]): Promise<Map<EventId, EventId>>;
  countAfter(room: RoomNumber, position: number): Promise<number>;
}

export interface EventWrites {
  append(event: NewEvent): void;
  /** Gives an outlier its place: position, status and the state before it. */
  adopt(event: AdoptedEvent): void;
  /** Gives an event that has its place another verdict, state or place. */
  rejudge(event: AdoptedEvent): void;
  setForwardExtremities(room: RoomNumber, add: readonly EventNumber[], remove: readonly EventNumber[]): void;
  /** Replaces the stored JSON by its redacted form: the content and its relation are gone from the disk at once. */
  redact(event: {
    number: EventNumber;
    json: string;
    contentStart: number;
    contentEnd: number;
    redactedBy: EventId;
  }): void;
  /** Remembers a redaction whose target is not here yet. */
  expectRedaction(target: EventId, redaction: EventId): void;
  recordTransaction(row: TransactionKey & { readonly event: EventId; readonly sentAt: number }): void;
  deleteTransactionsBefore(sentAt: number): void;
}

/** A page position together with the stream it belongs to. */
export type TimelinePosition = StreamPosition | number;
