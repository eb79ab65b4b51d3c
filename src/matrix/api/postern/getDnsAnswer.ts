import { object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** DNS over HTTPS (RFC 8484 §4.1) for the private zone: the message stands in `dns`, in base64url. */
export const getDnsAnswer = endpoint({
  id: 'getDnsAnswer',
  method: 'GET',
  path: '/dns',
  access: 'none',
  rateLimited: true,
  query: object({ dns: optional(string()) }),
});
