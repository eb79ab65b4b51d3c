/** A user's push rules: the defaults and what the user changed, kept as account data. The face of the folder. */
import { boundedMap } from '../bounded-map.ts';
import { KeyedQueue } from '../../lib/queue.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { type UserId, utf8Length } from '../../matrix/ids.ts';
import {
  asArray,
  asBoolean,
  asObject,
  getArray,
  getObject,
  getString,
  type JsonObject,
  type JsonValue,
} from '../../matrix/json.ts';
import {
  PUSH_RULE_KINDS,
  type PushAction,
  type PushCondition,
  type PushRule,
  type PushRuleChanges,
  type PushRuleKind,
  pushRulesOf,
  type PushRuleset,
} from '../../rules/push-rules/index.ts';
import type { AccountData } from '../account-data/index.ts';
import type { Context } from '../context.ts';

export interface NewRule {
  readonly actions: readonly JsonValue[];
  readonly conditions: readonly JsonValue[] | undefined;
  readonly pattern: string | undefined;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

// "the limits of peers: 10,000 rules, 300-byte rule id, 1,024 bytes a rule" (adv-100).
const RULES_MAX = 10_000;
const RULE_ID_BYTES_MAX = 300;
const RULE_BYTES_MAX = 1_024;
/** Account data of ours: what a user changed. The `m.push_rules` that clients see is made from it. */
const CHANGES_TYPE = 'org.postern.push_rule_changes';

export class PushRules {
  readonly #context: Context;
  readonly #accountData: AccountData;
  readonly #queue = new KeyedQueue<UserId>();
  readonly #cache = boundedMap<UserId, PushRuleset>(20_000);

  constructor(context: Context, accountData: AccountData) {
    this.#context = context;
    this.#accountData = accountData;
  }

  /** All rules of a user, in the order in which they are tried. */
  async get(user: UserId): Promise<PushRuleset> {
    const cached = this.#cache.get(user);
    if (cached !== undefined) return cached;
    const rules = pushRulesOf(user, await this.#changes(user));
    // What was changed while this was read is newer.
    const newer = this.#cache.get(user);
    if (newer === undefined) this.#cache.set(user, rules);
    return newer ?? rules;
  }

  /** One rule. Throws `M_INVALID_PARAM` for a kind that does not exist and `M_NOT_FOUND`. */
  async require(user: UserId, kind: string | undefined, ruleId: string): Promise<PushRule> {
    const rules = await this.get(user);
    const rule = rules[requireKind(kind)].find((one) => one.rule_id === ruleId);
    if (rule === undefined) throw new MatrixError('M_NOT_FOUND', 'There is no such push rule');
    return rule;
  }

  /** Adds or replaces a rule of the user's own, at the place that `before` or `after` names. */
  async put(user: UserId, kindName: string | undefined, ruleId: string, rule: NewRule): Promise<void> {
    const kind = requireKind(kindName);
    checkRuleId(ruleId);
    await this.#change(user, (changes) => {
      const list = [...(changes.own[kind] ?? [])];
      const at = list.findIndex((one) => one.rule_id === ruleId);
      const before = at < 0 ? undefined : list[at];
      const made = makeRule(kind, ruleId, { ...rule, enabled: before?.enabled ?? true });
      const placed = rule.before !== undefined || rule.after !== undefined;
      if (at >= 0 && !placed) list[at] = made;
      else {
        if (at >= 0) list.splice(at, 1);
        list.splice(placeOf(list, rule), 0, made);
      }
      const total = PUSH_RULE_KINDS.reduce((sum, one) => sum + (changes.own[one]?.length ?? 0), 0);
      if (total >= RULES_MAX && at < 0) throw new MatrixError('M_INVALID_PARAM', `At most ${RULES_MAX} push rules`);
      return { ...changes, own: { ...changes.own, [kind]: list } };
    });
  }

