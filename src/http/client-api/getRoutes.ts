import { getRoutes } from '../../matrix/api/postern/getRoutes.ts';
import { JsonAnswer } from '../kit/answer.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function getRoutesRoute({ routes }: Services): ClientRoute {
  return clientRoute(getRoutes, async ({ caller }) => new JsonAnswer(200, await routes.manifestFor(caller)), {
    limit: 'read',
  });
}
