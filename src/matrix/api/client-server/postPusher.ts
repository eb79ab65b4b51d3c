import { anyObject, anything, boolean, object, oneOf, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Modify a pusher for this user on the homeserver. */
export const postPusher = endpoint({
  id: 'postPusher',
  method: 'POST',
  path: '/_matrix/client/v3/pushers/set',
  access: 'required',
  rateLimited: true,
  body: object({
    pushkey: string(),
    kind: anything(),
    app_id: string(),
    app_display_name: optional(string()),
    device_display_name: optional(string()),
    profile_tag: optional(string()),
    lang: optional(string()),
    data: optional(object({ url: optional(string()), format: optional(oneOf(['event_id_only'])) })),
    append: optional(boolean()),
  }),
  response: anyObject(),
});
