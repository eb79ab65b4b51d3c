import { anyObject, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Upload content to an `mxc://` URI that was created earlier. */
export const uploadContentToMXC = endpoint({
  id: 'uploadContentToMXC',
  method: 'PUT',
  path: '/_matrix/media/v3/upload/{serverName}/{mediaId}',
  access: 'required',
  rateLimited: true,
  query: object({ filename: optional(string()) }),
  response: anyObject(),
});
