import { anyObject, anything, array, boolean, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Gets information about the server's capabilities. */
export const getCapabilities = endpoint({
  id: 'getCapabilities',
  method: 'GET',
  path: '/_matrix/client/v3/capabilities',
  access: 'required',
  rateLimited: true,
  response: object({
    capabilities: object({
      'm.change_password': optional(object({ enabled: boolean() })),
      'm.forget_forced_upon_leave': optional(object({ enabled: boolean() })),
      'm.room_versions': optional(object({ default: string(), available: anyObject() })),
      'm.set_displayname': optional(object({ enabled: boolean() })),
      'm.set_avatar_url': optional(object({ enabled: boolean() })),
      'm.3pid_changes': optional(object({ enabled: boolean() })),
      'm.get_login_token': optional(object({ enabled: boolean() })),
      'm.profile_fields': optional(
        object({ allowed: optional(array(anything())), disallowed: optional(array(anything())), enabled: boolean() }),
      ),
      'm.account_moderation': optional(object({ suspend: optional(boolean()), lock: optional(boolean()) })),
    }),
  }),
});
