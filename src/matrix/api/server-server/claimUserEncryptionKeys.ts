import { anyObject, object, record, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Claims one-time encryption keys for a user. */
export const claimUserEncryptionKeys = endpoint({
  id: 'claimUserEncryptionKeys',
  method: 'POST',
  path: '/_matrix/federation/v1/user/keys/claim',
  access: 'server',
  rateLimited: false,
  body: object({ one_time_keys: record(record(string())) }),
  response: object({ one_time_keys: record(record(anyObject())) }),
});
