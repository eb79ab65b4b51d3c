import { endpoint } from '../declare.ts';
import { soleEvent } from '../definitions.ts';

/** Get a single event by event ID. */
export const getOneRoomEvent = endpoint({
  id: 'getOneRoomEvent',
  method: 'GET',
  path: '/_matrix/client/v3/rooms/{roomId}/event/{eventId}',
  access: 'required',
  rateLimited: false,
  response: soleEvent(),
});
