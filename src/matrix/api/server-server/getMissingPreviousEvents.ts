import { anyObject, array, integer, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Retrieves events that the sender is missing. */
export const getMissingPreviousEvents = endpoint({
  id: 'getMissingPreviousEvents',
  method: 'POST',
  path: '/_matrix/federation/v1/get_missing_events/{roomId}',
  access: 'server',
  rateLimited: false,
  body: object({
    limit: optional(integer()),
    min_depth: optional(integer()),
    earliest_events: array(string()),
    latest_events: array(string()),
  }),
  response: object({ events: array(anyObject()) }),
});
