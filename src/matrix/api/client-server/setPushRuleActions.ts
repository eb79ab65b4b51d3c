import { anyObject, anything, array, object } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Set the actions for a push rule. */
export const setPushRuleActions = endpoint({
  id: 'setPushRuleActions',
  method: 'PUT',
  path: '/_matrix/client/v3/pushrules/global/{kind}/{ruleId}/actions',
  access: 'required',
  rateLimited: false,
  body: object({ actions: array(anything()) }),
  response: anyObject(),
});
