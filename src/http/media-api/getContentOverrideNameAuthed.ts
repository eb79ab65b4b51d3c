import { getContentOverrideNameAuthed } from '../../matrix/api/client-server/getContentOverrideNameAuthed.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from '../client-api/client-route.ts';
import { contentAnswer } from './download-answer.ts';

export function getContentOverrideNameAuthedRoute({ media }: Services): ClientRoute {
  return clientRoute(
    getContentOverrideNameAuthed,
    async ({ caller, path, query }) => await contentAnswer(media, caller.user, path, query),
    {
      limit: 'read',
    },
  );
}
