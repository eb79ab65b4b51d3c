import { object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Upload some content to the content repository. */
export const uploadContent = endpoint({
  id: 'uploadContent',
  method: 'POST',
  path: '/_matrix/media/v3/upload',
  access: 'required',
  rateLimited: true,
  query: object({ filename: optional(string()) }),
  response: object({ content_uri: string() }),
});
