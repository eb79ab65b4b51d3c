import { anyObject, boolean, object } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Enable or disable a push rule. */
export const setPushRuleEnabled = endpoint({
  id: 'setPushRuleEnabled',
  method: 'PUT',
  path: '/_matrix/client/v3/pushrules/global/{kind}/{ruleId}/enabled',
  access: 'required',
  rateLimited: false,
  body: object({ enabled: boolean() }),
  response: anyObject(),
});
