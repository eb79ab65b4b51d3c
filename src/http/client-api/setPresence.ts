import { setPresence } from '../../matrix/api/client-server/setPresence.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireSelf } from './client-route.ts';

export function setPresenceRoute({ presence }: Services): ClientRoute {
  return clientRoute(
    setPresence,
    async ({ caller, path, body }) => {
      presence.set(requireSelf(caller, path), body.presence, body.status_msg);
      return {};
    },
    { limit: 'write' },
  );
}
