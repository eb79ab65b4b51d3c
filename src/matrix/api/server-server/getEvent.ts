import { endpoint } from '../declare.ts';
import { pduBatch } from './definitions.ts';

/** Get a single event. */
export const getEvent = endpoint({
  id: 'getEvent',
  method: 'GET',
  path: '/_matrix/federation/v1/event/{eventId}',
  access: 'server',
  rateLimited: false,
  response: pduBatch(),
});
