import { anyObject, object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Report a room as inappropriate. */
export const reportRoom = endpoint({
  id: 'reportRoom',
  method: 'POST',
  path: '/_matrix/client/v3/rooms/{roomId}/report',
  access: 'required',
  rateLimited: true,
  body: object({ reason: string() }),
  response: anyObject(),
});
