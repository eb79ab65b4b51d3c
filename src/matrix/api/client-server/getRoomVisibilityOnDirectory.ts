import { object, oneOf, optional } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Gets the visibility of a room in the directory. */
export const getRoomVisibilityOnDirectory = endpoint({
  id: 'getRoomVisibilityOnDirectory',
  method: 'GET',
  path: '/_matrix/client/v3/directory/list/room/{roomId}',
  access: 'none',
  rateLimited: false,
  response: object({ visibility: optional(oneOf(['private', 'public'])) }),
});
