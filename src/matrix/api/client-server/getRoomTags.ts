import { number, object, optional, record } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** List the tags for a room. */
export const getRoomTags = endpoint({
  id: 'getRoomTags',
  method: 'GET',
  path: '/_matrix/client/v3/user/{userId}/rooms/{roomId}/tags',
  access: 'required',
  rateLimited: false,
  response: object({ tags: optional(record(object({ order: optional(number()) }))) }),
});
