import { object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get the implementation name and version of this homeserver. */
export const getVersion = endpoint({
  id: 'getVersion',
  method: 'GET',
  path: '/_matrix/federation/v1/version',
  access: 'none',
  rateLimited: false,
  response: object({ server: optional(object({ name: optional(string()), version: optional(string()) })) }),
});
