import { endpoint } from '../declare.ts';
import { serverKeys } from './definitions.ts';

/** Get the homeserver's public key(s). */
export const getServerKey = endpoint({
  id: 'getServerKey',
  method: 'GET',
  path: '/_matrix/key/v2/server',
  // Before version 1.6 of the specification a key id could stand behind it; servers still ask so.
  aliases: ['/_matrix/key/v2/server/', '/_matrix/key/v2/server/{keyId}'],
  access: 'none',
  rateLimited: false,
  response: serverKeys(),
});
