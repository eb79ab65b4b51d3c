import { array, boolean, integer, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Searches the user directory. */
export const searchUserDirectory = endpoint({
  id: 'searchUserDirectory',
  method: 'POST',
  path: '/_matrix/client/v3/user_directory/search',
  access: 'required',
  rateLimited: true,
  body: object({ search_term: string(), limit: optional(integer()) }),
  response: object({
    results: array(object({ user_id: string(), display_name: optional(string()), avatar_url: optional(string()) })),
    limited: boolean(),
  }),
});
