import { endpoint } from '../declare.ts';

/** DNS over HTTPS (RFC 8484 §4.1) for the private zone: the message is the body. */
export const postDnsAnswer = endpoint({
  id: 'postDnsAnswer',
  method: 'POST',
  path: '/dns',
  access: 'none',
  rateLimited: true,
});
