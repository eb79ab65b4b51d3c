/** The server-default rules of the specification, and how they lie between a user's own rules. */
import {
  PUSH_RULE_KINDS,
  type PushAction,
  type PushCondition,
  type PushRule,
  type PushRuleKind,
  type PushRuleset,
} from './types.ts';

const SOUND: PushAction = { set_tweak: 'sound', value: 'default' };
const RING: PushAction = { set_tweak: 'sound', value: 'ring' };
const HIGHLIGHT: PushAction = { set_tweak: 'highlight' };

const match = (key: string, pattern: string): PushCondition => ({ kind: 'event_match', key, pattern });
const TWO_MEMBERS: PushCondition = { kind: 'room_member_count', is: '2' };

function rule(name: string, conditions: readonly PushCondition[], actions: readonly PushAction[]): PushRule {
  return { rule_id: `.m.rule.${name}`, default: true, enabled: name !== 'master', conditions, actions };
}

/** The master rule, which "has always a higher priority than any other rule". */
const MASTER = rule('master', [], []);

// Rules that are the same for everybody are one object each, so that what is prepared for them is prepared once.
const SUPPRESS_NOTICES = rule('suppress_notices', [match('content.msgtype', 'm.notice')], []);
const MEMBER_EVENT = rule('member_event', [match('type', 'm.room.member')], []);
const LATER_OVERRIDES: readonly PushRule[] = [
  rule(
    'is_room_mention',
    [
      { kind: 'event_property_is', key: 'content.m\\.mentions.room', value: true },
      { kind: 'sender_notification_permission', key: 'room' },
    ],
    ['notify', HIGHLIGHT],
  ),
  rule('tombstone', [match('type', 'm.room.tombstone'), match('state_key', '')], ['notify', HIGHLIGHT]),
  rule('reaction', [match('type', 'm.reaction')], []),
  rule('room.server_acl', [match('type', 'm.room.server_acl'), match('state_key', '')], []),
  rule(
    'suppress_edits',
    [{ kind: 'event_property_is', key: 'content.m\\.relates_to.rel_type', value: 'm.replace' }],
    [],
  ),
];
const IS_MEMBER = match('type', 'm.room.member');
const IS_INVITE = match('content.membership', 'invite');

function overrideRules(userId: string): PushRule[] {
  return [
    SUPPRESS_NOTICES,
    rule('invite_for_me', [IS_MEMBER, IS_INVITE, match('state_key', userId)], ['notify', SOUND]),
    MEMBER_EVENT,
    rule(
      'is_user_mention',
      [{ kind: 'event_property_contains', key: 'content.m\\.mentions.user_ids', value: userId }],
      ['notify', SOUND, HIGHLIGHT],
    ),
    ...LATER_OVERRIDES,
  ];
}

const UNDERRIDE: readonly PushRule[] = [
  rule('call', [match('type', 'm.call.invite')], ['notify', RING]),
  rule('encrypted_room_one_to_one', [TWO_MEMBERS, match('type', 'm.room.encrypted')], ['notify', SOUND]),
  rule('room_one_to_one', [TWO_MEMBERS, match('type', 'm.room.message')], ['notify', SOUND]),
  rule('message', [match('type', 'm.room.message')], ['notify']),
  rule('encrypted', [match('type', 'm.room.encrypted')], ['notify']),
];

/** The ruleset of a user who has changed nothing. */
export function defaultPushRules(userId: string): PushRuleset {
  return { override: [MASTER, ...overrideRules(userId)], content: [], room: [], sender: [], underride: UNDERRIDE };
}

/** What a user changed. */
export interface PushRuleChanges {
  /** The user's own rules, by kind, in the order in which they are tried. */
  readonly own: Partial<Readonly<Record<PushRuleKind, readonly PushRule[]>>>;
  /** What is different about server-default rules, by rule id. */
  readonly defaults: ReadonlyMap<string, { readonly enabled?: boolean; readonly actions?: readonly PushAction[] }>;
}

/**
 * The whole ruleset of a user: server-default rules "operate at a lower priority than \"user-defined rules\", except
 * for the `.m.rule.master` rule".
 */
export function pushRulesOf(userId: string, changes: PushRuleChanges): PushRuleset {
  const defaults = defaultPushRules(userId);
  const changed = (each: PushRule): PushRule => ({ ...each, ...changes.defaults.get(each.rule_id) });
  const ruleset = { ...defaults };
  for (const kind of PUSH_RULE_KINDS) {
    const [first, ...others] = defaults[kind].map(changed);
    const own = changes.own[kind] ?? [];
    if (first === undefined) ruleset[kind] = own;
    else ruleset[kind] = kind === 'override' ? [first, ...own, ...others] : [...own, first, ...others];
  }
  return ruleset;
}
