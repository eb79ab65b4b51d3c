/** The face of push rules. */
export { defaultPushRules, type PushRuleChanges, pushRulesOf } from './defaults.ts';
export {
  evaluatePushRules,
  matchesCondition,
  matchesRule,
  outcomeOf,
  type PushContext,
  type PushOutcome,
} from './evaluate.ts';
export { PushSubject } from './subject.ts';
export {
  PUSH_RULE_KINDS,
  type PushAction,
  type PushCondition,
  type PushRule,
  type PushRuleKind,
  type PushRuleset,
} from './types.ts';
