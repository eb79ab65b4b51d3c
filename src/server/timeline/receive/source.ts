/** What receiving an event may ask of other servers. Federation brings it; every answer is hostile until checked. */
import type { EventId, RoomId, ServerName } from '../../../matrix/ids.ts';
import type { ElementResult } from '../../../matrix/json-slice.ts';
import type { FindServerKey } from '../../../rules/signatures/verify.ts';

export interface MissingRequest {
  /** "The latest event IDs that the sender already has": the walk stops there. */
  readonly earliest: readonly EventId[];
  /** "The event IDs to retrieve the previous events for." */
  readonly latest: readonly EventId[];
  readonly limit: number;
}

/** The ids of a state and of what it stands on. */
export interface StateIds {
  readonly state: readonly EventId[];
  readonly authChain: readonly EventId[];
}

/** What was given of the events that somebody was asked for. */
export interface GivenEvents {
  readonly elements: readonly ElementResult[];
  /** Those that nobody gave, though the likeliest server has not said that it has none: it may give them later. */
  readonly open: readonly EventId[];
}

/** A server, or several in turn, that may know more of a room. A failure is an empty answer, never an exception. */
export interface EventSource {
  /** `POST /get_missing_events/{roomId}`. */
  getMissingEvents(roomId: RoomId, request: MissingRequest): Promise<readonly ElementResult[]>;
  /** `GET /backfill/{roomId}`: these events and those before them. */
  backfill(roomId: RoomId, from: readonly EventId[], limit: number): Promise<readonly ElementResult[]>;
  /** `GET /state_ids/{roomId}`: the state before an event. */
  getStateIds(roomId: RoomId, eventId: EventId): Promise<StateIds | undefined>;
  /** `GET /event/{eventId}` for each. */
  getEvents(roomId: RoomId, eventIds: readonly EventId[]): Promise<GivenEvents>;
  /** `GET /event_auth/{roomId}/{eventId}`: the whole auth chain. */
  getAuthChain(roomId: RoomId, eventId: EventId): Promise<readonly ElementResult[]>;
}

export interface WantedKeys {
  readonly server: ServerName;
  readonly keyIds: readonly string[];
}

/** Brings the published keys of servers, from memory, the store or the network; unknown ones are not found later. */
export type EnsureKeys = (wanted: readonly WantedKeys[]) => Promise<FindServerKey>;
