import { anyObject, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Set the position of the read marker for a room. */
export const setReadMarker = endpoint({
  id: 'setReadMarker',
  method: 'POST',
  path: '/_matrix/client/v3/rooms/{roomId}/read_markers',
  access: 'required',
  rateLimited: true,
  body: object({
    'm.fully_read': optional(string()),
    'm.read': optional(string()),
    'm.read.private': optional(string()),
  }),
  response: anyObject(),
});
