import { getContentThumbnailAuthed } from '../../matrix/api/client-server/getContentThumbnailAuthed.ts';
import { downloadAnswer } from './download-answer.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from '../client-api/client-route.ts';

export function getContentThumbnailAuthedRoute({ media }: Services): ClientRoute {
  return clientRoute(
    getContentThumbnailAuthed,
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
