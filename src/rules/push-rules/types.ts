/** Push rules as the API carries them. `content/client-server-api/modules/push.md`. */
import type { JsonValue } from '../../matrix/json.ts';

/** "The different `kind`s of rule, in the order that they are checked." */
export const PUSH_RULE_KINDS = ['override', 'content', 'room', 'sender', 'underride'] as const;
export type PushRuleKind = (typeof PUSH_RULE_KINDS)[number];

export type PushAction = string | { readonly set_tweak: string; readonly value?: JsonValue };

/** One condition; kinds that are not known never match. */
export interface PushCondition {
  readonly kind: string;
  readonly key?: JsonValue;
  readonly pattern?: JsonValue;
  readonly value?: JsonValue;
  readonly is?: JsonValue;
}

export interface PushRule {
  readonly rule_id: string;
  readonly default: boolean;
  readonly enabled: boolean;
  readonly actions: readonly PushAction[];
  /** Of override and underride rules. */
  readonly conditions?: readonly PushCondition[];
  /** Of content rules. */
  readonly pattern?: string;
}

/** All rules of a user, each list in the order in which its rules are tried. */
export type PushRuleset = Readonly<Record<PushRuleKind, readonly PushRule[]>>;
