import { integer, object, optional } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get the configuration for the content repository. */
export const getConfigAuthed = endpoint({
  id: 'getConfigAuthed',
  method: 'GET',
  path: '/_matrix/client/v1/media/config',
  access: 'required',
  rateLimited: true,
  response: object({ 'm.upload.size': optional(integer()) }),
});
