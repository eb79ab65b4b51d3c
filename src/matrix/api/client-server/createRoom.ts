import { anyObject, array, boolean, object, oneOf, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Create a new room. */
export const createRoom = endpoint({
  id: 'createRoom',
  method: 'POST',
  path: '/_matrix/client/v3/createRoom',
  access: 'required',
  rateLimited: false,
  body: object({
    visibility: optional(oneOf(['public', 'private'])),
    room_alias_name: optional(string()),
    name: optional(string()),
    topic: optional(string()),
    invite: optional(array(string())),
    invite_3pid: optional(
      array(object({ id_server: string(), id_access_token: string(), medium: string(), address: string() })),
    ),
    room_version: optional(string()),
    creation_content: optional(anyObject()),
    initial_state: optional(array(object({ type: string(), state_key: optional(string()), content: anyObject() }))),
    preset: optional(oneOf(['private_chat', 'public_chat', 'trusted_private_chat'])),
    is_direct: optional(boolean()),
    power_level_content_override: optional(anyObject()),
  }),
  response: object({ room_id: string() }),
});
