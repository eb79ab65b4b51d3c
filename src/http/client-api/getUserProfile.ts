import { getUserProfile } from '../../matrix/api/client-server/getUserProfile.ts';
import { requireProfile } from './profile-answer.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireUserId } from './client-route.ts';

export function getUserProfileRoute(services: Services): ClientRoute {
  return clientRoute(
    getUserProfile,
    async ({ path }) => Object.fromEntries(await requireProfile(services, requireUserId(path['userId']))),
    { limit: 'read' },
  );
}
