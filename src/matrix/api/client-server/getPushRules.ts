import { anyObject, array, object, optional } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Retrieve all push rulesets. */
export const getPushRules = endpoint({
  id: 'getPushRules',
  method: 'GET',
  path: '/_matrix/client/v3/pushrules',
  aliases: ['/_matrix/client/v3/pushrules/'],
  access: 'required',
  rateLimited: false,
  response: object({
    global: object({
      content: optional(array(anyObject())),
      override: optional(array(anyObject())),
      room: optional(array(anyObject())),
      sender: optional(array(anyObject())),
      underride: optional(array(anyObject())),
    }),
  }),
});
