import { anyObject, array, integer, object, optional, record, string, union } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Upload end-to-end encryption keys. */
export const uploadKeys = endpoint({
  id: 'uploadKeys',
  method: 'POST',
  path: '/_matrix/client/v3/keys/upload',
  access: 'required',
  rateLimited: false,
  body: object({
    device_keys: optional(
      object({
        user_id: string(),
        device_id: string(),
        algorithms: array(string()),
        keys: record(string()),
        signatures: record(record(string())),
      }),
    ),
    one_time_keys: optional(record(union([string(), object({ key: string(), signatures: anyObject() })]))),
    fallback_keys: optional(record(union([string(), object({ key: string(), signatures: anyObject() })]))),
  }),
  response: object({ one_time_key_counts: record(integer()) }),
});
