import { getRelatingEventsWithRelType } from '../../matrix/api/client-server/getRelatingEventsWithRelType.ts';
import type { Services } from '../../server/services.ts';
import { relationsAnswer } from './relations-answer.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function getRelatingEventsWithRelTypeRoute({ surroundings }: Services): ClientRoute {
  return clientRoute(getRelatingEventsWithRelType, async (call) => relationsAnswer(surroundings, call), {
    limit: 'read',
  });
}
