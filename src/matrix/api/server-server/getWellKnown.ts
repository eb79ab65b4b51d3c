import { object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Gets information about the delegated server for server-server communication. */
export const getWellKnown = endpoint({
  id: 'getWellKnown',
  method: 'GET',
  path: '/.well-known/matrix/server',
  access: 'none',
  rateLimited: false,
  response: object({ 'm.server': optional(string()) }),
});
