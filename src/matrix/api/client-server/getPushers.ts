import { anyObject, array, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Gets the current pushers for the authenticated user. */
export const getPushers = endpoint({
  id: 'getPushers',
  method: 'GET',
  path: '/_matrix/client/v3/pushers',
  access: 'required',
  rateLimited: false,
  response: object({
    pushers: optional(
      array(
        object({
          pushkey: string(),
          kind: string(),
          app_id: string(),
          app_display_name: string(),
          device_display_name: string(),
          profile_tag: optional(string()),
          lang: string(),
          data: anyObject(),
        }),
      ),
    ),
  }),
});
