import { getContent } from '../../matrix/api/client-server/getContent.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from '../client-api/client-route.ts';
import { contentAnswer } from './download-answer.ts';

export function getContentRoute({ media }: Services): ClientRoute {
  return clientRoute(getContent, async ({ path, query }) => await contentAnswer(media, undefined, path, query), {
    limit: 'read',
  });
}
