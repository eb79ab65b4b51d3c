import { anyObject } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Asks the Policy Server to sign an event. */
export const askPolicyServerToSign = endpoint({
  id: 'askPolicyServerToSign',
  method: 'POST',
  path: '/_matrix/policy/v1/sign',
  access: 'server',
  rateLimited: true,
  body: anyObject(),
  response: anyObject(),
});
