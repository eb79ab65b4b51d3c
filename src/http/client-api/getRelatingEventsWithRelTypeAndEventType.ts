import { getRelatingEventsWithRelTypeAndEventType } from '../../matrix/api/client-server/getRelatingEventsWithRelTypeAndEventType.ts';
import type { Services } from '../../server/services.ts';
import { relationsAnswer } from './relations-answer.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function getRelatingEventsWithRelTypeAndEventTypeRoute({ surroundings }: Services): ClientRoute {
  return clientRoute(getRelatingEventsWithRelTypeAndEventType, async (call) => relationsAnswer(surroundings, call), {
    limit: 'read',
  });
}
