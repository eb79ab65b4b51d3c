import { integer, object, optional } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get the configuration for the content repository. */
export const getConfig = endpoint({
  id: 'getConfig',
  method: 'GET',
  path: '/_matrix/media/v3/config',
  access: 'required',
  rateLimited: true,
  response: object({ 'm.upload.size': optional(integer()) }),
});