  /** Deletes a rule of the user's own. */
  async delete(user: UserId, kindName: string | undefined, ruleId: string): Promise<void> {
    const kind = requireKind(kindName);
    const rule = await this.require(user, kind, ruleId);
    if (rule.default) throw new MatrixError('M_INVALID_PARAM', 'Default rules cannot be deleted');
    await this.#change(user, (changes) => {
      const left = (changes.own[kind] ?? []).filter((one) => one.rule_id !== ruleId);
      return { ...changes, own: { ...changes.own, [kind]: left } };
    });
  }

  /** Switches a rule on or off, or replaces its actions. */
  async update(
    user: UserId,
    kindName: string | undefined,
    ruleId: string,
    part: { enabled?: boolean; actions?: readonly JsonValue[] },
  ): Promise<void> {
    const kind = requireKind(kindName);
    const rule = await this.require(user, kind, ruleId);
    const change = {
      ...(part.enabled !== undefined && { enabled: part.enabled }),
      ...(part.actions !== undefined && { actions: checkActions(part.actions) }),
    };
    await this.#change(user, (changes) => {
      if (rule.default) {
        const defaults = new Map(changes.defaults);
        defaults.set(ruleId, { ...defaults.get(ruleId), ...change });
        return { ...changes, defaults };
      }
      const list = (changes.own[kind] ?? []).map((one) => (one.rule_id === ruleId ? { ...one, ...change } : one));
      return { ...changes, own: { ...changes.own, [kind]: list } };
    });
  }

  async #changes(user: UserId): Promise<PushRuleChanges> {
    return readChanges(await this.#accountData.find(user, undefined, CHANGES_TYPE));
  }

  async #change(user: UserId, edit: (changes: PushRuleChanges) => PushRuleChanges): Promise<void> {
    await this.#queue.run(user, async () => {
      const changes = edit(await this.#changes(user));
      const rules = pushRulesOf(user, changes);
      const { store, stream } = this.#context;
      await store.transact((one) => {
        one.userData.setAccountData(user, {
          room: undefined,
          type: CHANGES_TYPE,
          content: JSON.stringify(writeChanges(changes)),
        });
        // "m.push_rules … the server MUST send it down /sync when the rules change".
        one.userData.setAccountData(user, {
          room: undefined,
          type: 'm.push_rules',
          content: JSON.stringify({ global: rules }),
        });
        one.onCommit(() => stream.publish({ kind: 'account-data', position: one.position, user }));
      });
      this.#cache.set(user, rules);
    });
  }
}

/** Whether account data of this type is the server's own and not for clients. */
export function isInternalType(type: string): boolean {
  return type === CHANGES_TYPE;
}

function requireKind(kind: string | undefined): PushRuleKind {
  const found = PUSH_RULE_KINDS.find((one) => one === kind);
  if (found === undefined) throw new MatrixError('M_INVALID_PARAM', 'There is no such kind of push rule');
  return found;
}

function checkRuleId(ruleId: string): void {
  // "Rule IDs … must not start with a dot": those are the server's. Slashes and backslashes break paths.
  if (ruleId === '' || ruleId.startsWith('.') || /[\\/]/.test(ruleId) || utf8Length(ruleId) > RULE_ID_BYTES_MAX) {
    throw new MatrixError('M_INVALID_PARAM', 'That is no rule id of a user');
  }
}

function placeOf(list: readonly PushRule[], { before, after }: NewRule): number {
  const named = after ?? before;
  if (named === undefined) return 0;
  const at = list.findIndex((one) => one.rule_id === named);
  if (at < 0) throw new MatrixError('M_UNKNOWN', 'The rule named by before or after does not exist', { status: 400 });
  return after === undefined ? at : at + 1;
}

function makeRule(kind: PushRuleKind, ruleId: string, rule: NewRule & { enabled: boolean }): PushRule {
  const actions = checkActions(rule.actions);
  const base = { rule_id: ruleId, default: false, enabled: rule.enabled, actions };
  const made = { ...base, ...kindFields(kind, rule) };
  if (utf8Length(JSON.stringify(made)) > RULE_BYTES_MAX) {
    throw new MatrixError('M_INVALID_PARAM', `A push rule has at most ${RULE_BYTES_MAX} bytes`);
  }
  return made;
}

function kindFields(kind: PushRuleKind, { pattern, conditions }: NewRule): Partial<PushRule> {
  if (kind === 'content') {
    if (pattern === undefined) throw new MatrixError('M_MISSING_PARAM', 'A content rule needs a pattern');
    return { pattern };
  }
  if (kind !== 'override' && kind !== 'underride') return {};
  const checked = (conditions ?? []).map((one) => {
    const condition = asObject(one);
    if (getString(condition, 'kind') === undefined) throw new MatrixError('M_BAD_JSON', 'A condition has a kind');
    return condition as unknown as PushCondition;
  });
  return { conditions: checked };
}

function checkActions(actions: readonly JsonValue[]): PushAction[] {
  return actions.map((action) => {
    const known = typeof action === 'string' || typeof asObject(action)?.['set_tweak'] === 'string';
    if (!known) throw new MatrixError('M_BAD_JSON', 'An action is a string or sets a tweak');
    return action as PushAction;
  });
}

function readChanges(content: JsonObject | undefined): PushRuleChanges {
  const own: Partial<Record<PushRuleKind, PushRule[]>> = {};
  for (const kind of PUSH_RULE_KINDS) {
    own[kind] = (getArray(getObject(content, 'own'), kind) ?? []) as unknown as PushRule[];
  }
  const defaults = new Map<string, { enabled?: boolean; actions?: readonly PushAction[] }>();
  for (const [ruleId, value] of Object.entries(getObject(content, 'defaults') ?? {})) {
    const enabled = asBoolean(asObject(value)?.['enabled']);
    const actions = asArray(asObject(value)?.['actions']) as PushAction[] | undefined;
    defaults.set(ruleId, { ...(enabled !== undefined && { enabled }), ...(actions !== undefined && { actions }) });
  }
  return { own, defaults };
}

function writeChanges({ own, defaults }: PushRuleChanges): JsonObject {
  return { own, defaults: Object.fromEntries(defaults) } as unknown as JsonObject;
}
