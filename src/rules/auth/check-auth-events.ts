/** The authorisation rules that need no state: the create event itself, and what an event cites as `auth_events`. */
import { createEventIdOf, type Pdu, stateKeyOf, stateKeyOfEvent } from '../../matrix/events.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import { ACCEPT, type AuthVerdict, reject } from '../verdict.ts';
import { authEventKeySet } from './auth-event-keys.ts';
import { checkCreate } from './create.ts';

/** An event that another one cites, with what became of it. */
export interface CitedEvent {
  readonly event: Pdu;
  readonly rejected: boolean;
}

export interface AuthEventsInput {
  readonly rules: RoomVersionRules;
  readonly event: Pdu;
  /** All of the event's `auth_events`, each once, as the store has them; a missing one is fetched first or refused. */
  readonly authEvents: readonly CitedEvent[];
  /** The event whose id the room id stands for, where the room version derives room ids (version 12). */
  readonly create?: CitedEvent | undefined;
}

/** "If the event's `room_id` is not an event ID for an accepted (not rejected) `m.room.create` event …, reject." */
function checkRoomId({ event, create }: AuthEventsInput): AuthVerdict {
  const isCreate =
    create !== undefined &&
    !create.rejected &&
    create.event.type === 'm.room.create' &&
    create.event.stateKey === '' &&
    create.event.eventId === createEventIdOf(event.roomId);
  return isCreate ? ACCEPT : reject('room_id', 'the room id stands for no accepted create event');
}

function checkCited(input: AuthEventsInput): AuthVerdict {
  const { event, rules } = input;
  const allowed = authEventKeySet(event, rules);
  const seen = new Set<string>();
  for (const { event: cited, rejected } of input.authEvents) {
    const key = stateKeyOfEvent(cited);
    // "If there are entries whose `type` and `state_key` don't match those specified by the auth events selection
    // algorithm …, reject."
    if (key === undefined || !allowed.has(key)) {
      return reject('auth_events.unexpected', `${cited.type} is no auth event of this event`);
    }
    // "If there are duplicate entries for a given `type` and `state_key` pair, reject."
    if (seen.has(key)) return reject('auth_events.duplicate', `two events for ${cited.type}`);
    seen.add(key);
    // "If there are entries which were themselves rejected …, reject."
    if (rejected) return reject('auth_events.rejected', `${cited.eventId} was rejected`);
    // "If any event in `auth_events` has a `room_id` which does not match that of the event being authorised, reject."
    if (cited.roomId !== event.roomId) return reject('auth_events.room', `${cited.eventId} is of another room`);
  }
  // "If there is no `m.room.create` event among the entries, reject."
  if (!rules.roomIdIsCreateHash && !seen.has(stateKeyOf('m.room.create', ''))) {
    return reject('auth_events.create', 'no create event is cited');
  }
  return ACCEPT;
}

/** Judges an event by the rules that look at no state but only at the event and at what it cites. */
export function checkAuthEvents(input: AuthEventsInput): AuthVerdict {
  const { event, rules } = input;
  if (event.type === 'm.room.create') return checkCreate(event, rules);
  if (rules.roomIdIsCreateHash) {
    const room = checkRoomId(input);
    if (!room.accept) return room;
  }
  // A citation that is not among the given events is unknown to us; a repeated one is a duplicate.
  if (input.authEvents.length !== event.authEvents.length) {
    return reject('auth_events.missing', 'an auth event is missing or cited twice');
  }
  return checkCited(input);
}
