import { anyObject, anything, array, integer, object, optional, record, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Download device identity keys. */
export const queryKeys = endpoint({
  id: 'queryKeys',
  method: 'POST',
  path: '/_matrix/client/v3/keys/query',
  access: 'required',
  rateLimited: false,
  body: object({ timeout: optional(integer()), device_keys: record(array(string())) }),
  response: object({
    failures: optional(record(anyObject())),
    device_keys: optional(record(record(anyObject()))),
    master_keys: optional(
      record(
        object({ user_id: string(), usage: array(anything()), keys: anyObject(), signatures: optional(anyObject()) }),
      ),
    ),
    self_signing_keys: optional(
      record(
        object({ user_id: string(), usage: array(anything()), keys: anyObject(), signatures: optional(anyObject()) }),
      ),
    ),
    user_signing_keys: optional(
      record(
        object({ user_id: string(), usage: array(anything()), keys: anyObject(), signatures: optional(anyObject()) }),
      ),
    ),
  }),
});
