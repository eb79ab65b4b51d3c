import { anyObject, integer, object, optional, record, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Claim one-time encryption keys. */
export const claimKeys = endpoint({
  id: 'claimKeys',
  method: 'POST',
  path: '/_matrix/client/v3/keys/claim',
  access: 'required',
  rateLimited: false,
  body: object({ timeout: optional(integer()), one_time_keys: record(record(string())) }),
  response: object({ failures: optional(record(anyObject())), one_time_keys: record(record(anyObject())) }),
});
