import { integer, object, oneOf, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get the closest event ID to the given timestamp. */
export const getEventByTimestamp = endpoint({
  id: 'getEventByTimestamp',
  method: 'GET',
  path: '/_matrix/federation/v1/timestamp_to_event/{roomId}',
  access: 'server',
  rateLimited: false,
  query: object({ ts: integer(), dir: oneOf(['f', 'b']) }),
  response: object({ event_id: string(), origin_server_ts: integer() }),
});
