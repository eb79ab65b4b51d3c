import { getConfigAuthed } from '../../matrix/api/client-server/getConfigAuthed.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from '../client-api/client-route.ts';

export function getConfigAuthedRoute({ facts }: Services): ClientRoute {
  return clientRoute(getConfigAuthed, async () => ({ 'm.upload.size': facts.maxUploadBytes }), { limit: 'read' });
}
