import { object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Gets Matrix server discovery information about the domain. */
export const getWellknown = endpoint({
  id: 'getWellknown',
  method: 'GET',
  path: '/.well-known/matrix/client',
  access: 'none',
  rateLimited: false,
  response: object({
    'm.homeserver': object({ base_url: string() }),
    'm.identity_server': optional(object({ base_url: string() })),
  }),
});
