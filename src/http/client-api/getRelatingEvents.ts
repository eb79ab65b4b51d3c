import { getRelatingEvents } from '../../matrix/api/client-server/getRelatingEvents.ts';
import type { Services } from '../../server/services.ts';
import { relationsAnswer } from './relations-answer.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function getRelatingEventsRoute({ surroundings }: Services): ClientRoute {
  return clientRoute(getRelatingEvents, async (call) => relationsAnswer(surroundings, call), { limit: 'read' });
}
