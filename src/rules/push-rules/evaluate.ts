/** Trying a user's push rules on an event. */
import { Glob } from '../../lib/glob.ts';
import { isObject, type JsonValue, RawNumber } from '../../matrix/json.ts';
import type { PowerLevels } from '../auth/power-levels.ts';
import type { PushSubject } from './subject.ts';
import {
  PUSH_RULE_KINDS,
  type PushAction,
  type PushCondition,
  type PushRule,
  type PushRuleKind,
  type PushRuleset,
} from './types.ts';

/** What conditions ask besides the event. */
export interface PushContext {
  readonly userId: string;
  /** The user's display name in the room, for the deprecated `contains_display_name`. */
  readonly displayName?: string | undefined;
  /** "The current number of members in the room": those who are joined. */
  readonly memberCount: number;
  readonly powerLevels: PowerLevels;
}

export interface PushOutcome {
  /** The rule that matched; `undefined` when none did. */
  readonly rule: PushRule | undefined;
  readonly kind: PushRuleKind | undefined;
  readonly notify: boolean;
  readonly highlight: boolean;
  readonly sound: string | undefined;
  /** All tweaks, to be handed to the push gateway as they are. */
  readonly tweaks: ReadonlyMap<string, JsonValue>;
}

const NOTHING: PushOutcome = {
  rule: undefined,
  kind: undefined,
  notify: false,
  highlight: false,
  sound: undefined,
  tweaks: new Map(),
};

const globs = new WeakMap<object, Glob>();

/** The glob of a condition or rule, folded and cut once as long as that object lives. */
function globOf(owner: object, pattern: string): Glob {
  let glob = globs.get(owner);
  if (glob === undefined) {
    glob = new Glob(pattern.toLowerCase());
    globs.set(owner, glob);
  }
  return glob;
}

function matchesEvent(condition: PushCondition, subject: PushSubject): boolean {
  const { key, pattern } = condition;
  if (typeof key !== 'string' || typeof pattern !== 'string') return false;
  // "If the property … is completely absent from the event, or does not have a string value, then the condition will
  // not match, even if `pattern` is `*`."
  const text = subject.foldedText(key);
  if (text === undefined) return false;
  const glob = globOf(condition, pattern);
  // "As a special case, if `key` is `content.body`, then `pattern` must instead match any substring …"
  return key === 'content.body' ? glob.matchesWords(text) : glob.matches(text);
}

/** "Non-compound canonical JSON values: strings, integers …, booleans, and `null`." */
function isPlain(value: JsonValue | undefined): value is string | number | boolean | null {
  if (typeof value === 'number') return Number.isSafeInteger(value);
  return value === null || typeof value === 'string' || typeof value === 'boolean';
}

function containsDisplayName(subject: PushSubject, context: PushContext): boolean {
  const body = subject.foldedText('content.body');
  const name = context.displayName?.toLowerCase();
  if (body === undefined || name === undefined || name === '') return false;
  const isWord = (unit: string) => /^[A-Za-z0-9_]$/.test(unit);
  for (let at = body.indexOf(name); at >= 0; at = body.indexOf(name, at + 1)) {
    if (!isWord(body.charAt(at - 1)) && !isWord(body.charAt(at + name.length))) return true;
  }
  return false;
}

// "A decimal integer optionally prefixed by one of, `==`, `<`, `>`, `>=` or `<=`."
const MEMBER_COUNT = /^(==|<=|>=|<|>)?([0-9]{1,15})$/;

function matchesMemberCount(is: JsonValue | undefined, count: number): boolean {
  const parts = typeof is === 'string' ? MEMBER_COUNT.exec(is) : null;
  if (parts === null) return false;
  const wanted = Number(parts[2]);
  switch (parts[1]) {
    case '<':
      return count < wanted;
    case '>':
      return count > wanted;
    case '<=':
      return count <= wanted;
    case '>=':
      return count >= wanted;
    default:
      return count === wanted;
  }
}

function mayNotify(key: JsonValue | undefined, subject: PushSubject, { powerLevels }: PushContext): boolean {
  const sender = subject.event['sender'];
  if (typeof key !== 'string' || typeof sender !== 'string') return false;
  return powerLevels.powerLevelOf(sender) >= powerLevels.notificationLevel(key);
}

/** Whether a condition holds. "Unrecognised conditions MUST NOT match any events." */
export function matchesCondition(condition: PushCondition, subject: PushSubject, context: PushContext): boolean {
  const { key, value } = condition;
  switch (condition.kind) {
    case 'event_match':
      return matchesEvent(condition, subject);
    case 'event_property_is':
      return typeof key === 'string' && isPlain(value) && subject.value(key) === value;
    case 'event_property_contains': {
      const list = typeof key === 'string' ? subject.value(key) : undefined;
      return Array.isArray(list) && isPlain(value) && list.includes(value);
    }
    case 'contains_display_name':
      return containsDisplayName(subject, context);
    case 'room_member_count':
      return matchesMemberCount(condition.is, context.memberCount);
    case 'sender_notification_permission':
      return mayNotify(key, subject, context);
    default:
      return false;
  }
}

/** Whether a rule of its kind matches, enabled or not. */
export function matchesRule(kind: PushRuleKind, rule: PushRule, subject: PushSubject, context: PushContext): boolean {
  switch (kind) {
    case 'content': {
      const body = rule.pattern === undefined ? undefined : subject.foldedText('content.body');
      return body !== undefined && rule.pattern !== undefined && globOf(rule, rule.pattern).matchesWords(body);
    }
    case 'room':
      return subject.event['room_id'] === rule.rule_id;
    case 'sender':
      return subject.event['sender'] === rule.rule_id;
    default:
      return (rule.conditions ?? []).every((condition) => matchesCondition(condition, subject, context));
  }
}

/** What a list of actions asks for; `dont_notify`, `coalesce` and what is not known are ignored. */
export function outcomeOf(kind: PushRuleKind, rule: PushRule): PushOutcome {
  const tweaks = new Map<string, JsonValue>();
  let notify = false;
  for (const action of rule.actions as readonly (PushAction | null)[]) {
    if (action === 'notify') notify = true;
    else if (isObject(action) && typeof action['set_tweak'] === 'string') {
      // "If a `highlight` tweak is given with no value, its value is defined to be `true`."
      const name = action['set_tweak'];
      const value = action['value'] ?? (name === 'highlight' ? true : '');
      if (!(value instanceof RawNumber)) tweaks.set(name, value);
    }
  }
  const sound = tweaks.get('sound');
  return {
    rule,
    kind,
    notify,
    highlight: tweaks.get('highlight') === true,
    sound: typeof sound === 'string' && sound !== '' ? sound : undefined,
    tweaks,
  };
}

/**
 * The outcome of a user's rules for an event: that of the first enabled rule that matches. "If no rules match an event,
 * the homeserver MUST NOT notify"; nor "for events that the user has sent themselves".
 */
export function evaluatePushRules(ruleset: PushRuleset, subject: PushSubject, context: PushContext): PushOutcome {
  if (subject.event['sender'] === context.userId) return NOTHING;
  for (const kind of PUSH_RULE_KINDS) {
    for (const rule of ruleset[kind]) {
      if (rule.enabled && matchesRule(kind, rule, subject, context)) return outcomeOf(kind, rule);
    }
  }
  return NOTHING;
}
