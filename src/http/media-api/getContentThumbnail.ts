import { getContentThumbnail } from '../../matrix/api/client-server/getContentThumbnail.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from '../client-api/client-route.ts';
import { thumbnailAnswer } from './download-answer.ts';

export function getContentThumbnailRoute({ media }: Services): ClientRoute {
  return clientRoute(
    getContentThumbnail,
    async ({ path, query }) => await thumbnailAnswer(media, undefined, path, query),
    {
      limit: 'media',
    },
  );
}
