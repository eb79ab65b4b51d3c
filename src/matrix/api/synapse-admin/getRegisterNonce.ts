import { object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** A nonce for shared-secret registration. Not of the specification: tools, bots and test suites speak it. */
export const getRegisterNonce = endpoint({
  id: 'getRegisterNonce',
  method: 'GET',
  path: '/_synapse/admin/v1/register',
  access: 'none',
  rateLimited: false,
  response: object({ nonce: string() }),
});
