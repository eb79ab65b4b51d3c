import { anyObject, anything, array, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

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
  response: anyObject(),
});
