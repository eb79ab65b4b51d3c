import { anyObject } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Stop the requesting user remembering about a particular room. */
export const forgetRoom = endpoint({
  id: 'forgetRoom',
  method: 'POST',
  path: '/_matrix/client/v3/rooms/{roomId}/forget',
  access: 'required',
  rateLimited: true,
  response: anyObject(),
});
