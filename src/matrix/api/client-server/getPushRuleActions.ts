import { anything, array, object } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** The actions for a push rule. */
export const getPushRuleActions = endpoint({
  id: 'getPushRuleActions',
  method: 'GET',
  path: '/_matrix/client/v3/pushrules/global/{kind}/{ruleId}/actions',
  access: 'required',
  rateLimited: false,
  response: object({ actions: array(anything()) }),
});
