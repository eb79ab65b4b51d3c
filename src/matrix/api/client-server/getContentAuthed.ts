import { integer, object, optional } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Download content from the content repository. */
export const getContentAuthed = endpoint({
  id: 'getContentAuthed',
  method: 'GET',
  path: '/_matrix/client/v1/media/download/{serverName}/{mediaId}',
  access: 'required',
  rateLimited: true,
  query: object({ timeout_ms: optional(integer()) }),
});
