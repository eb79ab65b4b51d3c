import { getContentThumbnail } from '../../matrix/api/client-server/getContentThumbnail.ts';
import { downloadAnswer } from './download-answer.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from '../client-api/client-route.ts';

export function getContentThumbnailRoute({ media }: Services): ClientRoute {
  return clientRoute(
    getContentThumbnail,
    async ({ path, query }) =>
      downloadAnswer(
        await media.thumbnail(path['serverName'] ?? '', path['mediaId'] ?? '', {
          width: query.width,
          height: query.height,
          method: query.method ?? 'scale',
          animated: query.animated === true,
          timeoutMs: query.timeout_ms,
        }),
      ),
    { limit: 'media' },
  );
}
