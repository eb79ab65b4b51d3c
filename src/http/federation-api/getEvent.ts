import { getEvent } from '../../matrix/api/server-server/getEvent.ts';
import type { Services } from '../../server/services.ts';
import { JsonText } from '../kit/answer.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';
import { requireEventId } from './path-ids.ts';

export function getEventRoute({ federation }: Services): FederationRoute {
  return federationRoute(getEvent, async ({ caller, path }) => {
    return new JsonText(await federation.reads.getEvent(requireEventId(path['eventId']), caller));
  });
}
