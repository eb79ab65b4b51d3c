import { boolean, object } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get whether a push rule is enabled. */
export const isPushRuleEnabled = endpoint({
  id: 'isPushRuleEnabled',
  method: 'GET',
  path: '/_matrix/client/v3/pushrules/global/{kind}/{ruleId}/enabled',
  access: 'required',
  rateLimited: false,
  response: object({ enabled: boolean() }),
});
