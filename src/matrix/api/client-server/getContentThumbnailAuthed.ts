import { boolean, integer, object, oneOf, optional } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Download a thumbnail of content from the content repository. */
export const getContentThumbnailAuthed = endpoint({
  id: 'getContentThumbnailAuthed',
  method: 'GET',
  path: '/_matrix/client/v1/media/thumbnail/{serverName}/{mediaId}',
  access: 'required',
  rateLimited: true,
  query: object({
    width: integer(),
    height: integer(),
    method: optional(oneOf(['crop', 'scale'])),
    timeout_ms: optional(integer()),
    animated: optional(boolean()),
  }),
});
