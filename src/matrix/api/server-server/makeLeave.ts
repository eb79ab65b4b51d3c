import { endpoint } from '../declare.ts';
import { memberTemplate } from './definitions.ts';

/** Get information required to make a leave event for a room. */
export const makeLeave = endpoint({
  id: 'makeLeave',
  method: 'GET',
  path: '/_matrix/federation/v1/make_leave/{roomId}/{userId}',
  access: 'server',
  rateLimited: false,
  response: memberTemplate(),
});
