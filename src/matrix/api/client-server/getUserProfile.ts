import { object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get all profile information for a user. */
export const getUserProfile = endpoint({
  id: 'getUserProfile',
  method: 'GET',
  path: '/_matrix/client/v3/profile/{userId}',
  access: 'none',
  rateLimited: false,
  response: object({ avatar_url: optional(string()), displayname: optional(string()), 'm.tz': optional(string()) }),
});
