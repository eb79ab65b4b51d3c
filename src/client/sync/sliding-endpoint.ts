import { anyObject, object, string } from '../../matrix/schema.ts';
import { endpoint } from '../../matrix/api/declare.ts';

/** Simplified sliding sync, as the client asks for it. */
export const slidingSync = endpoint({
  id: 'slidingSync',
  method: 'POST',
  path: '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync',
  access: 'required',
  rateLimited: true,
  body: anyObject(),
  response: object({ pos: string() }),
  msc: 4186,
});
