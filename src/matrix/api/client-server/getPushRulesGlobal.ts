import { array, object, optional } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { pushRule } from '../definitions.ts';

/** Retrieve all push rules. */
export const getPushRulesGlobal = endpoint({
  id: 'getPushRulesGlobal',
  method: 'GET',
  path: '/_matrix/client/v3/pushrules/global',
  aliases: ['/_matrix/client/v3/pushrules/global/'],
  access: 'required',
  rateLimited: false,
  response: object({
    content: optional(array(pushRule())),
    override: optional(array(pushRule())),
    room: optional(array(pushRule())),
    sender: optional(array(pushRule())),
    underride: optional(array(pushRule())),
  }),
});
