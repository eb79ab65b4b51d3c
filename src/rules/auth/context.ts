/** What the authorisation rules of one event type get to see. */
import type { Pdu, StateLookup } from '../../matrix/events.ts';
import type { ServerName } from '../../matrix/ids.ts';
import { serverOf } from '../../matrix/ids.ts';
import { getString } from '../../matrix/json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import type { VerifySignature } from '../signatures/verify.ts';
import { type PowerLevels, powerLevelsOf } from './power-levels.ts';

export interface AuthInput {
  readonly rules: RoomVersionRules;
  readonly event: Pdu;
  /** The state against which the event is judged; also finds the create event, in every room version. */
  readonly state: StateLookup;
  /** Verifies the signed block of a third-party invite. */
  readonly verify: VerifySignature;
}

export interface AuthContext extends AuthInput {
  readonly create: Pdu;
  readonly levels: PowerLevels;
  readonly senderLevel: number;
}

/** Adds to the input what nearly every rule asks. */
export function contextOf(input: AuthInput, create: Pdu): AuthContext {
  const levels = powerLevelsOf(input.state, input.rules);
  return { ...input, create, levels, senderLevel: levels.powerLevelOf(input.event.sender) };
}

/** The membership of a user in a state: `leave` where there is no readable member event. */
export function membershipOf(state: StateLookup, user: string): string {
  return getString(state('m.room.member', user)?.content, 'membership') ?? 'leave';
}

/** The join rule of a state; "invite" where there is none. */
export function joinRuleOf(state: StateLookup): string {
  return getString(state('m.room.join_rules', '')?.content, 'join_rule') ?? 'invite';
}

/** The server of an event's sender. */
export function senderServer(event: Pdu): ServerName | undefined {
  return serverOf(event.sender);
}
