import { getContentOverrideName } from '../../matrix/api/client-server/getContentOverrideName.ts';
import { downloadAnswer } from './download-answer.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from '../client-api/client-route.ts';

export function getContentOverrideNameRoute({ media }: Services): ClientRoute {
  return clientRoute(
    getContentOverrideName,
    async ({ path, query }) =>
      downloadAnswer(
        await media.download(path['serverName'] ?? '', path['mediaId'] ?? '', {
          timeoutMs: query.timeout_ms,
          fileName: path['fileName'],
        }),
      ),
    { limit: 'read' },
  );
}
