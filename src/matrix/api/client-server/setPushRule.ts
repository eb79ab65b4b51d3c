import { anyObject, anything, array, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { pushCondition } from '../definitions.ts';

/** Add or change a push rule. */
export const setPushRule = endpoint({
  id: 'setPushRule',
  method: 'PUT',
  path: '/_matrix/client/v3/pushrules/global/{kind}/{ruleId}',
  access: 'required',
  rateLimited: true,
  query: object({ before: optional(string()), after: optional(string()) }),
  body: object({
    actions: array(anything()),
    conditions: optional(array(pushCondition())),
    pattern: optional(string()),
  }),
  response: anyObject(),
});
