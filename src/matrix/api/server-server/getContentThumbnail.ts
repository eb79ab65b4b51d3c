import { boolean, integer, object, oneOf, optional } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Download a thumbnail of content from the content repository. */
export const getContentThumbnail = endpoint({
  id: 'getContentThumbnail',
  method: 'GET',
  path: '/_matrix/federation/v1/media/thumbnail/{mediaId}',
  access: 'server',
  rateLimited: true,
  query: object({
    width: integer(),
    height: integer(),
    method: optional(oneOf(['crop', 'scale'])),
    timeout_ms: optional(integer()),
    animated: optional(boolean()),
  }),
});
