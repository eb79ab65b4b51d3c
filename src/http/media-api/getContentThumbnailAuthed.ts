import { getContentThumbnailAuthed } from '../../matrix/api/client-server/getContentThumbnailAuthed.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from '../client-api/client-route.ts';
import { thumbnailAnswer } from './download-answer.ts';

export function getContentThumbnailAuthedRoute({ media }: Services): ClientRoute {
  return clientRoute(
    getContentThumbnailAuthed,
    async ({ caller, path, query }) => await thumbnailAnswer(media, caller.user, path, query),
    {
      limit: 'media',
    },
  );
}
