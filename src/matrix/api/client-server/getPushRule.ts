import { anything, array, boolean, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

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
    conditions: optional(
      array(
        object({
          kind: string(),
          key: optional(string()),
          pattern: optional(string()),
          is: optional(string()),
          value: optional(anything()),
        }),
      ),
    ),
    pattern: optional(string()),
  }),
});
