/** The authorisation rules of an event against a state. Pure: the caller says which state. */
import { serverOf } from '../../matrix/ids.ts';
import { getBoolean } from '../../matrix/json.ts';
import { ACCEPT, type AuthVerdict, reject } from '../verdict.ts';
import { checkAliases } from './aliases.ts';
import { checkPowerLevels } from './change-power-levels.ts';
import { type AuthContext, type AuthInput, contextOf, membershipOf } from './context.ts';
import { checkCreate } from './create.ts';
import { checkMember } from './member.ts';
import { checkRedaction } from './redaction.ts';
import { checkThirdPartyInvite } from './third-party-invite.ts';

/** The rules for everything but create, aliases and member events. */
function checkOther(context: AuthContext): AuthVerdict {
  const { event, state, rules } = context;
  // "If the `sender`'s current membership state is not `join`, reject."
  if (membershipOf(state, event.sender) !== 'join') return reject('sender.joined', 'the sender is not joined');
  if (event.type === 'm.room.third_party_invite') return checkThirdPartyInvite(context);
  // "If the event type's *required power level* is greater than the `sender`'s power level, reject."
  if (context.levels.requiredLevel(event.type, event.stateKey !== undefined) > context.senderLevel) {
    return reject('sender.level', `may not send ${event.type}`);
  }
  // "If the event has a `state_key` that starts with an `@` and does not match the `sender`, reject."
  if (event.stateKey?.startsWith('@') === true && event.stateKey !== event.sender) {
    return reject('state_key', 'the state key is another user');
  }
  if (event.type === 'm.room.power_levels') return checkPowerLevels(context);
  if (event.type === 'm.room.redaction' && rules.authorisesRedactions) return checkRedaction(context);
  return ACCEPT;
}

/**
 * Judges an event by the authorisation rules of its room version against `state`. A create event is judged alone.
 * What concerns the event's own `auth_events` is {@link checkAuthEvents}'s part.
 */
export function checkAuth(input: AuthInput): AuthVerdict {
  const { event, rules, state } = input;
  if (event.type === 'm.room.create') return checkCreate(event, rules);
  const create = state('m.room.create', '');
  if (create === undefined) return reject('create.absent', 'the state has no create event');
  // "If the `content` of the `m.room.create` event in the room state has the property `m.federate` set to `false`, and
  // the `sender` domain of the event does not match the `sender` domain of the create event, reject."
  if (getBoolean(create.content, 'm.federate') === false && serverOf(event.sender) !== serverOf(create.sender)) {
    return reject('federate', 'the room does not federate');
  }
  const context = contextOf(input, create);
  if (event.type === 'm.room.aliases' && rules.authorisesAliases) return checkAliases(context);
  return event.type === 'm.room.member' ? checkMember(context) : checkOther(context);
}
