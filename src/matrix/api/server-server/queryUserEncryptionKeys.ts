import { anyObject, array, object, optional, record, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { crossSigningKey } from './definitions.ts';

/** Download device identity keys. */
export const queryUserEncryptionKeys = endpoint({
  id: 'queryUserEncryptionKeys',
  method: 'POST',
  path: '/_matrix/federation/v1/user/keys/query',
  access: 'server',
  rateLimited: false,
  body: object({ device_keys: record(array(string())) }),
  response: object({
    device_keys: record(record(anyObject())),
    master_keys: optional(record(crossSigningKey())),
    self_signing_keys: optional(record(crossSigningKey())),
  }),
});
