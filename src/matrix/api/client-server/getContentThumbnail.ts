import { boolean, integer, object, oneOf, optional } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Download a thumbnail of content from the content repository. */
export const getContentThumbnail = endpoint({
  id: 'getContentThumbnail',
  method: 'GET',
  path: '/_matrix/media/v3/thumbnail/{serverName}/{mediaId}',
  access: 'none',
  rateLimited: true,
  query: object({
    width: integer(),
    height: integer(),
    method: optional(oneOf(['crop', 'scale'])),
    allow_remote: optional(boolean()),
    timeout_ms: optional(integer()),
    allow_redirect: optional(boolean()),
    animated: optional(boolean()),
  }),
});
