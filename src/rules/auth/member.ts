/** The rules for `m.room.member`, one function per membership. */
import { parseUserId } from '../../matrix/ids.ts';
import { getString, hasKey } from '../../matrix/json.ts';
import { ACCEPT, acceptIf, type AuthVerdict, reject } from '../verdict.ts';
import { type AuthContext, joinRuleOf, membershipOf } from './context.ts';
import { creatorsOf } from './power-levels.ts';
import { checkRedeemedInvite } from './third-party-invite.ts';

/** "If the only previous event is an `m.room.create` and the `state_key` is the creator, allow." */
function isCreatorsFirstJoin({ event, create, rules }: AuthContext, target: string): boolean {
  const follows = event.prevEvents.length === 1 && event.prevEvents[0] === create.eventId;
  if (!follows) return false;
  // From version 12 on "the `state_key` is the sender of the `m.room.create`": additional creators have no part in it.
  return rules.creator === 'content' ? creatorsOf(create, rules).has(target) : create.sender === target;
}

function checkRestrictedJoin(context: AuthContext, current: string): AuthVerdict {
  // "If membership state is `join` or `invite`, allow."
  if (current === 'join' || current === 'invite') return ACCEPT;
  // "If the `join_authorised_via_users_server` key in `content` is not a user with sufficient permission to invite
  // other users or is not a joined member of the room, reject."
  const authoriser = getString(context.event.content, 'join_authorised_via_users_server');
  if (authoriser === undefined) return reject('member.join.authoriser', 'no authorising user');
  if (membershipOf(context.state, authoriser) !== 'join') {
    return reject('member.join.authoriser', 'the authorising user is not joined');
  }
  const mayInvite = context.levels.powerLevelOf(authoriser) >= context.levels.level('invite');
  return acceptIf(mayInvite, 'member.join.authoriser', 'the authorising user may not invite');
}

function checkJoin(context: AuthContext, target: string): AuthVerdict {
  const { event, state, rules } = context;
  if (isCreatorsFirstJoin(context, target)) return ACCEPT;
  // "If the `sender` does not match `state_key`, reject."
  if (event.sender !== target) return reject('member.join.sender', 'a join for another user');
  const current = membershipOf(state, target);
  // "If the `sender` is banned, reject."
  if (current === 'ban') return reject('member.join.banned', 'the user is banned');
  const rule = joinRuleOf(state);
  // "If the `join_rule` is `invite` or `knock` then allow if membership state is `invite` or `join`."
  if (rule === 'invite' || (rule === 'knock' && rules.allowsKnocking)) {
    return acceptIf(current === 'invite' || current === 'join', 'member.join.invite', 'the user is not invited');
  }
  // "If the `join_rule` is `restricted` or `knock_restricted`".
  const isRestricted =
    (rule === 'restricted' && rules.allowsRestrictedJoins) ||
    (rule === 'knock_restricted' && rules.allowsKnockRestricted);
  if (isRestricted) return checkRestrictedJoin(context, current);
  // "If the `join_rule` is `public`, allow. Otherwise, reject."
  return acceptIf(rule === 'public', 'member.join.rule', `join rule ${rule}`);
}

function checkInvite(context: AuthContext, target: string): AuthVerdict {
  const { event, state } = context;
  // "If `content` has a `third_party_invite` property".
  if (hasKey(event.content, 'third_party_invite')) return checkRedeemedInvite(context, target);
  // "If the `sender`'s current membership state is not `join`, reject."
  if (membershipOf(state, event.sender) !== 'join') return reject('member.invite.sender', 'the sender is not joined');
  // "If *target user*'s current membership state is `join` or `ban`, reject."
  const current = membershipOf(state, target);
  if (current === 'join' || current === 'ban')
    return reject('member.invite.target', `the target's state is ${current}`);
  // "If the `sender`'s power level is greater than or equal to the *invite level*, allow."
  return acceptIf(context.senderLevel >= context.levels.level('invite'), 'member.invite.level', 'may not invite');
}

