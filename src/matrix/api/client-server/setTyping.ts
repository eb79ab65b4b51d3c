import { anyObject, boolean, integer, object, optional } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Informs the server that the user has started or stopped typing. */
export const setTyping = endpoint({
  id: 'setTyping',
  method: 'PUT',
  path: '/_matrix/client/v3/rooms/{roomId}/typing/{userId}',
  access: 'required',
  rateLimited: true,
  body: object({ typing: boolean(), timeout: optional(integer()) }),
  response: anyObject(),
});
