import { anything, boolean, integer, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/**
 * A command of the owner. Ours, and served only on the socket in the data folder: whoever can open that can read the
 * database too.
 */
export const runAdminCommand = endpoint({
  id: 'runAdminCommand',
  method: 'POST',
  path: '/_postern/admin/v1/command',
  access: 'none',
  rateLimited: false,
  body: object({
    name: string(),
    user: optional(string()),
    password: optional(string()),
    admin: optional(boolean()),
    after: optional(string()),
    uses: optional(integer()),
    days: optional(integer()),
    room: optional(string()),
    by: optional(string()),
    token: optional(string()),
  }),
  response: object({ result: anything() }),
});
