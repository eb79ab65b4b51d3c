import { object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Query for profile information about a given user. */
export const queryProfile = endpoint({
  id: 'queryProfile',
  method: 'GET',
  path: '/_matrix/federation/v1/query/profile',
  access: 'server',
  rateLimited: false,
  query: object({ user_id: string(), field: optional(string()) }),
  response: object({ displayname: optional(string()), avatar_url: optional(string()), 'm.tz': optional(string()) }),
});
