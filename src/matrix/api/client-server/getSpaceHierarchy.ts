import { anything, array, boolean, integer, object, oneOf, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Retrieve a portion of a space tree. */
export const getSpaceHierarchy = endpoint({
  id: 'getSpaceHierarchy',
  method: 'GET',
  path: '/_matrix/client/v1/rooms/{roomId}/hierarchy',
  access: 'required',
  rateLimited: true,
  query: object({
    suggested_only: optional(boolean()),
    limit: optional(integer()),
    max_depth: optional(integer()),
    from: optional(string()),
  }),
  response: object({
    rooms: array(
      object({
        canonical_alias: optional(string()),
        name: optional(string()),
        num_joined_members: integer(),
        room_id: string(),
        topic: optional(string()),
        world_readable: boolean(),
        guest_can_join: boolean(),
        avatar_url: optional(string()),
        join_rule: optional(string()),
        room_type: optional(string()),
        allowed_room_ids: optional(array(anything())),
        encryption: optional(oneOf(['m.megolm.v1.aes-sha2'])),
        room_version: optional(string()),
        children_state: array(anything()),
      }),
    ),
    next_batch: optional(string()),
  }),
});
