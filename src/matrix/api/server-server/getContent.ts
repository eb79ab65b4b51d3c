import { integer, object, optional } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Download content from the content repository. */
export const getContent = endpoint({
  id: 'getContent',
  method: 'GET',
  path: '/_matrix/federation/v1/media/download/{mediaId}',
  access: 'server',
  rateLimited: true,
  query: object({ timeout_ms: optional(integer()) }),
});
