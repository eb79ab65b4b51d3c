import { anyObject } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Delete a push rule. */
export const deletePushRule = endpoint({
  id: 'deletePushRule',
  method: 'DELETE',
  path: '/_matrix/client/v3/pushrules/global/{kind}/{ruleId}',
  access: 'required',
  rateLimited: false,
  response: anyObject(),
});
