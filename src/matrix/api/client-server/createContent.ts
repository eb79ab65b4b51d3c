import { integer, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Create a new `mxc://` URI without uploading the content. */
export const createContent = endpoint({
  id: 'createContent',
  method: 'POST',
  path: '/_matrix/media/v1/create',
  access: 'required',
  rateLimited: true,
  response: object({ content_uri: string(), unused_expires_at: optional(integer()) }),
});
