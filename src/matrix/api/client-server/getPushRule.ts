import { anything, array, boolean, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { pushCondition } from '../definitions.ts';

/** Retrieve a push rule. */
export const getPushRule = endpoint({
  id: 'getPushRule',
  method: 'GET',
  path: '/_matrix/client/v3/pushrules/global/{kind}/{ruleId}',
  access: 'required',
  rateLimited: false,
  response: object({
    actions: array(anything()),
    default: boolean(),
    enabled: boolean(),
    rule_id: string(),
    conditions: optional(array(pushCondition())),
    pattern: optional(string()),
  }),
});
