import { array } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { soleEvent } from '../definitions.ts';

/** Get all state events in the current state of a room. */
export const getRoomState = endpoint({
  id: 'getRoomState',
  method: 'GET',
  path: '/_matrix/client/v3/rooms/{roomId}/state',
  access: 'required',
  rateLimited: false,
  response: array(soleEvent()),
});
