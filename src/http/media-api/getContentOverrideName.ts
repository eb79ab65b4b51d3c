import { getContentOverrideName } from '../../matrix/api/client-server/getContentOverrideName.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from '../client-api/client-route.ts';
import { contentAnswer } from './download-answer.ts';

export function getContentOverrideNameRoute({ media }: Services): ClientRoute {
  return clientRoute(
    getContentOverrideName,
    async ({ path, query }) => await contentAnswer(media, undefined, path, query),
    {
      limit: 'read',
    },
  );
}
