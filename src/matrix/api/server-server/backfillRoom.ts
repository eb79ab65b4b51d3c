import { array, integer, object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { pduBatch } from './definitions.ts';

/** Retrieves the events which precede the given event. */
export const backfillRoom = endpoint({
  id: 'backfillRoom',
  method: 'GET',
  path: '/_matrix/federation/v1/backfill/{roomId}',
  access: 'server',
  rateLimited: false,
  query: object({ v: array(string()), limit: integer() }),
  response: pduBatch(),
});