function checkLeave(context: AuthContext, target: string): AuthVerdict {
  const { event, state, levels, senderLevel } = context;
  const current = membershipOf(state, target);
  // "If the `sender` matches `state_key`, allow if and only if that user's current membership state is `invite`,
  // `join`, or `knock`."
  if (event.sender === target) {
    const mayLeave =
      current === 'invite' || current === 'join' || (current === 'knock' && context.rules.allowsKnocking);
    return acceptIf(mayLeave, 'member.leave.state', `the user's state is ${current}`);
  }
  // "If the `sender`'s current membership state is not `join`, reject."
  if (membershipOf(state, event.sender) !== 'join') return reject('member.leave.sender', 'the sender is not joined');
  // "If the *target user*'s current membership state is `ban`, and the `sender`'s power level is less than the *ban
  // level*, reject."
  if (current === 'ban' && senderLevel < levels.level('ban')) return reject('member.unban.level', 'may not unban');
  // "If the `sender`'s power level is greater than or equal to the *kick level*, and the *target user*'s power level is
  // less than the `sender`'s power level, allow."
  const mayKick = senderLevel >= levels.level('kick') && levels.powerLevelOf(target) < senderLevel;
  return acceptIf(mayKick, 'member.kick.level', 'may not kick this user');
}

function checkBan(context: AuthContext, target: string): AuthVerdict {
  const { event, state, levels, senderLevel } = context;
  // "If the `sender`'s current membership state is not `join`, reject."
  if (membershipOf(state, event.sender) !== 'join') return reject('member.ban.sender', 'the sender is not joined');
  // "If the `sender`'s power level is greater than or equal to the *ban level*, and the *target user*'s power level is
  // less than the `sender`'s power level, allow."
  const mayBan = senderLevel >= levels.level('ban') && levels.powerLevelOf(target) < senderLevel;
  return acceptIf(mayBan, 'member.ban.level', 'may not ban this user');
}

function checkKnock(context: AuthContext, target: string): AuthVerdict {
  const { event, state, rules } = context;
  // "If the `join_rule` is anything other than `knock` or `knock_restricted`, reject."
  const rule = joinRuleOf(state);
  const mayKnock = rule === 'knock' || (rule === 'knock_restricted' && rules.allowsKnockRestricted);
  if (!mayKnock) return reject('member.knock.rule', `join rule ${rule}`);
  // "If `sender` does not match `state_key`, reject."
  if (event.sender !== target) return reject('member.knock.sender', 'a knock for another user');
  // "If the `sender`'s current membership is not `ban`, `invite`, or `join`, allow."
  const current = membershipOf(state, target);
  const isOutside = current !== 'ban' && current !== 'invite' && current !== 'join';
  return acceptIf(isOutside, 'member.knock.state', `the user's state is ${current}`);
}

/**
 * Judges a membership change. That "the event is … validly signed by the homeserver of the user ID denoted by" a
 * restricted join's authoriser is part of the signature check (`requiredSigners`), so it holds here already.
 */
export function checkMember(context: AuthContext): AuthVerdict {
  const { event, rules } = context;
  // "If there is no `state_key` property, or no `membership` property in `content`, reject."
  const target = event.stateKey;
  const membership = getString(event.content, 'membership');
  if (target === undefined || parseUserId(target) === undefined) return reject('member.state_key', 'no user id');
  if (membership === undefined) return reject('member.membership', 'no membership');
  switch (membership) {
    case 'join':
      return checkJoin(context, target);
    case 'invite':
      return checkInvite(context, target);
    case 'leave':
      return checkLeave(context, target);
    case 'ban':
      return checkBan(context, target);
    case 'knock':
      if (rules.allowsKnocking) return checkKnock(context, target);
      break;
    default:
  }
  // "Otherwise, the membership is unknown. Reject."
  return reject('member.unknown', 'unknown membership');
}
