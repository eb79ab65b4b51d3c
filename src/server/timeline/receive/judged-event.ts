/** An event with its verdict, and what giving it a place needs. */
import type { EventId } from '../../../matrix/ids.ts';
import type { EventStatus, StoredEvent } from '../../../ports/store/index.ts';
import type { Context } from '../../context.ts';
import { type Lines, type Room, RoomEvent, type Rooms } from '../../rooms/index.ts';
import type { IncomingEvent } from './ingress.ts';
import type { MergeTools } from './merge.ts';
import type { Place } from './places.ts';

export interface AppendTools extends MergeTools {
  readonly context: Context;
  readonly rooms: Rooms;
  readonly lines: Lines;
}

/** An event with its verdict. */
export interface JudgedEvent {
  readonly incoming: IncomingEvent;
  readonly number: StoredEvent['number'];
  /** Whether it is stored already, as an outlier. */
  readonly isStored: boolean;
  readonly status: Exclude<EventStatus, 'outlier'>;
  readonly why: string | undefined;
  readonly before: Place;
  readonly redaction: Redaction | undefined;
  /** Previous events that nobody could give: some day somebody may. */
  readonly gaps?: readonly EventId[];
  /** Set for history that was fetched later: its place in the timeline, below zero. The present stays as it is. */
  readonly historyPosition?: number;
  /** Whether the other servers in the room hear of it from us: a join that was sent to us alone. */
  readonly isForwarded?: boolean;
}

/** What an event has to do with redacting. */
export type Redaction =
  /** It redacts this one. */
  | { readonly kind: 'redacts'; readonly target: StoredEvent }
  /** It redacts one that is not here yet. */
  | { readonly kind: 'awaits'; readonly target: EventId }
  /** This one, which came before it, redacts it. */
  | { readonly kind: 'redacted'; readonly by: RoomEvent };

/** The event as a merge sees it before it has its place. */
export function provisional({ incoming, number, status }: JudgedEvent, room: Room): RoomEvent {
  const { pdu, json, contentStart, contentEnd } = incoming;
  return new RoomEvent({
    number,
    room: room.number,
    position: 0,
    status,
    stateBefore: undefined,
    redactedBy: undefined,
    pdu,
    contentText: json.slice(contentStart, contentEnd),
  });
}
