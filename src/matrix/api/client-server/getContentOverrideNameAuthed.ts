import { integer, object, optional } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Download content from the content repository overriding the file name. */
export const getContentOverrideNameAuthed = endpoint({
  id: 'getContentOverrideNameAuthed',
  method: 'GET',
  path: '/_matrix/client/v1/media/download/{serverName}/{mediaId}/{fileName}',
  access: 'required',
  rateLimited: true,
  query: object({ timeout_ms: optional(integer()) }),
});
