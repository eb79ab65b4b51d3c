import { boolean, integer, object, optional } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Download content from the content repository overriding the file name. */
export const getContentOverrideName = endpoint({
  id: 'getContentOverrideName',
  method: 'GET',
  path: '/_matrix/media/v3/download/{serverName}/{mediaId}/{fileName}',
  access: 'none',
  rateLimited: true,
  query: object({
    allow_remote: optional(boolean()),
    timeout_ms: optional(integer()),
    allow_redirect: optional(boolean()),
  }),
});
