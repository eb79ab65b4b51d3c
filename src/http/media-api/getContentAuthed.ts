import { getContentAuthed } from '../../matrix/api/client-server/getContentAuthed.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from '../client-api/client-route.ts';
import { contentAnswer } from './download-answer.ts';

export function getContentAuthedRoute({ media }: Services): ClientRoute {
  return clientRoute(
    getContentAuthed,
    async ({ caller, path, query }) => await contentAnswer(media, caller.user, path, query),
    {
      limit: 'read',
    },
  );
}
